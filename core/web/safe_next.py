"""Where a sign-in may lead."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/"
PAGE_PATHS: Final = frozenset({HOME, "/access", "/demo"})

_WANTED: Final = re.compile(r"(?P<path>/[a-z-]*)(\?id=[A-Za-z0-9_-]{1,64})?", re.ASCII)


def safe_next(value: str | None) -> str:
    """``value`` when it is a page of this app, with an ``id`` query at most; else the first page.

    Nothing is parsed, decoded or repaired: only the exact spelling that the app itself writes passes.
    """
    wanted = _WANTED.fullmatch(value or "")
    return wanted[0] if wanted and wanted["path"] in PAGE_PATHS else HOME
