"""A row of quiet icons to click on, each with a name, which Streamlit 1.67 gives a button only by words beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CSS: Final = """
.icons { display: flex; align-items: center; gap: 0.25rem; margin: 0 -0.5rem; }
button { display: inline-flex; align-items: center; justify-content: center; width: 2.25rem; height: 2.25rem;
    margin: 0; padding: 0; border: none; border-radius: var(--st-button-radius); background: none; cursor: pointer;
    color: color-mix(in srgb, var(--st-text-color) 70%, transparent); user-select: none;
    font: normal 1.2rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; }
button.end { margin-inline-start: auto; }
button:hover:enabled { color: var(--st-primary-color); background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
button:disabled { opacity: 0.4; cursor: default; }
"""

# Buttons stay what they are when the page is drawn anew, so that the one just pressed keeps the focus.
_JS: Final = """
export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".icons")
  while (row.children.length > data.length) row.lastChild.remove()
  data.forEach((each, place) => {
    const button = row.children[place] ?? row.appendChild(document.createElement("button"))
    button.type = "button"
    button.translate = false
    button.textContent = each.icon
    button.title = each.name
    button.ariaLabel = each.name
    button.disabled = each.disabled
    button.className = each.end ? "end" : ""
    button.onclick = () => setTriggerValue("clicked", each.name)
  })
}
"""

_row = st.components.v2.component("keyless_icon_buttons", html='<div class="icons"></div>', css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class IconButton:
    """One of them: ``icon`` is the name of a Material symbol; ``end`` puts it and those after it at the right end."""

    name: str
    icon: str
    do: Callable[[], None]
    disabled: bool = False
    end: bool = False


def icon_buttons(buttons: Sequence[IconButton], *, key: str) -> None:
    """Draw the row; a click does what its button says, before the page is drawn anew."""
    # Streamlit refuses a component's key with two underscores in a row, which ids made at random may have.
    key = key.replace("_", ".")

    def clicked() -> None:
        name = st.session_state[key].get("clicked")
        # What is sent may be old, or made up: only what can be clicked is done.
        next((each.do for each in buttons if each.name == name and not each.disabled), _nothing)()

    data = [{"name": each.name, "icon": each.icon, "disabled": each.disabled, "end": each.end} for each in buttons]
    _row(data=data, key=key, on_clicked_change=clicked, width="stretch", height="content")


def _nothing() -> None:
    """For a click on what is not there any more."""
