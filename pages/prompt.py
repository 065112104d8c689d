"""Prompt: ask a deployment, watch the answer arrive, carry the conversation on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_plain
from pages.components.failure import draw_failure
from pages.components.kept_failure import take_failure
from pages.components.prompt import asking
from pages.components.prompt.answer import WIDTH_PIXELS, draw_actions, draw_answer
from pages.components.prompt.deployment_bar import draw_deployment_bar
from pages.components.prompt.live_answer import draw_live
from pages.components.prompt.onwards import draw_onwards
from pages.components.prompt.scroll_to_end import scroll_to_end
from pages.components.session import Visitor, require_user

if TYPE_CHECKING:
    from core.runs.run import Run
    from core.storage.records import Conversation, RunRecord, Turn

EXAMPLES: Final = {
    "Write a tagline for an ice cream brand:": ":material/icecream:",
    "Write three taglines for a night train to Lisbon.": ":material/train:",
    "Write a slogan for a bakery that never closes.": ":material/bakery_dining:",
}


def draw_invitation(visitor: Visitor) -> None:
    """The first screen of an empty page: one click to an answer."""
    with st.container(horizontal_alignment="center", key="invitation"):
        st.space("large")
        st.subheader("What would you like to try?", text_alignment="center", anchor=False)
        with st.container(horizontal=True, horizontal_alignment="center"):
            for example, icon in EXAMPLES.items():
                st.button(example, icon=icon, on_click=asking.ask, args=(visitor, example), key=f"example-{icon}")


def draw_prompt(turn: Turn) -> None:
    """The prompt as it was sent, to the letter."""
    st.chat_message("user", avatar=":material/person:", width=WIDTH_PIXELS).markdown(as_plain(turn.prompt))


def draw_turn(visitor: Visitor, conversation: Conversation, turn: Turn, *, is_last: bool, is_answering: bool) -> None:
    """One prompt with its answer, and what can be done with it unless another answer is on its way."""
    draw_prompt(turn)
    run = choose_answer(turn)
    draw_answer(run)
    if visitor.services.emulator is not None and run.error is not None and run.error.cause.startswith("role-"):
        st.page_link("demo_directory.py", label="Demo: give the role in the Demo directory", icon=":material/groups:")
    else:
        st.empty()
    if is_answering:
        st.empty()
    else:
        draw_actions(
            run,
            is_last=is_last,
            regenerate=partial(asking.regenerate, visitor, conversation.id, turn.id),
            edit=partial(asking.begin_editing, turn.id),
            draw_onwards=partial(draw_onwards, visitor, conversation, turn, run),
        )


def draw_live_turn(visitor: Visitor, turn: Turn, live: Run) -> None:
    """One prompt with the answer that is on its way, at the places of one that is there, until it has ended."""
    draw_prompt(turn)
    st.empty()
    draw_live(live, visitor.services.live)


def choose_answer(turn: Turn) -> RunRecord:
    """The answer to show: the latest, or an earlier one that the person goes back to."""
    if len(turn.runs) == 1:
        st.empty()
        return turn.runs[0]
    numbers = range(1, len(turn.runs) + 1)
    key = f"answer-of-{turn.id}-{len(turn.runs)}"
    return turn.runs[st.radio("Answer", numbers, len(turn.runs) - 1, key=key, horizontal=True) - 1]


@st.dialog("Edit and resend", width="large", on_dismiss=partial(asking.begin_editing, None))
def draw_editor(visitor: Visitor, conversation: Conversation, turn: Turn, following: int) -> None:
    """The prompt of a turn, to change and send again."""
    key = f"edited-{turn.id}"
    st.text_area("Your prompt", turn.prompt, key=key, height=200)
    if following:
        turns = "the turn that follows" if following == 1 else f"the {following} turns that follow"
        st.caption(f":material/warning: Sending takes {turns} out of this conversation.")
    with st.container(horizontal=True):
        send = partial(asking.resend, visitor, conversation.id, turn.id, key)
        if st.button("Send", type="primary", shortcut="Ctrl+Enter", on_click=send, key="send-edited"):
            st.rerun()


visitor = require_user()
conversation, live = asking.opened(visitor)
draw_deployment_bar(visitor, conversation, is_answering=live is not None)
st.chat_input(
    "Write a tagline for an ice cream brand:" if live is None else "An answer is on its way",
    key=asking.QUESTION,
    on_submit=asking.ask,
    args=(visitor,),
    disabled=live is not None,
)
draw_failure(take_failure(), kept="Your text is kept.")
if conversation is None:
    draw_invitation(visitor)
else:
    if live is None and asking.resume(visitor, conversation):
        st.rerun()
    turns = [turn for turn in conversation.turns if not turn.superseded and turn.runs]
    for turn in turns:
        place = st.container()
        if live is not None and turn.id == live.turn_id:
            # Turns that an edited prompt took out would stay until the answer has ended.
            for _ in conversation.turns:
                st.empty()
            with place:
                draw_live_turn(visitor, turn, live)
            st.rerun()
        with place:
            draw_turn(visitor, conversation, turn, is_last=turn is turns[-1], is_answering=live is not None)
        if st.session_state.get(asking.EDITING) == turn.id:
            draw_editor(visitor, conversation, turn, len(turns) - turns.index(turn) - 1)
    if turns:
        scroll_to_end(turns[-1].runs[-1].id)
