"""Importing what pages need before anybody opens one."""

from __future__ import annotations

import importlib
from typing import Final

_NEEDED: Final = (
    "numpy",  # Streamlit takes the pictures of the tab and the logo through these two
    "PIL.PngImagePlugin",
    "streamlit.material_icon_names",
    "pages.components.account",
    "pages.components.answer",
    "pages.components.asking",
    "pages.components.compare_bar",
    "pages.components.compare_blind",
    "pages.components.compare_figures",
    "pages.components.compare_form",
    "pages.components.compare_live",
    "pages.components.compare_wording",
    "pages.components.deployment_bar",
    "pages.components.failure",
    "pages.components.growing_answer",
    "pages.components.live_answer",
    "pages.components.onwards",
    "pages.components.scroll_into_sight",
    "pages.components.session",
)


def preload() -> None:
    """Import it all; for a thread that nobody waits for.

    Only once Streamlit's runtime is there: components announce themselves to it when they are imported.
    """
    for name in _NEEDED:
        importlib.import_module(name)
