"""Who is signed in, as whom calls are made, the way out; and in demo mode, that everything is simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.markdown import as_label
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from pages.components.session import Visitor


def draw_account(visitor: Visitor) -> None:
    """Draw the line above every page."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="account-line"
    ):
        if visitor.services.emulator is not None:
            st.markdown(
                ":violet-badge[:material/science: Demo] Entra and models are simulated",
                width="content",
            )
        else:
            st.space("stretch")
        with st.popover(as_label(visitor.user.name), icon=":material/account_circle:", type="tertiary"):
            _draw_identity(visitor)
            same_tab_link("Sign out", "/auth/sign-out", key="sign-out")


def _draw_identity(visitor: Visitor) -> None:
    st.markdown(f"**{as_label(visitor.user.name)}**  \n{as_label(visitor.user.username)}")
    if visitor.tokens.identity_kind == "user":
        st.caption("Deployments are called with your own token. No key is involved.")
    else:
        st.caption(
            f"Deployments are called by the app itself: {as_label(visitor.tokens.identity)}. No key is involved."
        )
