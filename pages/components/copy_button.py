"""A button that copies text, which Streamlit 1.67 has only inside code blocks."""

from __future__ import annotations

import streamlit as st


def copy_button(text: str, *, key: str, label: str = "Copy") -> None:
    """Draw a button that puts ``text`` on the clipboard."""
    st.button(label, key=key, type="tertiary", icon=":material/content_copy:", help=text[:1])
