"""The app's cookies: their names, how they are read, and how they are set.

On https the names carry ``__Host-``: the browser then takes them only from this host, over https, for all paths.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import Scope

FLOW_SECONDS: Final = 600
CLEARED: Final = "cleared"

_SESSION: Final = "keyless_session"
_FLOW: Final = "keyless_flow_"
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{20,200}", re.ASCII)


def session_name(*, secure: bool) -> str:
    """The name of the session cookie."""
    return _prefix(secure=secure) + _SESSION


def flow_name(state: str, *, secure: bool) -> str:
    """The name of the cookie of one sign-in attempt: two tabs may sign in at once, so each has its own."""
    return _prefix(secure=secure) + _FLOW + hashlib.sha256(state.encode()).hexdigest()[:12]


def flow_names(scope: Scope, *, secure: bool) -> list[str]:
    """The names of all sign-in attempts this browser carries."""
    return [name for name, _ in _pairs(scope) if name.startswith(_prefix(secure=secure) + _FLOW)]


def values(scope: Scope, name: str) -> list[str]:
    """All values the request carries under ``name``, in order."""
    return [value for found, value in _pairs(scope) if found == name]


def is_well_formed(value: str) -> bool:
    """Whether a value can be one of ours; anything else is not looked up."""
    return _VALUE.fullmatch(value) is not None


def header(name: str, value: str, *, secure: bool, max_age_seconds: int | None = None) -> str:
    """A ``Set-Cookie`` value; without ``max_age_seconds`` the cookie ends with the browser."""
    age = "" if max_age_seconds is None else f"; Max-Age={max_age_seconds}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{age}"


def clearing(name: str, *, secure: bool) -> str:
    """A ``Set-Cookie`` value that takes the cookie away."""
    return header(name, CLEARED, secure=secure, max_age_seconds=0)


def without_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers whose ``Cookie`` lines no longer hold our cookies: scripts and tracebacks need not know them."""
    return [(name, _strip(value)) if name.lower() == b"cookie" else (name, value) for name, value in headers]


def _strip(line: bytes) -> bytes:
    kept = [pair for pair in line.split(b";") if not _is_ours(pair.split(b"=", 1)[0].strip())]
    return b";".join(kept).strip()


def _is_ours(name: bytes) -> bool:
    return name.removeprefix(b"__Host-").startswith((_SESSION.encode(), _FLOW.encode()))


def _prefix(*, secure: bool) -> str:
    return "__Host-" if secure else ""


def _pairs(scope: Scope) -> list[tuple[str, str]]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"cookie"]
    pairs = [pair.partition("=") for line in lines for pair in line.split(";")]
    return [(name.strip(), value.strip()) for name, _, value in pairs]
