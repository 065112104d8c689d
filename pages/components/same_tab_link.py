"""A link that stays in this tab: Streamlit's own links open another, which is wrong for signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

if TYPE_CHECKING:
    from typing import Literal

_CSS: Final = """
a { display: inline-flex; align-items: center; gap: 0.5rem; min-height: 2.5rem; padding: 0 0.75rem;
    box-sizing: border-box; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
    color: var(--st-text-color); font-family: var(--st-font); font-size: calc(0.875 * var(--st-base-font-size));
    text-decoration: none; }
.icon { font-family: "Material Symbols Rounded"; font-size: 1.25em; font-feature-settings: "liga"; }
.icon:empty { display: none; }
a:hover, a:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""

_JS: Final = """
export default function ({ data, parentElement }) {
  const link = parentElement.querySelector("a")
  link.querySelector(".icon").textContent = data.icon
  link.querySelector(".label").textContent = data.label
  const there = new URL(data.path, window.location.origin)
  link.href = there.pathname + there.search
}
"""

_HTML: Final = '<a target="_self"><span class="icon" aria-hidden="true"></span><span class="label"></span></a>'

_link = st.components.v2.component("keyless_same_tab_link", html=_HTML, css=_CSS, js=_JS)


def same_tab_link(
    label: str, path: str, *, key: str, icon: str = "", width: Literal["stretch", "content"] = "stretch"
) -> None:
    """Draw a link to ``path``, a path of this app, that replaces the page; ``icon`` is a name of Material Symbols."""
    # Streamlit refuses a component's key with two underscores in a row, which ids made at random may have.
    _link(data={"label": label, "path": path, "icon": icon}, key=key.replace("_", "."), width=width, height="content")
