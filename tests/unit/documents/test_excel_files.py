from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from core.documents.excel_files import CUT, LONGEST_CELL, Sheet, excel_of

if TYPE_CHECKING:
    from core.documents.cells import Cell

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
Read = list[list[object]]


def read(data: bytes, sheet: int = 0) -> Read:
    return [
        list(row) for row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()
    ]


def texts(data: bytes) -> list[str]:
    """The strings of the workbook as Excel shows them."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        root = ET.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314 - made here
    names = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [_ESCAPE.sub(lambda it: chr(int(it[1], 16)), si.findtext(f"{names}t") or "") for si in root]


def one(text: str) -> bytes:
    return excel_of([Sheet("Runs", ["answer"], [[text]])])


def test_numbers_and_moments_are_such() -> None:
    at = datetime(2026, 3, 29, 3, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    rows: list[list[Cell]] = [[5, 0.25, Decimal("0.000125"), at, date(2026, 3, 29), True, None, float("nan")]]
    assert read(excel_of([Sheet("Runs", list("abcdefgh"), rows)]))[1] == [
        5.0,
        0.25,
        0.000125,
        datetime(2026, 3, 29, 1, 0, 5),  # noqa: DTZ001 - Excel knows no zones
        date(2026, 3, 29),
        True,
        "",
        "",
    ]


def test_a_number_that_excel_would_round_is_text() -> None:
    assert read(excel_of([Sheet("Runs", ["id"], [[2**63]])]))[1] == ["9223372036854775808"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(1)", "https://contoso.example", "007", "{=1}", "mailto:a@b.c"])
def test_text_is_neither_a_formula_nor_a_link_nor_a_number(text: str) -> None:
    data = one(text)
    assert read(data)[1] == [text]
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not any(name.endswith(".rels") and "sheet1" in name for name in parts.namelist())
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_editing_a_cell_that_looks_like_a_formula_does_not_make_it_one() -> None:
    with zipfile.ZipFile(io.BytesIO(one("=1+1"))) as parts:
        assert b'quotePrefix="1"' in parts.read("xl/styles.xml")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
@settings(max_examples=60, deadline=None)
def test_every_text_is_held_control_characters_included(text: str) -> None:
    assert texts(one(text))[1:] == ([text] if text != "answer" else [])


@pytest.mark.parametrize("text", ["_x0041_", "<r></r>", "<r><t>&</r>", "</t></si>", "\ud800", "\ufffe", "a\x00b"])
def test_no_text_breaks_the_workbook(text: str) -> None:
    assert texts(one(text))[1].rstrip(" ") == text.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("letter", ["a", "🍨"])
def test_a_text_that_no_cell_holds_is_cut_and_says_so(letter: str) -> None:
    text = texts(one(letter * 40_000))[1]
    assert text.endswith(CUT)
    assert LONGEST_CELL - 2 < len(text.encode("utf-16-le")) // 2 <= LONGEST_CELL


def test_sheets_get_names_that_excel_takes() -> None:
    hostile = ["a" * 40, "A" * 40, "[x]:*?/\\", "", "'quoted'", "History", "\ud800\x00"]
    data = excel_of([Sheet(name, ["a"], []) for name in hostile])
    names = CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names
    assert names == ["a" * 31, "A" * 29 + " 2", "x", "Sheet", "quoted", "History of runs", "Sheet 2"]


def test_the_header_stays_in_sight() -> None:
    with zipfile.ZipFile(io.BytesIO(excel_of([Sheet("Runs", ["a"], [])], title="=1\x00" * 200))) as parts:
        assert b'state="frozen"' in parts.read("xl/worksheets/sheet1.xml")


def test_a_moment_of_now_is_written_in_utc() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert read(excel_of([Sheet("Runs", ["at"], [[now]])]))[1] == [now.replace(tzinfo=None)]
