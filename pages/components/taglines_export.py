"""A board to take away: as slides, a page, a spreadsheet, Markdown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.documents.csv_files import CSV_MIME
from core.documents.excel_files import EXCEL_MIME
from core.documents.file_names import file_name
from core.documents.html_pages import HTML_MIME
from core.documents.markdown_files import MARKDOWN_MIME
from core.taglines.exports import ENDINGS, LABELS, SLIDES_MIME, export

if TYPE_CHECKING:
    from core.taglines.board import Board
    from pages.components.session import Visitor

_SHORTLIST_ONLY: Final = "taglines-export-shortlist"
_MIMES: Final = {
    "pptx": SLIDES_MIME,
    "html": HTML_MIME,
    "xlsx": EXCEL_MIME,
    "csv": CSV_MIME,
    "md": MARKDOWN_MIME,
}


def draw_export(visitor: Visitor, board: Board) -> None:
    """Draw what it can be exported to; the files are made when they are asked for."""
    with st.popover("Export", icon=":material/download:", disabled=not board.cards, key="taglines-export"):
        shortlist_only = st.toggle("Only the shortlist", key=_SHORTLIST_ONLY, disabled=not board.shortlist) and bool(
            board.shortlist
        )
        for ending in ENDINGS:
            st.download_button(
                LABELS[ending],
                partial(_made, visitor, board.id, ending, shortlist_only=shortlist_only),
                file_name("taglines", board.title, ending),
                _MIMES[ending],
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"taglines-export-{ending}",
            )


def _made(visitor: Visitor, board_id: str, ending: str, *, shortlist_only: bool) -> bytes:
    """The board as it is when the file is asked for."""
    board = visitor.services.taglines.open(visitor.user, board_id)
    return export(board, ending, visitor.services.settings.brand, shortlist_only=shortlist_only).data
