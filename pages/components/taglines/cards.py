"""The cards of a board: text, facts, what they break of the brief, and what can be done with each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.markdown import as_label, as_plain
from core.taglines.asking import Wish
from core.taglines.board import move, rate, remove, shortlist
from core.taglines.lengths import characters_in, words_in
from pages.components.copy_button import copy_button
from pages.components.icon_buttons import IconButton, icon_buttons
from pages.components.reader import date_and_time, reader_locale
from pages.components.taglines import asking
from pages.components.taglines.work import draw_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

    from core.taglines.board import Board, Card
    from core.taglines.checking import Mark
    from pages.components.session import Visitor

_ICONS: Final = {
    "length": ":material/straighten:",
    "banned": ":material/block:",
    "missing": ":material/playlist_remove:",
    "language": ":material/translate:",
    "resembles": ":material/content_copy:",
}
_EDIT: Final = ":material/edit: Edit"
_COMMENT: Final = ":material/comment: Comment"
_REMOVE: Final = ":material/delete: Remove"
_WISHES: Final = {
    "More like this": ("auto_awesome", Wish("similar")),
    "Shorter": ("compress", Wish("shorter")),
    "Bolder": ("bolt", Wish("bolder")),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What all cards of a board on this page have in common; ``in_order`` names those shown, where they can move."""

    visitor: Visitor
    board: Board
    may_edit: bool
    in_order: Sequence[str] = ()


def draw_card(desk: Desk, card: Card, marks: Sequence[Mark]) -> None:
    """Draw one card of the board."""
    now = asking.at_work(card.id) if desk.may_edit else None
    if now is None or now.doing != "text":
        with _row():
            st.header(as_label(card.text), anchor=False)
            if desk.may_edit:
                _draw_menu(desk, card)
    else:
        st.empty()
    st.caption(" · ".join(_facts(desk.board, card)))
    badges, words = _notes(card, marks, without_comment=now is not None and now.doing == "comment")
    st.markdown(badges) if badges else st.empty()
    st.caption(words) if words else st.empty()
    if now is not None:
        draw_work(desk.visitor, desk.board, card, now)
    else:
        _draw_actions(desk, card)
        if desk.may_edit:
            _draw_tools(desk, card)


def draw_text_and_facts(board: Board, card: Card) -> None:
    """Draw a card that is not on the board yet."""
    with _row():
        st.header(as_label(card.text), anchor=False)
    st.caption(" · ".join(_facts(board, card)))


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="small")


def _draw_menu(desk: Desk, card: Card) -> None:
    key = f"taglines-menu-{card.id}"
    st.menu_button(
        "",
        (_EDIT, _COMMENT, _REMOVE),
        icon=":material/more_horiz:",
        type="tertiary",
        help="Edit, comment, remove",
        on_click=_choose,
        args=(desk, card, key),
        key=key,
    )


def _choose(desk: Desk, card: Card, key: str) -> None:
    chosen = st.session_state[key]
    if chosen == _EDIT:
        asking.begin_work(desk.board, card.id, "text")
    elif chosen == _COMMENT:
        asking.begin_work(desk.board, card.id, "comment")
    elif chosen == _REMOVE:
        asking.change(desk.visitor, desk.board, lambda seen: remove(seen, card.id))


def _draw_actions(desk: Desk, card: Card) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"taglines-card-{card.id}"):
        if desk.may_edit:
            is_on = card.is_shortlisted
            st.button(
                "Shortlisted" if is_on else "Shortlist",
                icon=":material/check:" if is_on else ":material/bookmark_add:",
                type="primary" if is_on else "secondary",
                on_click=asking.change,
                args=(desk.visitor, desk.board, partial(shortlist, card_id=card.id, is_shortlisted=not is_on)),
                key=f"taglines-shortlist-{card.id}",
            )
        elif card.is_shortlisted:
            st.markdown(":blue-badge[:material/check: Shortlisted]", width="content")
        copy_button(card.text, key=f"taglines-copy-{card.id}")
        _draw_stars(desk, card)


def _draw_stars(desk: Desk, card: Card) -> None:
    key = f"taglines-stars-{card.id}"
    # What is stored, whoever changed it.
    st.session_state[key] = card.stars - 1 if card.stars else None
    st.feedback("stars", disabled=not desk.may_edit, on_change=_rate, args=(desk, card, key), key=key)


def _rate(desk: Desk, card: Card, key: str) -> None:
    chosen: int | None = st.session_state[key]
    asking.change(desk.visitor, desk.board, partial(rate, card_id=card.id, stars=0 if chosen is None else chosen + 1))


def _draw_tools(desk: Desk, card: Card) -> None:
    """What makes another card of it with one click, and what moves it."""
    visitor, board = desk.visitor, desk.board
    tools = [
        IconButton(name, icon, partial(asking.transform, visitor, board, card.id, wish))
        for name, (icon, wish) in _WISHES.items()
    ]
    tools.append(IconButton("Translate", "translate", partial(asking.begin_work, board, card.id, "language")))
    if card.id in desk.in_order:
        place, last = desk.in_order.index(card.id), len(desk.in_order) - 1
        for steps, name, icon, is_at_end in (
            (-1, "Move earlier", "arrow_back", place == 0),
            (1, "Move later", "arrow_forward", place == last),
        ):
            work = partial(move, card_id=card.id, steps=steps, among=desk.in_order)
            do = partial(asking.change, visitor, board, work)
            tools.append(IconButton(name, icon, do, disabled=is_at_end, end=steps < 0))
    icon_buttons(tools, key=f"taglines-tools-{card.id}")


def _notes(card: Card, marks: Sequence[Mark], *, without_comment: bool) -> tuple[str, str]:
    """What stands between the facts and the buttons: badges, and what is said of the card."""
    badges = [_badge(mark) for mark in marks]
    if card.how == "replayed":
        when = as_label(date_and_time(card.created_at))
        badges.append(f":violet-badge[:material/history: Stored answer of {when}, shown again]")
    words = [f"As generated: {as_label(card.original)}"] if card.is_edited else []
    if card.comment and not without_comment:
        words.append(f":material/comment: {as_plain(card.comment)}")
    return " ".join(badges), "\n\n".join(words)


def _badge(mark: Mark) -> str:
    return f":{'orange' if mark.certain else 'gray'}-badge[{_ICONS[mark.kind]} {as_label(mark.says)}]"


def _facts(board: Board, card: Card) -> list[str]:
    words = words_in(card.text)
    by = as_label(card.deployment_label) if board.shows_deployments else ""
    counted = [_count(characters_in(card.text), "character"), _count(words, "word") if words is not None else ""]
    how = "" if card.how in {"generated", "replayed"} else as_label(card.how_made)
    return [fact for fact in (by, *counted, how) if fact]


def _count(number: int, unit: str) -> str:
    return f"{format_decimal(number, locale=reader_locale())} {unit}{'' if number == 1 else 's'}"
