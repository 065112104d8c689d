"""A board as a grid: which of its cards are shown in which order, and those on their way among them."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_plain
from core.taglines.board import allow_replays, show_deployments
from core.taglines.checking import marks_of_board
from core.taglines.shown import ORDERS, shown
from pages.components.readable import choice
from pages.components.reader import date_and_time
from pages.components.steady_place import steady_place
from pages.components.taglines import asking
from pages.components.taglines.cards import Desk, draw_card
from pages.components.taglines.choices import ALL, SHORTLIST, SHOWN
from pages.components.taglines.filter import draw_filter, draw_kept_back, filter_as_set
from pages.components.taglines.live import Newborns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.taglines.board import Board, Card
    from core.taglines.generation import Watched
    from core.taglines.shown import Order
    from pages.components.session import Visitor

IN_A_ROW: Final = 3
NARROWEST_PIXELS: Final = 300
ON_A_PAGE: Final = 60
PAGE: Final = "taglines-page"
ORDER: Final = "taglines-order"

_ORDERS: Final[dict[Order, str]] = {
    "own": "Own order",
    "stars": "Most stars first",
    "shortest": "Shortest first",
    "longest": "Longest first",
    "newest": "Newest first",
    "deployment": "By deployment",
}


def draw_choices(visitor: Visitor, board: Board, *, may_edit: bool) -> None:
    """Draw which cards are shown and how, and the way back from the last change."""
    count = len(board.shortlist)
    st.session_state.setdefault(SHOWN, ALL)
    st.session_state.setdefault(ORDER, ORDERS[0])
    st.segmented_control(
        "Shown",
        (ALL, SHORTLIST),
        format_func=lambda name: choice(f"{name} ({count})" if name == SHORTLIST else name),
        key=SHOWN,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.popover("View", icon=":material/sort:", key="taglines-view"):
        orders = [order for order in ORDERS if order != "deployment" or board.shows_deployments]
        if st.session_state[ORDER] not in orders:
            st.session_state[ORDER] = ORDERS[0]
        st.radio("Order", orders, format_func=_ORDERS.__getitem__, key=ORDER, persist_state="session")
        draw_filter(board)
        if may_edit:
            _draw_switches(visitor, board)
    if may_edit:
        st.button(
            "Undo",
            icon=":material/undo:",
            help="Takes your own last change back, nobody else's.",
            on_click=asking.undo,
            args=(visitor, board),
            key="taglines-undo",
        )


def draw_clashes() -> None:
    """Say where the last change met changes of others, and where both are."""
    clashes = asking.take_clashes()
    with steady_place(clashes):
        for clash in clashes:
            when = date_and_time(clash.at) if clash.at else ""
            st.warning(
                as_plain(clash.sentence(when)), title="Changed by two at the same time", icon=":material/group:"
            )


def draw_grid(visitor: Visitor, board: Board, generations: Sequence[Watched], *, may_edit: bool) -> list[Newborns]:
    """Draw the cards; returns where those on their way are to be drawn."""
    only_shortlisted = st.session_state[SHOWN] == SHORTLIST
    order: Order = st.session_state[ORDER]
    where, marks = filter_as_set(board), marks_of_board(board)
    cards = shown(board, order, only_shortlisted=only_shortlisted, where=where, marks=marks)
    of = len(board.shortlist if only_shortlisted else board.cards)
    draw_kept_back(where, len(cards), of)
    if not cards and not generations:
        _draw_emptiness(board, is_filtered=bool(of))
        return []
    in_order = [card.id for card in cards] if may_edit and order == "own" else []
    desk = Desk(visitor, board, may_edit, in_order)
    there = {card.id for card in cards}
    are_at_the_end = any(generation.made_from not in there for generation in generations)
    cards = _page_of(cards, at_the_end=are_at_the_end)
    there &= {card.id for card in cards}
    grid = st.grid(IN_A_ROW, min_column_width=NARROWEST_PIXELS, border=True, key="taglines-grid")
    newborns: list[Newborns] = []
    for card in cards:
        # A place of its own, so that a card on its way takes all of it when it comes to stand here.
        with grid.cell(), st.container():
            draw_card(desk, card, marks[card.id])
        newborns += [Newborns(board, grid, each) for each in generations if each.made_from == card.id]
    newborns += [Newborns(board, grid, each) for each in generations if each.made_from not in there]
    return newborns


def _page_of(cards: tuple[Card, ...], *, at_the_end: bool) -> tuple[Card, ...]:
    """Those of the page that is looked at; the last page when new cards come at the end."""
    pages = math.ceil(len(cards) / ON_A_PAGE)
    if pages <= 1:
        st.empty()
        return cards
    if at_the_end or st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = pages
    page = st.pagination(pages, key=PAGE)
    return cards[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]


def _draw_emptiness(board: Board, *, is_filtered: bool) -> None:
    if is_filtered:
        st.info("No card is as set under View.", icon=":material/filter_alt:")
    elif board.cards:
        st.info("Nothing is on the shortlist yet.", icon=":material/bookmark_add:")
    else:
        st.info("There is no card on this board yet. Generate some.", icon=":material/auto_awesome:")


def _draw_switches(visitor: Visitor, board: Board) -> None:
    """What holds for everybody who looks at the board."""
    for label, explained, key, is_on, work in (
        (
            "Show the deployments",
            "To everybody, also in exports.",
            "taglines-shows",
            board.shows_deployments,
            partial(show_deployments, shows=not board.shows_deployments),
        ),
        (
            "Stored answers may stand in",
            "If no deployment answers, taglines of the last good answer to the same brief are shown, with its time.",
            "taglines-replays",
            board.replays,
            partial(allow_replays, replays=not board.replays),
        ),
    ):
        st.session_state[key] = is_on
        st.toggle(label, key=key, help=explained, on_change=asking.change, args=(visitor, board, work))
