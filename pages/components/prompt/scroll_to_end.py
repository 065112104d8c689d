"""Scrolls to the end of the page: a new answer begins below what the person was reading."""

from __future__ import annotations

from typing import Final

import streamlit as st

_JS: Final = """
const seen = new Set()
export default function ({ data, parentElement }) {
  if (seen.has(data.occasion)) return
  seen.add(data.occasion)
  const scrolls = (it) => it.scrollHeight > it.clientHeight && getComputedStyle(it).overflowY === "auto"
  let scroller = parentElement.host ?? parentElement
  while (scroller && !scrolls(scroller)) scroller = scroller.parentElement
  // At the very end, the page stays there by itself while the answer grows, until the person scrolls up.
  if (scroller) scroller.scrollTop = scroller.scrollHeight
}
"""

_scroll = st.components.v2.component("keyless_scroll_to_end", html="<span></span>", js=_JS)


def scroll_to_end(occasion: str) -> None:
    """Scroll to the end of the page, once for each ``occasion``."""
    # A mapping: Streamlit imports pandas, for half a second, to see whether anything else is a table.
    _scroll(data={"occasion": occasion}, key="scroll-to-end", height=1)
