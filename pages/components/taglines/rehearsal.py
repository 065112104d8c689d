"""A look ahead before a demo: what would go wrong with it, and what to do about that now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label, as_plain
from pages.components.failure import draw_failure
from pages.components.kept_failure import attempt, take_failure
from pages.components.reader import date_and_time
from pages.components.taglines import asking

if TYPE_CHECKING:
    from core.taglines.board import Board
    from core.taglines.rehearsal import Rehearsed
    from pages.components.session import Visitor

_TRIED: Final = "taglines-tried"
_SAID: Final = {
    "bad": ":red-badge[:material/error: Would go wrong]",
    "warn": ":orange-badge[:material/warning: Look at it]",
    "ok": ":green-badge[:material/check: Fine]",
}


def draw_rehearsal(visitor: Visitor, board: Board, *, may_edit: bool) -> None:
    """Look, and open a drawer with what was found; the brief that stands on the page is kept first."""
    st.session_state.pop(_TRIED, None)
    if may_edit:
        attempt(partial(asking.keep_brief, visitor, board))
    _draw(visitor, board, may_edit=may_edit)


@st.dialog("Rehearsal", position="right")
def _draw(visitor: Visitor, board: Board, *, may_edit: bool) -> None:
    draw_failure(take_failure())
    rehearsal = visitor.services.taglines.rehearsal
    with st.spinner("Looking at everything a demo needs"):
        found = rehearsal.rehearse(visitor.user, visitor.session, visitor.tokens, board.id)
    st.caption("A demo of this board that begins now and takes an hour. Looking costs nothing.")
    for one in found:
        _draw_one(one)
    if may_edit:
        st.divider()
        st.button(
            "Really ask each deployment for one card",
            icon=":material/play_arrow:",
            help="Costs a short answer of each. The cards do not go on the board; the answers may stand in later.",
            on_click=_try,
            args=(visitor, board),
            key="taglines-trial",
        )
        for one in st.session_state.get(_TRIED, ()):
            _draw_one(one)


def _try(visitor: Visitor, board: Board) -> None:
    def ask_each() -> None:
        st.session_state[_TRIED] = visitor.services.taglines.rehearsal.trial(
            visitor.user, visitor.session.id, visitor.tokens, board.id
        )

    attempt(ask_each)


def _draw_one(one: Rehearsed) -> None:
    when = f" :gray[:small[{as_label(date_and_time(one.at))}]]" if one.at else ""
    with st.container(border=True):
        st.markdown(f"{_SAID[one.level]}{when}  \n{as_label(one.says)}")
        if one.remedy:
            st.caption(as_plain(one.remedy))
        if one.command:
            st.code(one.command, language=None, wrap_lines=True)
