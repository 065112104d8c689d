"""Stylesheets, scripts and the brand's logo of the pages that are shown to others: files of our own origin."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

from core.settings.brand import media_type
from core.web import html, paths

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.settings.brand import Brand

LOGO: Final = "logo"
_KINDS: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_NAMES: Final = ("page.css", "stage.css", "stage.js", "stage_live.js", "stage_type.js", "vote.css", "vote.js")
_FOREVER: Final = "private, max-age=31536000, immutable"


class ShownFiles:
    """``/shown/{version}/{name}``: the version changes with the content of any, so scripts find each other in it."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._logo = brand.picture()
        content = b"\0".join([*(_content(name) for name in _NAMES), self._logo])
        self._version = hashlib.sha256(content).hexdigest()[:12]

    async def serve(self, request: Request) -> Response:
        """One file."""
        name = request.path_params["name"]
        if name == LOGO and self._logo:
            content, kind = self._logo, media_type(self._logo)
        elif name in _NAMES:
            content, kind = _content(name), _KINDS[Path(name).suffix]
        else:
            return PlainTextResponse("Not Found", 404)
        # A replica of another version may be asked while they are being replaced.
        is_that = request.path_params["version"] == self._version
        return Response(content, headers={"Content-Type": kind, "Cache-Control": _FOREVER if is_that else "no-store"})

    def head(self, *names: str) -> str:
        """The elements by which a page loads stylesheets and scripts."""
        return "".join(
            f'<link rel="stylesheet" href="{self._address(name)}">'
            if name.endswith(".css")
            else f'<script src="{self._address(name)}" type="module"></script>'
            for name in names
        )

    def brand(self) -> str:
        """Logo and name, or nothing."""
        name = f"<span>{escape(self._brand.name)}</span>" if self._brand.name else ""
        if not self._logo:
            return name
        # Beside its name the picture says nothing new.
        spoken = "" if name else "Logo"
        return f'<img class="mark" src="{self._address(LOGO)}" alt="{spoken}">{name}'

    def _address(self, name: str) -> str:
        return f"{paths.SHOWN_FILES}{self._version}/{name}"


@cache
def _content(name: str) -> bytes:
    if name.endswith(".css"):
        return html.style(name).encode()
    return Path(__file__).with_name(name).read_bytes()
