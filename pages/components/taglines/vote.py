"""The audience's vote: opened, its link and code, counted live, closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import segno
import streamlit as st
from babel.numbers import format_decimal

from core.markdown import as_label
from core.taglines.voting import QUESTION
from core.web.paths import VOTE
from pages.components.copy_button import copy_button
from pages.components.failure import draw_failure
from pages.components.kept_failure import attempt, take_failure
from pages.components.own_address import own_address
from pages.components.reader import date_and_time, reader_locale

if TYPE_CHECKING:
    from core.storage.board_records import Poll
    from core.taglines.board import Board
    from pages.components.session import Visitor

_COUNT_EVERY_SECONDS: Final = 2.0
_QUESTION: Final = "taglines-question"


@st.dialog("Audience vote", position="right")
def draw_vote(visitor: Visitor, board: Board, *, may_edit: bool) -> None:
    """Draw the latest vote on the board, and the way to another one."""
    draw_failure(take_failure())
    poll = next(iter(visitor.services.taglines.voting.of_board(visitor.user, board.id)), None)
    if poll is not None:
        _draw_poll(visitor, poll, may_edit=may_edit)
    elif not may_edit:
        st.caption("No vote was opened on this board yet.")
    if may_edit and (poll is None or not poll.is_open):
        _draw_opening(visitor, board, is_first=poll is None)


def _draw_opening(visitor: Visitor, board: Board, *, is_first: bool) -> None:
    st.caption(
        "Signed-in colleagues vote from their phones for a card of the shortlist. One vote a person, which they may "
        "change until you close it."
    )
    st.text_input("Question", QUESTION, key=_QUESTION)
    st.button(
        "Open the vote" if is_first else "Open another vote",
        type="primary",
        icon=":material/how_to_vote:",
        on_click=_open,
        args=(visitor, board),
        key="taglines-open-vote",
    )


def _draw_poll(visitor: Visitor, poll: Poll, *, may_edit: bool) -> None:
    st.markdown(f"**{as_label(poll.question)}**")
    if poll.is_open:
        address = own_address(f"{VOTE}{poll.id}")
        st.image(_code(address), width=220, alt="QR code of the address at which to vote")
        st.code(address, language=None, wrap_lines=True)
        copy_button(address, key="taglines-copy-vote", label="Copy the link")
        st.fragment(_draw_tally, run_every=_COUNT_EVERY_SECONDS)(visitor, poll.id)
        if may_edit:
            close = partial(visitor.services.taglines.voting.close, visitor.user, poll.id)
            st.button(
                "Close the vote",
                icon=":material/stop:",
                on_click=attempt,
                args=(close,),
                key="taglines-close-vote",
            )
    else:
        closed_at = date_and_time(poll.closed_at) if poll.closed_at else ""
        st.caption(f":material/check: Closed {as_label(closed_at)}")
        _draw_tally(visitor, poll.id)


def _draw_tally(visitor: Visitor, poll_id: str) -> None:
    """Each card with its votes, as they stand now."""
    poll = visitor.services.taglines.voting.poll(visitor.user, poll_id)
    locale, cast = reader_locale(), poll.votes_cast
    for choice in poll.choices:
        votes = poll.votes.get(choice.card_id, 0)
        st.progress(votes / cast if cast else 0.0, f"{as_label(choice.text)} · **{_votes(votes)}**")
    st.caption(f"{format_decimal(cast, locale=locale)} of your colleagues voted." if cast else "No vote yet.")


def _votes(count: int) -> str:
    return f"{format_decimal(count, locale=reader_locale())} {'vote' if count == 1 else 'votes'}"


def _open(visitor: Visitor, board: Board) -> None:
    question = str(st.session_state[_QUESTION] or "")
    attempt(lambda: visitor.services.taglines.voting.open(visitor.user, board.id, question=question))


def _code(address: str) -> str:
    """An address as a picture inside the page, dark on white also on dark ground, made here."""
    return str(segno.make(address, error="m", micro=False).svg_inline(border=3, dark="#0E1116", light="#FFFFFF"))
