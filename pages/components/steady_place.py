"""A place on the page for what is there only at times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def steady_place(content: object, *, horizontal: bool = False) -> DeltaGenerator:
    """A container for ``content``; where that is false, an empty place, which takes no room. Draw nothing there then.

    Streamlit tells what it draws apart by its position. What appears without such a place moves all that follows, and
    until the script ends the browser shows that at its old position, too. A container that is only left empty keeps
    what stood in it before, also until the script ends.
    """
    return st.container(horizontal=horizontal) if content else st.empty()
