"""Files of a board: what is in them, and what hostile text cannot do in them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pptx import Presentation
from python_calamine import CalamineWorkbook

from core.errors import KeylessError
from core.settings.brand import Brand
from core.taglines.board import Board, Card
from core.taglines.brief import Brief
from core.taglines.exports import ENDINGS, LABELS, export
from core.taglines.slide_parts import HEIGHT, WIDTH
from core.taglines.slides import AT_A_GLANCE
from core.taglines.typesetting import fitting_points, is_right_to_left, one_line, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from pptx.presentation import Presentation as Deck

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://evil.example","x")',
    "<script>alert(1)</script> & co",
    "nul\x00 bell\x07 escape\x1b \ud800 half",
    "turned \u202e round",
    "مثلجات تذوب في القلب",
    "🍦 Melt. 👨\u200d👩\u200d👧 Repeat.",
    "W" * 400,
    "Because the best part of summer " * 13,
    "夏の終わりに、ひとくちの幸せを。" * 10,
)


def card(text: str = "Scoop up a little happiness.", **facts: object) -> Card:
    made = Card(
        "c1", text, NOW, original=text, deployment_id="d1", deployment_label="GPT-5.2 (Sweden)", model="gpt-5.2"
    )
    return replace(made, how="generated", **facts)  # type: ignore[arg-type]


def board(*cards: Card, **facts: object) -> Board:
    numbered = tuple(replace(each, id=f"c{number}") for number, each in enumerate(cards))
    made = Board("b1", ("tenant", "person"), "Ann", "Ice cream for grown-ups", NOW, NOW, cards=numbered)
    return replace(made, **facts)  # type: ignore[arg-type]


def deck_of(shown: Board, brand: Brand | None = None, *, shortlist_only: bool = False) -> Deck:
    return Presentation(io.BytesIO(export(shown, "pptx", brand or Brand(), shortlist_only=shortlist_only).data))


def titles(deck: Deck) -> list[str]:
    return [slide.shapes.title.text_frame.text for slide in deck.slides]


def everything(ending: str, data: bytes) -> str:
    """All text of a file as a reader of its kind finds it."""
    if ending == "pptx":
        deck = Presentation(io.BytesIO(data))
        texts = [shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]
        return "\n".join([*texts, *(slide.notes_slide.notes_text_frame.text for slide in deck.slides)])
    if ending == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return "\n".join(
            str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
        )
    return data.decode("utf-8-sig")


def test_every_ending_has_a_label() -> None:
    assert set(LABELS) == set(ENDINGS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_holds_the_taglines_what_people_said_of_them_and_who_wrote_them(ending: str) -> None:
    shown = board(card(stars=4, comment="Warm and short"), card("La vie est glace"))
    document = export(shown, ending, Brand("Frost and Co"))
    assert document.name == f"taglines-ice-cream-for-grown-ups.{ending}"
    text = everything(ending, document.data)
    for wanted in ("Scoop up a little happiness", "La vie est glace", "Warm and short", "GPT-5.2"):
        assert wanted in text


@pytest.mark.parametrize("ending", ENDINGS)
def test_deployments_and_models_stay_hidden_where_the_board_hides_them(ending: str) -> None:
    data = export(board(card(), shows_deployments=False), ending, Brand()).data
    text = everything(ending, data)
    assert "Sweden" not in text
    assert "gpt-5.2" not in text


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_shortlist_alone_can_be_taken(ending: str) -> None:
    shown = board(card(), card("La vie est glace", is_shortlisted=True))
    text = everything(ending, export(shown, ending, Brand(), shortlist_only=True).data)
    assert "La vie est glace" in text
    assert "happiness" not in text


def test_nothing_to_export_is_said_with_a_remedy() -> None:
    with pytest.raises(KeylessError, match="no tagline to export"):
        export(board(), "pptx", Brand())
    with pytest.raises(KeylessError, match="shortlist is empty"):
        export(board(card()), "csv", Brand(), shortlist_only=True)
    with pytest.raises(KeylessError, match="no export of this kind"):
        export(board(card()), "docx", Brand())


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_a_file_that_opens(ending: str, text: str) -> None:
    shown = board(card(text, comment=text, deployment_label=text), title=text[:100])
    assert everything(ending, export(shown, ending, Brand(text[:60])).data)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=300))
def test_any_text_makes_slides_that_open(text: str) -> None:
    shown = board(card(text, comment=text), title=text)
    assert titles(deck_of(shown))[-1] == one_line(text)


def test_a_brand_of_any_length_has_slides() -> None:
    slides = Presentation(io.BytesIO(export(board(card()), "pptx", Brand("Frost & Sons " * 40)).data))
    assert slides.core_properties.author.startswith("Frost & Sons Frost")


def test_a_formula_is_only_text_in_spreadsheets() -> None:
    shown = board(card(HOSTILE[0]))
    row = list(csv.reader(io.StringIO(export(shown, "csv", Brand()).data.decode("utf-8-sig"))))[1]
    assert row[1] == f"'{HOSTILE[0]}"
    assert HOSTILE[0] in everything("xlsx", export(shown, "xlsx", Brand()).data)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "md", "html"])
def test_what_a_tagline_breaks_of_the_brief_stands_beside_it(ending: str) -> None:
    shown = board(card(), brief=Brief(banned=("happiness",), longest=10))
    text = everything(ending, export(shown, ending, Brand()).data)
    assert "10 are the most" in text
    assert "28" in text


def test_markup_is_only_text_on_the_page() -> None:
    assert "<script>alert" not in everything("html", export(board(card(HOSTILE[1])), "html", Brand()).data)


def test_the_deck_is_wide_and_begins_with_title_and_overview_then_each_tagline() -> None:
    deck = deck_of(board(card(), card("La vie est glace.")), Brand("Frost & Co"))
    assert (deck.slide_width, deck.slide_height) == (WIDTH, HEIGHT)
    assert titles(deck) == [
        "Ice cream for grown-ups",
        "At a glance",
        "Scoop up a little happiness.",
        "La vie est glace.",
    ]
    first = [shape.text_frame.text for shape in deck.slides[0].shapes if shape.has_text_frame]
    assert "Frost & Co" in first
    assert "2 taglines · 21 November 2026" in first


def test_many_taglines_take_several_overviews_and_none_is_left_out() -> None:
    deck = deck_of(board(*(card(f"Tagline {number}.") for number in range(AT_A_GLANCE + 3))))
    overviews = list(deck.slides)[1:3]
    listed = [shape.text_frame.text for slide in overviews for shape in slide.shapes if shape.has_text_frame]
    assert all(f"Tagline {number}." in listed for number in range(AT_A_GLANCE + 3))
    assert len(deck.slides) == 1 + 2 + AT_A_GLANCE + 3


def test_notes_hold_what_the_presenter_wants_to_know() -> None:
    said = card("Scoop up happiness.", original="Scoop up a little happiness.", stars=4, comment="Short\nand warm")
    deck = deck_of(board(said))
    assert deck.slides[2].notes_slide.notes_text_frame.text.split("\n") == [
        "Deployment: GPT-5.2 (Sweden)",
        "Model: gpt-5.2",
        "Stars: 4 of 5",
        "Comment: Short and warm",
        "As generated: Scoop up a little happiness.",
    ]


@pytest.mark.parametrize("size", [(2000, 40), (40, 2000), (300, 300)])
def test_nothing_reaches_out_of_a_slide_or_is_empty(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size).save(tmp_path / "logo.png")
    shown = board(*(card(text, stars=3, deployment_label="L" * 300) for text in HOSTILE * 3), title="T" * 120)
    for slide in deck_of(shown, Brand("B" * 60, tmp_path / "logo.png")).slides:
        for shape in slide.shapes:
            assert shape.width > 0
            assert shape.height > 0
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= WIDTH
            assert shape.top + shape.height <= HEIGHT
            if shape.has_text_frame and shape.text_frame.text:
                assert shape.text_frame.paragraphs[0].runs[0].font.size.pt >= 8


def test_type_shrinks_with_the_length_and_stays_large_for_short_ones() -> None:
    texts = ("Melt.", "Scoop up a little happiness.", "Because the best part of summer " * 5, "W" * 400)
    deck = deck_of(board(*map(card, texts)))
    sizes = [slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size.pt for slide in list(deck.slides)[2:]]
    assert sizes[0] == sizes[1] == 72
    assert 72 > sizes[2] > sizes[3] >= 18


def test_text_from_right_to_left_is_marked_so() -> None:
    deck = deck_of(board(card(HOSTILE[4])))
    paragraph = deck.slides[2].shapes.title.text_frame.paragraphs[0]
    assert paragraph._p.pPr.get("rtl") == "1"


def test_a_logo_that_went_away_does_not_stop_the_deck(tmp_path: Path) -> None:
    assert titles(deck_of(board(card()), Brand("Frost", tmp_path / "gone.png")))[0] == "Ice cream for grown-ups"


def test_a_logo_is_told_to_screen_readers(tmp_path: Path) -> None:
    Image.new("RGB", (60, 30)).save(tmp_path / "logo.png")
    deck = deck_of(board(card()), Brand("Frost", tmp_path / "logo.png"))
    (picture,) = [shape for shape in deck.slides[0].shapes if hasattr(shape, "image")]
    assert picture._element.nvPicPr.cNvPr.get("descr") == "Frost"
    assert picture.width / picture.height == pytest.approx(2, rel=0.01)


def test_lines_are_cleaned_cut_at_words_and_know_their_direction() -> None:
    assert one_line(" a\x00b\n\tc\u202e ") == "a b c"
    assert shortened("one two three", 9) == "one two…"
    assert shortened("x" * 20, 9) == "xxxxxxxx…"
    assert is_right_to_left("“שלום” hello")
    assert not is_right_to_left("123 hello שלום")
    assert fitting_points("short", 900, 400, largest=72) == 72
    assert fitting_points("long " * 2000, 900, 400, largest=72) == 8


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stored_answer_shown_again_says_so_in_every_file(ending: str) -> None:
    again = replace(card("Melt with us"), how="replayed")
    text = everything(ending, export(board(card(), again), ending, Brand()).data)
    assert "shown again" in text
    assert "shown again" not in everything(ending, export(board(card()), ending, Brand()).data)
    if ending in {"html", "pptx"}:
        assert text.count("Stored answer of 2026-11-21 09:30 UTC, shown again") == 1


def test_a_brief_that_is_the_title_stands_once_on_the_first_slide() -> None:
    def first(title: str) -> list[str]:
        deck = deck_of(board(card(), title=title, brief=Brief(text="Melt for us:")))
        return [shape.text_frame.text for shape in deck.slides[0].shapes if shape.has_text_frame]

    assert "Melt for us:" not in first("Melt for us")
    assert "Melt for us:" in first("Summer")
