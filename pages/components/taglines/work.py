"""What is done with one card in its place: its text, a comment on it, a translation of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.taglines.asking import Wish
from core.taglines.board import MOST_CARD_TEXT, MOST_COMMENT, comment, edit
from core.taglines.languages import LANGUAGES
from pages.components.taglines import asking

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.taglines.board import Board, Card
    from pages.components.session import Visitor
    from pages.components.taglines.asking import AtWork


def draw_work(visitor: Visitor, board: Board, card: Card, now: AtWork) -> None:
    """Draw the field and its buttons in place of the card's own."""
    key = f"taglines-{now.doing}-{card.id}"
    if now.doing == "language":
        st.selectbox("Translate to", list(LANGUAGES), key=key, accept_new_options=True)
        _draw_buttons("Translate", partial(_translate, visitor, board, card.id, key))
        return
    is_text = now.doing == "text"
    st.text_area(
        "Text" if is_text else "Comment",
        card.text if is_text else card.comment,
        key=key,
        height=68,
        max_chars=MOST_CARD_TEXT if is_text else MOST_COMMENT,
    )
    _draw_buttons("Save", partial(_save, visitor, board, now, key))


def _draw_buttons(label: str, do: Callable[[], None]) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(label, type="primary", on_click=do, key="taglines-work-save")
        st.button("Cancel", on_click=asking.end_work, key="taglines-work-cancel")


def _save(visitor: Visitor, board: Board, now: AtWork, key: str) -> None:
    work = edit if now.doing == "text" else comment
    text = str(st.session_state[key] or "")
    asking.finish_work(visitor, board, now, partial(work, card_id=now.card_id, text=text))


def _translate(visitor: Visitor, board: Board, card_id: str, key: str) -> None:
    asking.transform(visitor, board, card_id, Wish("translated", str(st.session_state[key])))
