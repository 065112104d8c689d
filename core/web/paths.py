"""Which paths exist, and who may ask for them. What is not named here does not exist.

Decided by the decoded path alone: never by a header, and never by a pattern on the raw URL.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from core.web.files_told import FOLDERS
from core.web.streamlit_files import static_paths

PROBES: Final = frozenset({"/livez", "/readyz"})
WELCOME: Final = "/welcome"
SIGN_IN: Final = "/auth/sign-in"
CALLBACK: Final = "/auth/callback"
SIGN_OUT: Final = "/auth/sign-out"
SIGNED_OUT: Final = "/auth/signed-out"
LOCAL: Final = "/auth/local"
FULL: Final = "/full"
EMULATOR: Final = "/emulator/"
WEBSOCKET: Final = "/_stcore/stream"
HEALTH: Final = "/_stcore/health"
HOST_CONFIG: Final = "/_stcore/host-config"

STAGE: Final = "/stage/"
VOTE: Final = "/vote/"
JOIN: Final = "/join/"
SHOWN: Final = (STAGE, VOTE, JOIN)
SHOWN_FILES: Final = "/shown/"
BOARDS: Final = "/taglines"

_STATE: Final = "/state"
_OWN: Final = frozenset({WELCOME, SIGN_IN, CALLBACK, SIGN_OUT, SIGNED_OUT, LOCAL, FULL})
_NOT_PAGES: Final = frozenset(
    {"_stcore", "auth", "oauth2callback", "static", "media", "component", "emulator", "app"}
)


class Access(Enum):
    """What a path is to the gate."""

    MALFORMED = auto()
    MISSING = auto()
    PROBE = auto()
    OWN = auto()
    STATIC = auto()
    HEALTH = auto()
    HOST_CONFIG = auto()
    EMULATOR = auto()
    FILE = auto()
    PAGE = auto()


_EXACT: Final = {
    **dict.fromkeys(PROBES, Access.PROBE),
    **dict.fromkeys(_OWN, Access.OWN),
    HEALTH: Access.HEALTH,
    HOST_CONFIG: Access.HOST_CONFIG,
}


def access(path: str, *, demo: bool) -> Access:
    """What a decoded path is. The emulator exists in demo mode only."""
    if path in _EXACT:
        return _EXACT[path]
    if path in static_paths():
        return Access.STATIC
    if _is_malformed(path):
        return Access.MALFORMED
    if demo and path.startswith(EMULATOR):
        return Access.EMULATOR
    if path.startswith(FOLDERS):
        return Access.FILE
    segments = path.split("/")
    return Access.MISSING if segments[1] in _NOT_PAGES or "_stcore" in segments else Access.PAGE


def is_asked_by_itself(path: str) -> bool:
    """Whether pages ask for this path again and again without anybody doing anything."""
    return path.startswith(SHOWN) and path.endswith(_STATE)


def _is_malformed(path: str) -> bool:
    if not path.startswith("/") or "//" in path or "\\" in path or not path.isprintable():
        return True
    return any(segment in {".", ".."} for segment in path.split("/"))
