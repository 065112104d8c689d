"""Importing what pages need before anybody opens one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

_COMPONENTS: Final = "pages.components"
_NEEDED: Final = (
    "numpy",  # Streamlit takes the pictures of the tab and the logo through these two
    "PIL.PngImagePlugin",
    "streamlit.material_icon_names",
)


def preload() -> None:
    """Import it all, every component among it; for a thread that nobody waits for.

    Only once Streamlit's runtime is there: components announce themselves to it when they are imported.
    """
    components = importlib.import_module(_COMPONENTS).__path__
    for name in (*_NEEDED, *(found.name for found in pkgutil.walk_packages(components, f"{_COMPONENTS}."))):
        importlib.import_module(name)
