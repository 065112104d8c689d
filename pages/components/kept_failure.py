"""What went wrong with a click, kept for the page that is drawn after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.errors import KeylessError

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILURE: Final = "failure"


def attempt(work: Callable[[], object]) -> None:
    """Do it; a failure is kept for the page."""
    try:
        work()
    except KeylessError as failure:
        keep_failure(failure)


def keep_failure(failure: KeylessError) -> None:
    """Keep ``failure`` until it is drawn."""
    st.session_state[_FAILURE] = failure


def take_failure() -> KeylessError | None:
    """What went wrong, once."""
    failure: KeylessError | None = st.session_state.pop(_FAILURE, None)
    return failure
