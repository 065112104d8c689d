"""Who is signed in, as whom calls are made, the way out; and in demo mode, that everything is simulated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from pages.components.reader import clock_time
from pages.components.same_tab_link import same_tab_link
from pages.components.steady_place import steady_place

if TYPE_CHECKING:
    from pages.components.session import Visitor

_WARN_BEFORE: Final = timedelta(minutes=15)


def draw_account(visitor: Visitor) -> None:
    """Draw the line above every page."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="account-line"
    ):
        if visitor.services.emulator is not None:
            st.markdown(
                ":violet-badge[:material/science: Demo] Everything is simulated",
                width="content",
            )
        else:
            st.space("stretch")
        with st.popover(as_label(visitor.user.name), icon=":material/account_circle:", type="tertiary"):
            _draw_identity(visitor)
            same_tab_link("Sign out", "/auth/sign-out", key="sign-out")
    _draw_horizon(visitor)


def _draw_horizon(visitor: Visitor) -> None:
    """Warn before a sign-in runs out, so that nobody begins something long that needs them in the middle."""
    until = visitor.services.signed_in_until(visitor.session)
    is_near = until - datetime.now(UTC) < _WARN_BEFORE
    with steady_place(is_near):
        if is_near:
            st.warning(
                f"Your sign-in ends at {clock_time(until)}. Sign in again before you begin something long.",
                icon=":material/schedule:",
            )
            same_tab_link("Sign in again", "/auth/sign-in", key="sign-in-before-it-ends")


def _draw_identity(visitor: Visitor) -> None:
    st.markdown(f"**{as_label(visitor.user.name)}**  \n{as_label(visitor.user.username)}")
    if visitor.tokens.identity_kind == "user":
        st.caption("Deployments are called with your own token. No key is involved.")
    else:
        st.caption(
            f"Deployments are called by the app itself: {as_label(visitor.tokens.identity)}. No key is involved."
        )
