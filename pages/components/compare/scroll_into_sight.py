"""Scrolls to what a click has begun, where that lies below what the screen shows."""

from __future__ import annotations

from typing import Final

import streamlit as st

# The bar with the pages covers the top of the page.
_JS: Final = """
const BELOW = 0.7
const seen = new Set()
export default function ({ data }) {
  if (!data.occasion || seen.has(data.occasion)) return
  seen.add(data.occasion)
  const begun = document.querySelector(`.st-key-${CSS.escape(data.key)}`)
  if (!begun || begun.getBoundingClientRect().top < BELOW * window.innerHeight) return
  begun.style.scrollMarginTop = "5rem"
  begun.scrollIntoView({ block: "start" })
}
"""

_scroll = st.components.v2.component("keyless_scroll_into_sight", html="<span></span>", js=_JS)


def scroll_into_sight(key: str, *, occasion: str) -> None:
    """Bring the container with this key to the top, once for each ``occasion``; for "" nothing moves.

    To be drawn after it, at the end of the page, where it takes no room.
    """
    _scroll(data={"occasion": occasion, "key": key}, key="scroll-into-sight", height=1)
