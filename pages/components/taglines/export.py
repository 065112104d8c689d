"""A board to take away: as slides, a page, a spreadsheet, Markdown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.taglines.exports import LABELS, MIMES, export, name_of_file

if TYPE_CHECKING:
    from core.taglines.board import Board
    from pages.components.session import Visitor

_SHORTLIST_ONLY: Final = "taglines-export-shortlist"


def draw_export(visitor: Visitor, board: Board) -> None:
    """Draw what it can be exported to; the files are made when they are asked for."""
    with st.popover("Export", icon=":material/download:", disabled=not board.cards, key="taglines-export"):
        shortlist_only = st.toggle("Only the shortlist", key=_SHORTLIST_ONLY, disabled=not board.shortlist) and bool(
            board.shortlist
        )
        for ending, label in LABELS.items():
            st.download_button(
                label,
                partial(_made, visitor, board.id, ending, shortlist_only=shortlist_only),
                name_of_file(board, ending),
                MIMES[ending],
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"taglines-export-{ending}",
            )


def _made(visitor: Visitor, board_id: str, ending: str, *, shortlist_only: bool) -> bytes:
    """The board as it is when the file is asked for."""
    board = visitor.services.taglines.open(visitor.user, board_id)
    return export(board, ending, visitor.services.settings.brand, shortlist_only=shortlist_only).data
