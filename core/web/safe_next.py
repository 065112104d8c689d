"""Where a sign-in may lead."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/"
PAGE_PATHS: Final = frozenset({HOME, "/access", "/compare", "/demo", "/taglines"})

SHOWN_PATHS: Final = ("stage", "vote", "join")
"""First parts of the addresses by which boards are shown to others; an id follows."""

_SHOWN: Final = re.compile(rf"/(?:{'|'.join(SHOWN_PATHS)})/[A-Za-z0-9_-]{{1,64}}", re.ASCII)
_WANTED: Final = re.compile(r"(?P<path>/[a-z-]*)(\?id=[A-Za-z0-9_-]{1,64})?", re.ASCII)


def safe_next(value: str | None) -> str:
    """``value`` when it is a page of this app, with an ``id`` at most; else the first page.

    Nothing is parsed, decoded or repaired: only the exact spelling that the app itself writes passes.
    """
    if _SHOWN.fullmatch(value or ""):
        return value or HOME
    wanted = _WANTED.fullmatch(value or "")
    return wanted[0] if wanted and wanted["path"] in PAGE_PATHS else HOME
