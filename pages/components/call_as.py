"""As me, or as the app: offered where both identities are configured and the person may choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.components.session import CALL_AS

if TYPE_CHECKING:
    from pages.components.session import Visitor

_WORDS: Final = {"user": "me", "app": "the app"}


def draw_call_as(visitor: Visitor) -> None:
    """Draw the choice, if there is one; every answer says which it was."""
    kinds = [source.identity_kind for source in visitor.identities]
    if len(kinds) > 1:
        st.session_state.setdefault(CALL_AS, kinds[0])
        st.radio(
            "Call as",
            kinds,
            format_func=_WORDS.__getitem__,
            horizontal=True,
            key=CALL_AS,
            persist_state="session",
            help="Your own token, or the app's own identity. Every answer says which it was.",
        )
