"""What Streamlit 1.67 writes too faintly in the dark theme, where one colour is both text and background."""

from __future__ import annotations

from typing import Literal

import streamlit as st


def emphasis() -> Literal["primary", "secondary"]:
    """The type of the page's main button when it shows a shortcut.

    On the dark theme's primary colour the shortcut has a contrast of 2.6; WCAG AA asks for 4.5.
    """
    return "secondary" if st.context.theme.type == "dark" else "primary"


def main_label(label: str, *, is_disabled: bool) -> str:
    """The label of the page's main button: where that cannot be a primary one, its words stand out."""
    return label if is_disabled or emphasis() == "primary" else f":blue[**{label}**]"


def choice(label: str) -> str:
    """A label for a choice among several: without a colour of its own it has a contrast of 4.0 when it is chosen."""
    return f":gray[{label}]"
