"""A board as a PowerPoint deck: a title, the taglines at a glance, and each tagline on a slide of its own.

Type is that of PowerPoint's own default theme, so that the deck looks the same where it is opened and can be restyled
there. Every slide has a real title, which outlines and screen readers use.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches

from core.taglines.replay import stored_note
from core.taglines.slide_parts import (
    HEIGHT,
    WIDTH,
    Look,
    add_form,
    add_logo,
    add_text,
    colour_of,
    fill_title,
    new_slide,
    paint,
    wide_deck,
)
from core.taglines.typesetting import one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.presentation import Presentation as Deck
    from pptx.slide import Slide

    from core.settings.brand import Brand
    from core.taglines.board import Board, Card

AT_A_GLANCE: Final = 12
"""How many taglines one overview slide lists."""

_MARGIN: Final = Inches(0.9)
_INNER: Final = Emu(WIDTH - 2 * _MARGIN)
_INDIGO: Final = colour_of("26339C")
_DEEP: Final = colour_of("1A2370")
_MIDDLE: Final = colour_of("1F2A82")
_LIGHT: Final = colour_of("2F3DAE")
_ORANGE: Final = colour_of("E07A1F")
_INK: Final = colour_of("0E1116")
_SOFT: Final = colour_of("5B6373")
_PALE: Final = colour_of("C9CFFF")
_WHITE: Final = colour_of("FFFFFF")
_RAISED: Final = colour_of("F5F6FA")

_ON_COLOUR: Final = Look(54, _WHITE, is_bold=True, down=MSO_ANCHOR.BOTTOM)
_TAGLINE: Final = Look(72, _INK, is_bold=True, across=PP_ALIGN.CENTER, down=MSO_ANCHOR.MIDDLE)
_HEADING: Final = Look(36, _INK, is_bold=True)
_LISTED: Final = Look(22, _INK, down=MSO_ANCHOR.MIDDLE)
_NUMBER: Final = Look(20, _INDIGO, is_bold=True, across=PP_ALIGN.CENTER, down=MSO_ANCHOR.MIDDLE)
_STARRED: Final = Look(14, _ORANGE, across=PP_ALIGN.CENTER, down=MSO_ANCHOR.MIDDLE)
_FOOT: Final = Look(14, _SOFT, down=MSO_ANCHOR.MIDDLE)
_PAGE: Final = Look(14, _SOFT, across=PP_ALIGN.RIGHT, down=MSO_ANCHOR.MIDDLE)


def slides(board: Board, cards: Sequence[Card], brand: Brand) -> bytes:
    """The deck of these cards of a board, as a file; deployments are named in it only when the board shows them."""
    deck = wide_deck()
    deck.core_properties.title = shortened(board.title, 200) or "Taglines"
    deck.core_properties.author = shortened(brand.name, 200)
    _add_title(deck, board, cards, brand)
    for start in range(0, len(cards), AT_A_GLANCE):
        _add_overview(deck, cards, start, brand)
    for number, card in enumerate(cards, 1):
        _add_card(deck, board, card, f"{number} / {len(cards)}", brand)
    file = BytesIO()
    deck.save(file)
    return file.getvalue()


def notes_of(board: Board, card: Card) -> str:
    """What the person who presents a card has in view."""
    facts = [
        f"Deployment: {card.deployment_label}" if board.shows_deployments and card.deployment_label else "",
        f"Model: {card.model}" if board.shows_deployments and card.model else "",
        f"Stars: {card.stars} of 5" if card.stars else "",
        "On the shortlist" if card.is_shortlisted else "",
        f"Comment: {card.comment}" if card.comment else "",
        f"As generated: {card.original}" if card.is_edited else "",
    ]
    return "\n".join(one_line(fact) for fact in facts if fact)


def _add_title(deck: Deck, board: Board, cards: Sequence[Card], brand: Brand) -> None:
    slide = new_slide(deck)
    paint(slide, _INDIGO)
    for left, top, size, colour in ((7.9, 3.6, 3.3, _DEEP), (10.2, 3.9, 2.9, _MIDDLE), (9.0, 0.8, 4.0, _LIGHT)):
        add_form(slide, MSO_SHAPE.OVAL, (Inches(left), Inches(top), Inches(size), Inches(size)), colour)
    title = shortened(board.title, 120) or "Taglines"
    fill_title(slide, title, (_MARGIN, Inches(2.3), Inches(8.1), Inches(2.2)), _ON_COLOUR)
    add_form(slide, MSO_SHAPE.RECTANGLE, (_MARGIN, Inches(4.62), Inches(0.9), Inches(0.07)), _ORANGE)
    asked = shortened(board.brief.filled_text, 160)
    if asked.rstrip(":. ") != title.rstrip(":. "):
        add_text(slide, asked, (_MARGIN, Inches(4.85), Inches(6.6), Inches(1.1)), Look(22, _PALE))
    count = f"{len(cards)} tagline" + ("" if len(cards) == 1 else "s")
    when = f"{board.updated_at.day} {board.updated_at:%B %Y}"
    add_text(slide, f"{count} · {when}", (_MARGIN, Inches(6.45), Inches(6.6), Inches(0.45)), Look(16, _PALE))
    place = (_MARGIN, Inches(0.75), Inches(3.2), Inches(1.0))
    logo_end = add_logo(slide, brand, place, plate=True)
    if brand.name:
        left = logo_end + Inches(0.3) if logo_end else _MARGIN
        room = (left, Inches(0.75), Inches(11.6) - left, Inches(1.0))
        add_text(slide, one_line(brand.name), room, Look(24, _WHITE, is_bold=True, down=MSO_ANCHOR.MIDDLE))


def _add_overview(deck: Deck, cards: Sequence[Card], start: int, brand: Brand) -> None:
    slide = new_slide(deck)
    shown = cards[start : start + AT_A_GLANCE]
    of_several = f" ({start + 1} to {start + len(shown)} of {len(cards)})" if len(cards) > AT_A_GLANCE else ""
    fill_title(slide, f"At a glance{of_several}", (_MARGIN, Inches(0.55), _INNER, Inches(0.9)), _HEADING)
    columns = 1 if len(shown) <= AT_A_GLANCE // 2 else 2
    rows = -(-len(shown) // columns)
    gap = Inches(0.25)
    width = (_INNER - gap * (columns - 1)) // columns
    height = min(Inches(0.98), (Inches(5.2) - gap * (rows - 1)) // rows)
    for place, card in enumerate(shown):
        column, row = divmod(place, rows)
        left = _MARGIN + column * (width + gap)
        top = Inches(1.6) + row * (height + gap * 2 // 5)
        add_form(slide, MSO_SHAPE.ROUNDED_RECTANGLE, (left, top, width, height), _RAISED)
        number = (left + Inches(0.1), top, Inches(0.7), height)
        add_text(slide, str(start + place + 1), number, _NUMBER)
        stars = Inches(1.15) if card.stars else 0
        words = (left + Inches(0.8), top, width - Inches(0.9) - stars, height)
        text = shortened(card.text, 110 if columns == 1 else 70)
        add_text(slide, text, words, _LISTED)
        if card.stars:
            right = (left + width - Inches(1.2), top, Inches(1.1), height)
            add_text(slide, _stars(card), right, _STARRED)
    _add_foot(slide, brand, "")


def _add_card(deck: Deck, board: Board, card: Card, number: str, brand: Brand) -> None:
    slide = new_slide(deck)
    add_form(slide, MSO_SHAPE.RECTANGLE, (0, 0, Inches(0.28), HEIGHT), _INDIGO)
    text = one_line(card.text)
    fill_title(slide, text, (_MARGIN, Inches(0.7), _INNER, Inches(5.1)), _TAGLINE)
    label = one_line(card.deployment_label) if board.shows_deployments else ""
    below = "   ".join(filter(None, (_stars(card), shortened(label, 80), stored_note(card))))
    if below:
        add_text(
            slide, below, (_MARGIN, Inches(5.85), _INNER, Inches(0.5)), Look(16, _ORANGE, across=PP_ALIGN.CENTER)
        )
    _add_foot(slide, brand, number)
    notes = slide.notes_slide.notes_text_frame
    if notes is not None:
        notes.text = notes_of(board, card)


def _add_foot(slide: Slide, brand: Brand, number: str) -> None:
    top, height = Inches(6.75), Inches(0.45)
    end = add_logo(slide, brand, (_MARGIN, top, Inches(1.2), height), plate=False)
    if brand.name:
        left = end + Inches(0.15) if end else _MARGIN
        room = (left, top, Inches(9.5) - left, height)
        add_text(slide, one_line(brand.name), room, _FOOT)
    if number:
        right = (WIDTH - _MARGIN - Inches(1.5), top, Inches(1.5), height)
        add_text(slide, number, right, _PAGE)


def _stars(card: Card) -> str:
    return "★" * card.stars + "☆" * (5 - card.stars) if card.stars else ""
