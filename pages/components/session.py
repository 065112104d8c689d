"""The one seam between pages and core: who is here, and what they can ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.services import current
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.services import Services
    from core.storage.sessions import SessionRecord

CALL_AS: Final = "call-as"
"""Where the page keeps whose token is to be used."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person on this page, with everything the app can do for them."""

    user: User
    session: SessionRecord
    services: Services

    @property
    def identities(self) -> list[TokenSource]:
        """Whose tokens they may choose from, the usual one first."""
        return self.services.identities_for(self.session)

    @property
    def usual_tokens(self) -> TokenSource:
        """Whose token their calls carry as long as they choose nothing else: their own, where people have one."""
        return self.services.tokens_for(self.session)

    @property
    def tokens(self) -> TokenSource:
        """Whose token their calls carry: what they chose, where there is a choice."""
        identities = self.identities
        chosen = st.session_state.get(CALL_AS)
        return next((source for source in identities if source.identity_kind == chosen), identities[0])

    @property
    def to_begin_with(self) -> list[str]:
        """Ids of the deployments that are chosen for them where they chose none."""
        return [deployment.id for deployment in self.services.deployments_to_begin_with(self.tokens)]


def require_user() -> Visitor:
    """The person whose session this page belongs to; without one, nothing of the page is drawn.

    Asked on every run of the script, because ``st.user`` is a snapshot of when the tab connected.
    """
    services = current()
    session_id = st.user.get("session_id")
    session = services.sessions.by_id(str(session_id)) if session_id else None
    if session is None:
        st.info("Sign in to go on.", title="You are signed out", icon=":material/lock:")
        same_tab_link("Sign in", "/auth/sign-in", key="sign-in-again")
        st.stop()
    return Visitor(user=services.user_of(session), session=session, services=services)
