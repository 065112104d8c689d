from __future__ import annotations

import csv
import io
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.documents.cells import Cell, spreadsheet_cell, text_of_cell, written_cell
from core.documents.csv_files import csv_of

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    " =1",
    '"=1',
    "\ufeff=1",
    "\u200b\u00a0=1",
    "\u202e=1",
    "\u3000\uff1d1",
    "\uff1dcmd|' /C calc'!A0",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "\u22121",
    "|cmd",
    "%0A=1",
    "\tcmd",
)
ANYTHING = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("=+-@'\";,\t\r\n\x00 \ufeff\uff1d"), max_size=60
)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_begins_with_an_apostrophe(text: str) -> None:
    assert spreadsheet_cell(text).startswith("'")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1", "'=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("a\r\n =1+1", "a\r\n' =1+1"),
        ("a\t\uff1d1", "a\t'\uff1d1"),
        ('a;"=1', "a;'\"=1"),
        ("a;\u200b@SUM(1)", "a;'\u200b@SUM(1)"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_a_formula_is_kept_from_it_wherever_a_cell_could_begin(text: str, safe: str) -> None:
    assert spreadsheet_cell(text) == safe


@pytest.mark.parametrize(
    "text", ["", "Scoop up a little happiness.", "a = b", "5 - 3", "mail@contoso.example", "été", "🍨"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert spreadsheet_cell(text) == text


@given(ANYTHING)
@example("'=1")
@example("''")
@example("a;'=1")
@example("\n'")
def test_the_text_of_a_cell_is_found_again(text: str) -> None:
    assert text_of_cell(spreadsheet_cell(text)) == text


@given(ANYTHING)
def test_no_piece_that_any_spreadsheet_could_take_for_a_cell_begins_like_a_formula(text: str) -> None:
    for separator in ";\t\r\n":
        for piece in spreadsheet_cell(text).split(separator):
            assert piece.strip(' "\ufeff\u3000\x0b\x0c\x00')[:1] not in {*"=+-@\uff1d"}, piece


@pytest.mark.parametrize(
    "text", [" " * 100_000 + "x", "\n" * 100_000, ";\u2028\x1f" * 50_000, '"' * 100_000, "\n -" * 50_000]
)
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.perf_counter()
    assert text_of_cell(spreadsheet_cell(text)) == text
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (None, ""),
        (5, "5"),
        (-5, "-5"),
        (2**63, "9223372036854775808"),
        (0.25, "0.25"),
        (-1e-7, "-0.0000001"),
        (1e22, "10000000000000000000000"),
        (float("nan"), ""),
        (float("inf"), ""),
        (Decimal("0.000125"), "0.000125"),
        (True, "yes"),
        (datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-29T01:00:00+00:00"),
        (date(2026, 3, 29), "2026-03-29"),
    ],
)
def test_a_value_of_ours_is_written_plainly(cell: Cell, written: str) -> None:
    assert written_cell(cell) == written


def test_a_tiny_amount_of_money_is_written_without_an_exponent() -> None:
    assert written_cell(Decimal("1E-12")) == "0.000000000001"


@given(st.lists(st.tuples(ANYTHING, ANYTHING), min_size=1, max_size=5))
def test_a_csv_file_gives_back_every_text_that_utf_8_can_hold(rows: list[tuple[str, str]]) -> None:
    def held(text: str) -> str:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    data = csv_of(["one", "=two"], rows)
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert read[0] == ["one", "'=two"]
    assert [tuple(text_of_cell(cell) for cell in row) for row in read[1:]] == [(held(a), held(b)) for a, b in rows]


def test_a_csv_file_tells_excel_its_encoding_and_ends_lines_as_the_standard_says() -> None:
    data = csv_of(["Name", "At"], [["Zoë", datetime(2026, 11, 21, tzinfo=UTC)]])
    assert data == '\ufeff"Name","At"\r\n"Zoë","2026-11-21T00:00:00+00:00"\r\n'.encode()
