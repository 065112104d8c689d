"""Which cards of a board are looked at: set in a drawer, and said above the cards while some are kept back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from core.taglines.shown import Filter, deployments_of
from pages.components.drawer_keys import drawer_key, renew
from pages.components.readable import choice
from pages.components.steady_place import steady_place

if TYPE_CHECKING:
    from core.taglines.board import Board

_PAGE: Final = "taglines-view"
_FROM: Final = "taglines-from"
_ONLY_KEEPING: Final = "taglines-only-keeping"


def draw_filter(board: Board) -> None:
    """Draw the choices; by deployment only where there are several, and the board shows them."""
    labels = deployments_of(board)
    if len(labels) > 1:
        chosen = st.session_state.get(_key(_FROM), [])
        if not labels.keys() >= set(chosen):
            is_on = st.session_state.get(_key(_ONLY_KEEPING), False)
            show_all()
            st.session_state[_key(_FROM)] = [each for each in chosen if each in labels]
            st.session_state[_key(_ONLY_KEEPING)] = is_on
        st.pills(
            "Only from",
            list(labels),
            selection_mode="multi",
            format_func=lambda each: choice(as_label(labels[each]) if each else "Written by hand"),
            key=_key(_FROM),
            persist_state="session",
            wrap=True,
        )
    st.toggle("Only those that keep to the brief", key=_key(_ONLY_KEEPING), persist_state="session")


def filter_as_set(board: Board) -> Filter:
    """What is set, as far as it applies to the board."""
    state = st.session_state
    chosen, only_keeping = state.get(_key(_FROM)) or (), bool(state.get(_key(_ONLY_KEEPING)))
    return Filter(frozenset(chosen), only_keeping=only_keeping).on(board)


def draw_kept_back(where: Filter, count: int, of: int) -> None:
    """Say how many cards pass, with the way to all of them, while anything is set."""
    is_set = where != Filter()
    with steady_place(is_set, horizontal=True):
        if is_set:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(f":material/filter_alt: {count} of {of} shown", width="content")
                st.button("Show all", type="tertiary", on_click=show_all, key="taglines-show-all")


def show_all() -> None:
    """Keep no card back."""
    renew(_PAGE, _FROM, _ONLY_KEEPING)


def _key(name: str) -> str:
    return drawer_key(_PAGE, name)
