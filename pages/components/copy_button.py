"""A button that copies text, which Streamlit 1.67 has only inside code blocks."""

from __future__ import annotations

from typing import Final

import streamlit as st

_HTML: Final = """
<button type="button">
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path d="M9 18a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2Zm0-2h9V4H9Z
      m-4 6a2 2 0 0 1-2-2V6h2v14h11v2Z"/>
  </svg>
  <span></span>
</button>
<div role="status"></div>
"""

# As Streamlit draws its tertiary buttons.
_CSS: Final = """
button { display: inline-flex; align-items: center; justify-content: center; gap: 0.5em; min-height: 2.5rem;
    margin: 0; padding: 0; border: none; border-radius: var(--st-button-radius); background: none; cursor: pointer;
    color: var(--st-text-color); font-family: var(--st-font); font-size: var(--st-base-font-size);
    font-weight: var(--st-base-font-weight); line-height: 1.6; white-space: nowrap; user-select: none; }
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
svg { width: 1em; height: 1em; fill: currentColor; }
span { font-size: 0.875em; }
[role="status"] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""

# The text stays data: it is read when it is copied and never becomes part of the page.
_JS: Final = """
const SHOWN_MILLISECONDS = 2000

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Without https, or without leave, only the older way is left.
    const field = document.createElement("textarea")
    field.value = text
    field.style.cssText = "position: fixed; opacity: 0"
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  const label = button.querySelector("span")
  const status = parentElement.querySelector("[role=status]")
  if (!button.isSaying) label.textContent = data.label
  button.onclick = async () => {
    const saying = (await copied(data.text)) ? "Copied" : "Not copied"
    button.focus()
    label.textContent = status.textContent = saying
    clearTimeout(button.isSaying)
    button.isSaying = setTimeout(() => {
      button.isSaying = 0
      label.textContent = data.label
      status.textContent = ""
    }, SHOWN_MILLISECONDS)
  }
}
"""

_button = st.components.v2.component("keyless_copy_button", html=_HTML, css=_CSS, js=_JS)


def copy_button(text: str, *, key: str, label: str = "Copy") -> None:
    """Draw a button that puts ``text`` on the clipboard, byte for byte, and says so for two seconds."""
    # Streamlit refuses a component's key with two underscores in a row, which ids made at random may have.
    _button(data={"text": text, "label": label}, key=key.replace("_", "."), width="content", height="content")
