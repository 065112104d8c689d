"""The bar above a conversation: which deployment answers, how it is set, which conversations there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.markdown import as_label
from pages.components.call_as import draw_call_as
from pages.components.parameter_controls import draw_parameters
from pages.components.prompt import asking
from pages.components.prompt.conversation_menu import draw_conversation_menu
from pages.components.reader import date_and_time
from pages.components.standing import standing_badge

if TYPE_CHECKING:
    from core.deployments.catalogue import Deployment
    from core.storage.conversations import Conversation
    from pages.components.session import Visitor


def draw_deployment_bar(visitor: Visitor, conversation: Conversation | None, *, is_answering: bool) -> None:
    """Draw the picker, the settings, the recent conversations and the button for a new one."""
    catalogue = visitor.services.catalogue
    _seed_choices(visitor, conversation)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="deployment-bar"):
        st.selectbox(
            "Deployment",
            [deployment.id for deployment in catalogue],
            format_func=lambda identifier: catalogue.find(identifier).label,
            key=asking.DEPLOYMENT,
            label_visibility="collapsed",
            icon=":material/hub:",
            width=300,
        )
        deployment = catalogue.find(st.session_state[asking.DEPLOYMENT])
        count = asking.settings_in_force(visitor)
        with st.popover(f"Settings ({count})" if count else "Settings", icon=":material/tune:", key="settings"):
            _draw_settings(visitor, deployment)
        st.space("stretch")
        _draw_recent(visitor)
        st.button("New", icon=":material/add:", shortcut="Alt+N", on_click=asking.begin_anew, key="new-conversation")
        if conversation is not None:
            draw_conversation_menu(visitor, conversation, is_answering=is_answering)
    st.markdown(_badges(visitor, deployment))


def _seed_choices(visitor: Visitor, conversation: Conversation | None) -> None:
    """A conversation reopened by its address goes on with what it was last asked with."""
    opened = conversation.id if conversation else None
    if asking.DEPLOYMENT in st.session_state and st.session_state.get("settings-of") == opened:
        # Said again, or the choice would be forgotten with the page that showed it.
        st.session_state[asking.DEPLOYMENT] = st.session_state[asking.DEPLOYMENT]
        return
    st.session_state["settings-of"] = opened
    known = [deployment.id for deployment in visitor.services.catalogue]
    runs = [run for turn in conversation.turns for run in turn.runs] if conversation else []
    if runs:
        asking.set_as(runs[-1].system, runs[-1].parameters)
    if runs and runs[-1].deployment_id in known:
        st.session_state[asking.DEPLOYMENT] = runs[-1].deployment_id
    elif asking.DEPLOYMENT not in st.session_state:
        st.session_state[asking.DEPLOYMENT] = known[0]


def _draw_settings(visitor: Visitor, deployment: Deployment) -> None:
    draw_call_as(visitor)
    st.text_area(
        "System message",
        key=asking.key_of(asking.SYSTEM),
        placeholder="How the deployment should behave, for every turn of this conversation.",
        persist_state="session",
    )
    draw_parameters(visitor.services.controls_of(deployment), asking.key_of(asking.PARAMETER))


def _draw_recent(visitor: Visitor) -> None:
    headings = visitor.services.prompting.conversations(visitor.user)
    with st.popover("Recent", icon=":material/history:", disabled=not headings):
        for heading in headings:
            st.button(
                f"{as_label(heading.title)} :gray[{as_label(date_and_time(heading.updated_at))}]",
                type="tertiary",
                on_click=asking.open_conversation,
                args=(heading.id,),
                key=f"open-{heading.id}",
            )


def _badges(visitor: Visitor, deployment: Deployment) -> str:
    who = "you" if visitor.tokens.identity_kind == "user" else "the app"
    badges = [
        f":blue-badge[{as_label(deployment.model or deployment.name)}]",
        f":gray-badge[{as_label(deployment.endpoint.region)}]" if deployment.endpoint.region else "",
        f":green-badge[:material/lock: No key, called as {who}]",
        standing_badge(visitor.services, deployment),
    ]
    return " ".join(badge for badge in badges if badge)
