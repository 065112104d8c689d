"""Prompt: ask a deployment, watch the answer arrive, carry the conversation on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import neutralise
from pages.components import asking
from pages.components.answer import draw_actions, draw_answer
from pages.components.deployment_bar import draw_deployment_bar
from pages.components.failure import draw_failure
from pages.components.live_answer import draw_live
from pages.components.session import Visitor, require_user

if TYPE_CHECKING:
    from core.storage.conversations import Conversation, RunRecord, Turn

EXAMPLES: Final = {
    "Write a tagline for an ice cream brand:": ":material/icecream:",
    "Write a polite follow-up to a customer who has not answered for two weeks.": ":material/mail:",
    "Explain in three points why passwords and keys leak.": ":material/notes:",
}


def draw_invitation(visitor: Visitor) -> None:
    """The first screen of an empty page: one click to an answer."""
    with st.container(horizontal_alignment="center", key="invitation"):
        st.space("large")
        st.subheader("What would you like to try?", text_alignment="center", anchor=False)
        with st.container(horizontal=True, horizontal_alignment="center"):
            for example, icon in EXAMPLES.items():
                st.button(example, icon=icon, on_click=asking.ask, args=(visitor, example), key=f"example-{icon}")


def draw_turn(visitor: Visitor, conversation: Conversation, turn: Turn, *, is_last: bool) -> None:
    """One prompt with its answer."""
    with st.chat_message("user", avatar=":material/person:"):
        if st.session_state.get(asking.EDITING) == turn.id:
            draw_editor(visitor, conversation, turn)
        else:
            st.markdown(neutralise(turn.prompt))
    run = choose_answer(turn)
    draw_answer(run)
    draw_actions(
        run,
        is_last=is_last,
        regenerate=partial(asking.regenerate, visitor, conversation.id, turn.id),
        edit=partial(asking.begin_editing, turn.id),
    )


def choose_answer(turn: Turn) -> RunRecord:
    """The answer to show: the latest, or an earlier one that the person goes back to."""
    if len(turn.runs) == 1:
        return turn.runs[0]
    numbers = range(1, len(turn.runs) + 1)
    key = f"answer-of-{turn.id}-{len(turn.runs)}"
    chosen = st.segmented_control("Answer", numbers, default=len(turn.runs), key=key, required=True)
    return turn.runs[int(chosen) - 1]


def draw_editor(visitor: Visitor, conversation: Conversation, turn: Turn) -> None:
    """The prompt of a turn, to change and send again."""
    key = f"edited-{turn.id}"
    st.text_area("Edit your prompt", turn.prompt, key=key, label_visibility="collapsed")
    with st.container(horizontal=True):
        send = partial(asking.resend, visitor, conversation.id, turn.id, key)
        st.button("Send", type="primary", shortcut="Ctrl+Enter", on_click=send, key="send-edited")
        st.button("Cancel", on_click=partial(asking.begin_editing, None), key="cancel-edited")


visitor = require_user()
prompting = visitor.services.prompting
identifier = st.query_params.get(asking.CONVERSATION)
# Looked up first: a run that ends in between is then in the conversation, whole.
live = prompting.running(visitor.user, identifier) if identifier else None
conversation = prompting.conversation(visitor.user, identifier) if identifier else None
draw_deployment_bar(visitor, conversation)
st.chat_input("Write a tagline for an ice cream brand:", key=asking.QUESTION, on_submit=asking.ask, args=(visitor,))
if conversation is None:
    draw_invitation(visitor)
else:
    if live is None and asking.resume(visitor, conversation):
        st.rerun()
    turns = [turn for turn in conversation.turns if not turn.superseded and turn.runs]
    for turn in turns:
        if live is not None and turn.id == live.turn_id:
            st.chat_message("user", avatar=":material/person:").markdown(neutralise(turn.prompt))
            draw_live(live, visitor.services.live)
            st.rerun()
        draw_turn(visitor, conversation, turn, is_last=turn is turns[-1])
if failure := asking.take_failure():
    draw_failure(failure, kept="Your text is kept.")
