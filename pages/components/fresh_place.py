"""A part of the page that begins empty when it is about something else than before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.components.growing_answer import SENDING_SECONDS

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_SENT_SECONDS: Final = 3 * SENDING_SECONDS
"""Also by a process that has much to do."""


def fresh_place(subject: str, *, key: str) -> DeltaGenerator:
    """A container whose old content is gone when ``subject`` is another than at the last run.

    Streamlit takes away what was not drawn again only when the script ends, which may be minutes later while answers
    are on their way; until then answers of one comparison would stand among those of another.
    """
    if st.session_state.get(key) == subject:
        return st.container()
    place = st.empty()
    # What follows at the same place would otherwise be sent instead of the emptiness, not after it.
    time.sleep(_SENT_SECONDS)
    fresh = place.container()
    # Only now: a click in between ends this run, throws away what was not sent, and the next run begins empty anew.
    st.session_state[key] = subject
    return fresh
