"""Files of a board that people take away: CSV, Markdown, Excel, one page of HTML, and a PowerPoint deck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.documents.csv_files import CSV_MIME, csv_of, encoded
from core.documents.excel_files import EXCEL_MIME, Sheet, excel_of
from core.documents.file_names import file_name
from core.documents.html_pages import HTML_MIME, facts, grid, heading, html_page, note, paragraph, section
from core.documents.markdown_files import (
    MARKDOWN_MIME,
    markdown_document,
    markdown_facts,
    markdown_heading,
    markdown_paragraph,
    markdown_table,
)
from core.errors import KeylessError, NotFound
from core.taglines.checking import marks_of
from core.taglines.lengths import characters_in, words_in
from core.taglines.replay import stored_note
from core.taglines.typesetting import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.documents.cells import Cell
    from core.documents.html_pages import Html
    from core.settings.brand import Brand
    from core.taglines.board import Board, Card

SLIDES_MIME: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@dataclass(frozen=True, slots=True)
class Document:
    """A file ready to be taken away."""

    name: str
    mime: str
    data: bytes


def cards_of(board: Board, *, shortlist_only: bool) -> tuple[Card, ...]:
    """The cards in the order of the board, or only those on its shortlist."""
    return board.shortlist if shortlist_only else board.cards


def export(board: Board, ending: str, brand: Brand, *, shortlist_only: bool = False) -> Document:
    """The board as a file. Deployments and models are named only when the board shows them.

    Args:
        ending: One of ``ENDINGS``.

    Raises:
        KeylessError: There is no card to take away.
    """
    cards = cards_of(board, shortlist_only=shortlist_only)
    if not cards and shortlist_only and board.cards:
        raise KeylessError("The shortlist is empty.", "Put a tagline on the shortlist, or export all of them.")
    if not cards:
        raise KeylessError("There is no tagline to export yet.", "Generate some, or write one by hand.")
    if ending not in _WRITERS:
        raise NotFound("There is no export of this kind.", f"Choose one of {', '.join(ENDINGS)}.")
    mime, write = _WRITERS[ending]
    return Document(name_of_file(board, ending), mime, write(board, cards, brand))


def name_of_file(board: Board, ending: str) -> str:
    """What the file is called."""
    return file_name("taglines", board.title, ending)


def _csv(board: Board, cards: Sequence[Card], _brand: Brand) -> bytes:
    return csv_of(_header(board), [_row(board, number, card) for number, card in enumerate(cards, 1)])


def _excel(board: Board, cards: Sequence[Card], brand: Brand) -> bytes:
    taglines = Sheet("Taglines", _header(board), [_row(board, number, card) for number, card in enumerate(cards, 1)])
    return excel_of([taglines, Sheet("Brief", ("Brief", ""), _about(board, cards, brand))], title=board.title)


def _markdown(board: Board, cards: Sequence[Card], brand: Brand) -> bytes:
    header = _header(board)
    rows = [[_shown(cell) for cell in _row(board, number, card)] for number, card in enumerate(cards, 1)]
    parts = [
        markdown_facts(_about(board, cards, brand)),
        markdown_heading("Taglines"),
        *(f"{number}. {markdown_paragraph(one_line(card.text))}" for number, card in enumerate(cards, 1)),
        markdown_heading("In detail"),
        markdown_table(header, rows, numbers=[header.index(name) for name in ("Characters", "Words", "Stars")]),
    ]
    return encoded(markdown_document(board.title or "Taglines", parts))


def _html(board: Board, cards: Sequence[Card], brand: Brand) -> bytes:
    tiles = [
        section(heading(one_line(card.text)), paragraph(_beside(board, card), soft=True), *_remarks(board, card))
        for card in cards
    ]
    return html_page(board.title or "Taglines", [facts(_about(board, cards, brand)), grid(*tiles)])


def _slides(board: Board, cards: Sequence[Card], brand: Brand) -> bytes:
    from core.taglines.slides import slides

    return slides(board, cards, brand)


_WRITERS: Final[dict[str, tuple[str, Callable[[Board, Sequence[Card], Brand], bytes]]]] = {
    "pptx": (SLIDES_MIME, _slides),
    "html": (HTML_MIME, _html),
    "xlsx": (EXCEL_MIME, _excel),
    "csv": (CSV_MIME, _csv),
    "md": (MARKDOWN_MIME, _markdown),
}
ENDINGS: Final = tuple(_WRITERS)
MIMES: Final = {ending: mime for ending, (mime, _) in _WRITERS.items()}
LABELS: Final = {
    "pptx": "PowerPoint slides",
    "html": "Web page (one file)",
    "xlsx": "Excel",
    "csv": "CSV",
    "md": "Markdown",
}


def _header(board: Board) -> tuple[str, ...]:
    named = ("Deployment", "Model") if board.shows_deployments else ()
    facts = ("Characters", "Words", "Checks", "Shortlist", "Stars", "Comment")
    return ("Number", "Tagline", *facts, *named, "How", "As generated", "Created")


def _row(board: Board, number: int, card: Card) -> tuple[Cell, ...]:
    named = (card.deployment_label, card.model) if board.shows_deployments else ()
    return (
        number,
        card.text,
        characters_in(card.text),
        words_in(card.text),
        _checks(board, card),
        card.is_shortlisted,
        card.stars or None,
        card.comment,
        *named,
        card.how_made,
        card.original if card.is_edited else "",
        card.created_at,
    )


def _shown(cell: Cell) -> str:
    """A cell of a table that is read, not computed."""
    if isinstance(cell, bool):
        return "yes" if cell else ""
    if cell is None:
        return ""
    return f"{cell:%Y-%m-%d %H:%M} UTC" if hasattr(cell, "hour") else str(cell)


def _about(board: Board, cards: Sequence[Card], brand: Brand) -> list[tuple[str, str]]:
    brief = board.brief
    limit = f"{brief.longest} {brief.longest_unit}" if brief.longest else ""
    told = [
        ("Brand", brand.name),
        ("Brief", brief.filled_text),
        ("Product", brief.product),
        ("Audience", brief.audience),
        ("Tone", brief.tone),
        ("Language", brief.language),
        ("Must have", ", ".join(brief.must_have)),
        ("Banned", ", ".join(brief.banned)),
        ("Longest", limit),
        ("Taglines", str(len(cards))),
        ("Changed", f"{board.updated_at:%Y-%m-%d %H:%M} UTC"),
    ]
    return [(name, value) for name, value in told if value]


def _beside(board: Board, card: Card) -> str:
    label = card.deployment_label if board.shows_deployments else ""
    words = words_in(card.text)
    told = [
        "★" * card.stars,
        "shortlist" if card.is_shortlisted else "",
        f"{characters_in(card.text)} characters",
        f"{words} word" + ("" if words == 1 else "s") if words is not None else "",
        label,
        stored_note(card),
    ]
    return " · ".join(filter(None, told))


def _remarks(board: Board, card: Card) -> list[Html]:
    checks = _checks(board, card)
    return [*([note(checks)] if checks else []), *([paragraph(card.comment)] if card.comment else [])]


def _checks(board: Board, card: Card) -> str:
    """What the card breaks of the brief, in sentences."""
    return " ".join(mark.says for mark in marks_of(board.brief, card))
