"""A link that stays in this tab: Streamlit's own links open another, which is wrong for signing in and out."""

from __future__ import annotations

from typing import Final

import streamlit as st

_CSS: Final = """
a { display: inline-flex; align-items: center; min-height: 2.5rem; padding: 0 0.75rem; box-sizing: border-box;
    border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
    color: var(--st-text-color); font-family: var(--st-font); font-size: var(--st-base-font-size);
    text-decoration: none; }
a:hover, a:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""

_JS: Final = """
export default function ({ data, parentElement }) {
  const link = parentElement.querySelector("a")
  link.textContent = data.label
  link.href = new URL(data.path, window.location.origin).pathname
}
"""

_link = st.components.v2.component("keyless_same_tab_link", html='<a target="_self"></a>', css=_CSS, js=_JS)


def same_tab_link(label: str, path: str, *, key: str) -> None:
    """Draw a link to ``path``, a path of this app, that replaces the page."""
    _link(data={"label": label, "path": path}, key=key, height="content")
