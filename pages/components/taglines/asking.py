"""From a click on the page Taglines to core, with failures, and what met changes of others, kept for the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import streamlit as st

from core.errors import KeylessError, NotFound
from core.taglines.board import add as with_cards
from core.taglines.board import rename, require_room, set_brief, written_card
from pages.components.kept_failure import attempt, keep_failure
from pages.components.taglines import choices
from pages.components.taglines.filter import show_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.taglines.asking import Wish
    from core.taglines.board import Board
    from core.taglines.brief import Brief
    from core.taglines.changing import Changed
    from core.taglines.generation import Watched
    from core.taglines.merging import Clash
    from pages.components.session import Visitor

BOARD: Final = "id"
"""Names the open board in the address."""

Doing = Literal["text", "comment", "language"]
"""What is being done with one card in its place."""

_OPEN: Final = "taglines-open"
_SET_FROM: Final = "taglines-set-from"
_CLASHES: Final = "taglines-clashes"
_AT_WORK: Final = "taglines-at-work"
_LAST: Final = "taglines-last"


@dataclass(frozen=True, slots=True)
class AtWork:
    """A card that is being edited, and the version of the board that was seen when that was begun."""

    card_id: str
    doing: Doing
    version: int


def opened(visitor: Visitor) -> tuple[Board | None, list[Watched]]:
    """The board that the address names, or that was open before another page was, and what is being made for it.

    An address that leads nowhere is left, with a sentence, so that the page can be used.
    """
    identifier = st.query_params.get(BOARD) or st.session_state.get(_OPEN)
    if not identifier:
        return None, []
    taglines = visitor.services.taglines
    try:
        # Looked up first: what ends in between is then on the board, whole.
        known = taglines.generations(visitor.user, identifier)
        going_on = [generation for generation in known if not generation.view().finished]
        board = taglines.open(visitor.user, identifier)
    except NotFound as failure:
        close()
        keep_failure(failure)
        return None, []
    if st.session_state.get(_OPEN) != identifier:
        _forget()
    st.query_params[BOARD] = st.session_state[_OPEN] = identifier
    if known:
        st.session_state[_LAST] = known[-1]
    _follow(visitor, board)
    return board, going_on


def last_generation(board: Board) -> Watched | None:
    """What was made for the board last, as far as this tab has seen it."""
    last: Watched | None = st.session_state.get(_LAST)
    return last if last is not None and last.board_id == board.id else None


def generate(visitor: Visitor, board: Board | None, text: str = "") -> None:
    """Ask for cards with the brief that stands on the page, or with another text; a board is made where none is."""
    if text:
        st.session_state[choices.TEXT] = text

    def begin() -> None:
        brief = choices.brief_as_set()
        brief.check()
        _require_deployments(brief)
        taglines = visitor.services.taglines
        if board is None:
            identifier = taglines.create(visitor.user, brief).id
            st.session_state[_SET_FROM] = (identifier, brief)
            open_board(identifier)
        else:
            identifier = board.id
            keep_brief(visitor, board)
        taglines.generate(visitor.user, visitor.session.id, visitor.tokens, identifier)
        _show_new_cards()

    attempt(begin)


def transform(visitor: Visitor, board: Board, card_id: str, wish: Wish) -> None:
    """Make something else of a card."""

    def begin() -> None:
        visitor.services.taglines.transform(
            visitor.user, visitor.session.id, visitor.tokens, board.id, card_id=card_id, wish=wish
        )
        _show_new_cards()
        end_work()

    attempt(begin)


def keep_brief(visitor: Visitor, board: Board) -> None:
    """Keep what stands on the page as the board's brief."""
    brief = choices.brief_as_set()
    _change(visitor, board, board.version, partial(set_brief, brief=brief))
    st.session_state[_SET_FROM] = (board.id, brief)


def change(visitor: Visitor, board: Board, work: Callable[[Board], Board]) -> None:
    """Change the board as it was seen."""
    attempt(lambda: _change(visitor, board, board.version, work))


def undo(visitor: Visitor, board: Board) -> None:
    """Take this person's last change back."""
    attempt(lambda: _keep(visitor.services.taglines.undo(visitor.user, board.id)))


def restore(visitor: Visitor, board: Board, number: int) -> None:
    """Make the board what it was."""
    attempt(lambda: _keep(visitor.services.taglines.restore(visitor.user, board.id, number)))


def copy_brief(visitor: Visitor, board: Board) -> None:
    """Go on with the same brief on a board of one's own."""
    attempt(lambda: open_board(visitor.services.taglines.copy_brief(visitor.user, board.id).id))


def write_card(visitor: Visitor, board: Board, key: str, now: datetime) -> None:
    """Put what was typed on the board."""

    def write() -> None:
        require_room(board, 1)
        card = written_card(str(st.session_state[key] or ""), now)
        _change(visitor, board, board.version, lambda seen: with_cards(seen, [card]))
        st.session_state[key] = ""

    attempt(write)


def retitle(visitor: Visitor, board: Board, key: str) -> None:
    """Give the board the title that was typed."""
    change(visitor, board, partial(rename, title=str(st.session_state[key] or "")))


def delete(visitor: Visitor, board: Board) -> None:
    """Delete the board, and close it."""

    def delete_and_close() -> None:
        visitor.services.taglines.delete(visitor.user, board.id)
        begin_anew(visitor)

    attempt(delete_and_close)


def leave(visitor: Visitor, board: Board) -> None:
    """Give up one's access to somebody else's board, and close it."""

    def leave_and_close() -> None:
        visitor.services.taglines.sharing.leave(visitor.user, board.id)
        begin_anew(visitor)

    attempt(leave_and_close)


def begin_work(board: Board, card_id: str, doing: Doing) -> None:
    """Edit, comment or translate one card in its place."""
    st.session_state[_AT_WORK] = AtWork(card_id, doing, board.version)


def finish_work(visitor: Visitor, board: Board, now: AtWork, work: Callable[[Board], Board]) -> None:
    """Change the board as it was seen when the work began: what somebody else changed meanwhile is kept, too."""

    def finish() -> None:
        _change(visitor, board, now.version, work)
        end_work()

    attempt(finish)


def end_work() -> None:
    """Show the card as it is again."""
    st.session_state.pop(_AT_WORK, None)


def at_work(card_id: str) -> AtWork | None:
    """What is being done with this card."""
    now: AtWork | None = st.session_state.get(_AT_WORK)
    return now if now is not None and now.card_id == card_id else None


def take_clashes() -> tuple[Clash, ...]:
    """What the last change met of others' changes, once."""
    clashes: tuple[Clash, ...] = st.session_state.pop(_CLASHES, ())
    return clashes


def open_board(identifier: str) -> None:
    """Go to another board."""
    _forget()
    st.query_params[BOARD] = st.session_state[_OPEN] = identifier


def close() -> None:
    """Close the open board; it stays under its address."""
    _forget()
    st.query_params.clear()
    st.session_state.pop(_OPEN, None)
    st.session_state.pop(_SET_FROM, None)


def begin_anew(visitor: Visitor) -> None:
    """An empty page; the chosen deployments stay."""
    close()
    choices.set_anew(visitor)


def _follow(visitor: Visitor, board: Board) -> None:
    """Set the page from the brief of a board that was just opened, or whose brief somebody else changed.

    What the person is changing themself stays.
    """
    is_open, kept = st.session_state.get(_SET_FROM, ("", None))
    if is_open == board.id and (kept == board.brief or kept != choices.brief_as_set()):
        return
    st.session_state[_SET_FROM] = (board.id, board.brief)
    choices.set_from(visitor, board.brief)


def _require_deployments(brief: Brief) -> None:
    if not brief.deployment_ids:
        raise KeylessError("No deployment is chosen.", "Choose at least one under Details, then try again.")


def _change(visitor: Visitor, board: Board, seen: int, work: Callable[[Board], Board]) -> None:
    _keep(visitor.services.taglines.change(visitor.user, board.id, seen, work))


def _keep(changed: Changed) -> None:
    if changed.clashes:
        st.session_state[_CLASHES] = changed.clashes


def _show_new_cards() -> None:
    """Whatever was set before, they are seen."""
    st.session_state[choices.SHOWN] = choices.ALL
    show_all()


def _forget() -> None:
    show_all()
    for key in (_AT_WORK, _LAST, _CLASHES):
        st.session_state.pop(key, None)
