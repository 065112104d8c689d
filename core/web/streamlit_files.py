"""The files of Streamlit's frontend: what may be asked for without a session, and what its page holds inline.

Found without importing Streamlit.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Final

_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FONT: Final = re.compile(r'href="\./(static/media/SourceSansVF-Upright[^"]+\.woff2)"')


def folder() -> Path:
    """Where the installed frontend lies.

    Raises:
        RuntimeError: Streamlit is not installed.
    """
    found = importlib.util.find_spec("streamlit")
    if found is None or found.origin is None:
        raise RuntimeError("Streamlit is not installed.")
    return Path(found.origin).parent / "static"


@cache
def index() -> str:
    """The page that Streamlit sends for every address."""
    return (folder() / "index.html").read_text(encoding="utf-8")


@cache
def static_paths() -> frozenset[str]:
    """The addresses of scripts, styles, fonts and pictures; the page itself is not among them."""
    root = folder()
    files = (file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())
    return frozenset(f"/{file}" for file in files if not file.endswith(".html"))


@cache
def inline_script_hashes() -> tuple[str, ...]:
    """The ``sha256-…`` sources of the scripts that stand inside the page."""
    scripts = _INLINE_SCRIPT.findall(index())
    return tuple(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)


@cache
def text_font_path() -> str:
    """The address of the font that pages are set in, or "" when the frontend has another one."""
    found = _FONT.search(index())
    return f"/{found[1]}" if found else ""
