"""From an answer to other pages: its prompt compared, its call as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.deployments.parameters import Call, Message, Parameters
from core.errors import NotFound
from core.runs.messages import messages_of
from pages.components.call_as_code import draw_code
from pages.components.compare import asking as compare_asking

if TYPE_CHECKING:
    from core.storage.records import Conversation, RunRecord, Turn
    from pages.components.session import Visitor


def draw_onwards(visitor: Visitor, conversation: Conversation, turn: Turn, run: RunRecord) -> None:
    """Draw the buttons that lead on from ``run``, an answer of ``turn``."""
    try:
        deployment = visitor.services.catalogue.find(run.deployment_id)
    except NotFound:
        return
    if st.button("Compare this prompt", icon=":material/compare:", type="tertiary", key=f"compare-{run.id}"):
        compare_asking.prefill(visitor, turn.prompt, run.system, run.parameters, run.deployment_id)
        st.switch_page("compare.py")
    earlier = messages_of(conversation.turns[: conversation.turns.index(turn)])
    messages = (*earlier, Message("user", turn.prompt))
    draw_code(visitor, Call(deployment, run.system, messages, Parameters(**run.parameters)), key=f"code-{run.id}")
