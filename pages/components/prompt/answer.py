"""A finished answer with its facts, its failure, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.errors import SignInAgain
from core.markdown import as_label, neutralise
from core.storage.records import RunRecord, RunState
from pages.components.copy_button import copy_button
from pages.components.failure import draw_failure, draw_wait
from pages.components.prompt.facts import draw_facts
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH_PIXELS: Final = 880
"""Of prompts and answers: about a hundred letters a line, which the eye can follow."""

_MARKS: Final = {
    RunState.CANCELLED: ":orange-badge[:material/stop_circle: Stopped]",
    RunState.INTERRUPTED: ":orange-badge[:material/warning: Incomplete]",
    RunState.FILTERED: ":orange-badge[:material/filter_alt: Filtered]",
}


def draw_answer(run: RunRecord) -> None:
    """Draw the answer of ``run`` as it was stored."""
    with st.chat_message("assistant", avatar=":material/auto_awesome:", width=WIDTH_PIXELS):
        # The same three places as while it grew, so that nothing of the growing answer is left among them.
        if run.text:
            st.markdown(neutralise(run.text))
        else:
            st.empty()
        if run.state in _MARKS:
            st.markdown(_MARKS[run.state])
        else:
            st.empty()
        with st.container():
            _draw_below(run)


def _draw_below(run: RunRecord) -> None:
    if run.error is not None:
        draw_failure(run.error, kept="Your prompt is kept.")
        draw_wait(run.error)
        st.page_link("access.py", label="See what you can use: My access", icon=":material/verified_user:")
    for notice in run.notices:
        st.caption(f":material/info: {as_label(notice)}")
    draw_facts(run)


def draw_actions(
    run: RunRecord,
    *,
    is_last: bool,
    regenerate: Callable[[], None],
    edit: Callable[[], None],
    draw_onwards: Callable[[], None],
) -> None:
    """Draw what can be done with an answer; regenerating is offered for the last one."""
    with st.container(horizontal=True, gap="small", key=f"actions-{run.id}"):
        if run.text:
            copy_button(run.text, key=f"copy-{run.id}")
        if is_last:
            if run.error is not None and run.error.kind == SignInAgain.__name__:
                same_tab_link(
                    "Sign in again", f"/auth/sign-in?next=/?id={run.conversation_id}", key=f"renew-{run.id}"
                )
            label = "Regenerate" if run.state is RunState.COMPLETE else "Try again"
            st.button(
                label, icon=":material/refresh:", type="tertiary", on_click=regenerate, key=f"regenerate-{run.id}"
            )
        st.button("Edit and resend", icon=":material/edit:", type="tertiary", on_click=edit, key=f"edit-{run.id}")
        draw_onwards()
