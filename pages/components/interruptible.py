"""Letting Streamlit interrupt a script that waits, without drawing anything."""

from __future__ import annotations

from typing import Final

import streamlit as st

_ANY_KEY: Final = "interruptible"


def let_be_interrupted() -> None:
    """Go no further when the person did something meanwhile, such as Stop, or has left.

    Streamlit looks for that whenever a script draws, or asks for something of the session, as here. To draw what is
    drawn already would make it look, too, but keeps the browser busy, which then puts off what is more important: a
    tab that is opened in between does not get to its buttons.
    """
    _ = _ANY_KEY in st.session_state
