"""Excel workbooks: numbers are numbers, moments are moments, and text is never a formula or a link."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from core.documents.cells import is_finite, looks_like_a_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from core.documents.cells import Cell

EXCEL_MIME: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL: Final = 32_767
"""UTF-16 units; https://support.microsoft.com/office/excel-specifications-and-limits"""
CUT: Final = " … [cut: a cell of Excel holds no more]"
MOST_ROWS: Final = 1_048_576

_LONGEST_SHEET_NAME: Final = 31
_FORBIDDEN_IN_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_UNSENDABLE: Final = re.compile("[\ud800-\udfff]")
_EXACT_DIGITS: Final = 15
_NARROWEST, _WIDEST = 8, 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: ``header`` is its first row and stays in sight. ``name`` is shortened to what Excel takes."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def excel_of(sheets: Sequence[Sheet], *, title: str = "") -> bytes:
    """A workbook with these sheets, in their order.

    Moments are written in UTC, because Excel knows no time zones. A text longer than ``LONGEST_CELL`` is cut and
    says so; a whole number of more than 15 digits is written as text, or Excel would round it; a number that is none
    leaves its cell empty.
    """
    import xlsxwriter

    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as workbook:
        workbook.set_properties({"title": _text(title)[:255], "author": "Keyless"})
        formats = _Formats.of(workbook)
        taken: set[str] = set()
        for sheet in sheets:
            _write(workbook.add_worksheet(_sheet_name(sheet.name, taken)), sheet, formats)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Formats:
    header: Format
    text: Format
    formula_like: Format
    moment: Format
    day: Format

    @classmethod
    def of(cls, workbook: Workbook) -> _Formats:
        text = {"text_wrap": True, "valign": "top"}
        return cls(
            workbook.add_format({"bold": True, "valign": "top", "text_wrap": True, "bottom": 1}),
            workbook.add_format(text),
            # Else the text would become a formula when somebody edits the cell and leaves it as it is.
            workbook.add_format({**text, "quote_prefix": True}),
            workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top", "align": "left"}),
            workbook.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"}),
        )


def _write(worksheet: Worksheet, sheet: Sheet, formats: _Formats) -> None:
    rows = sheet.rows[: MOST_ROWS - 1]
    for column, name in enumerate(sheet.header):
        worksheet.write_string(0, column, _text(name), formats.header)
        shown = [name, *("" if row[column] is None else str(row[column]) for row in rows[:200] if column < len(row))]
        longest = max((len(line) for text in shown for line in text[:1000].splitlines()), default=0)
        worksheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            _write_cell(worksheet, number, column, cell, formats)
    worksheet.freeze_panes(1, 0)
    if sheet.header:
        worksheet.autofilter(0, 0, max(len(rows), 1), len(sheet.header) - 1)


def _write_cell(worksheet: Worksheet, row: int, column: int, cell: Cell, formats: _Formats) -> None:
    if cell is None or not is_finite(cell):
        return
    if isinstance(cell, bool):
        worksheet.write_boolean(row, column, cell, formats.text)
    elif isinstance(cell, datetime):
        worksheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), formats.moment)
    elif isinstance(cell, date):
        worksheet.write_datetime(row, column, cell, formats.day)
    elif isinstance(cell, str) or (isinstance(cell, int) and len(str(abs(cell))) > _EXACT_DIGITS):
        text = _text(str(cell))
        worksheet.write_string(
            row, column, text, formats.formula_like if looks_like_a_formula(text) else formats.text
        )
    else:
        worksheet.write_number(row, column, cell, formats.text)


def _text(text: str) -> str:
    """Text that a cell holds; the writer itself spells control characters as Excel does (``_x0007_``)."""
    text = _UNSENDABLE.sub("\ufffd", text)
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter 3.3 takes such a text for its own markup and would not escape it.
    if len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        kept = text.encode("utf-16-le")[: (LONGEST_CELL - len(CUT)) * 2]
        text = kept.decode("utf-16-le", "ignore") + CUT
    return text


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes and that no other sheet has; it tells them apart by letters, not by their case."""
    clean = (
        _FORBIDDEN_IN_NAME.sub(" ", _UNSENDABLE.sub(" ", name)).strip().strip("'")[:_LONGEST_SHEET_NAME] or "Sheet"
    )
    clean = clean if clean.lower() != "history" else "History of runs"  # Excel keeps this name for itself.
    unique, number = clean, 2
    while unique.lower() in taken:
        ending = f" {number}"
        unique, number = clean[: _LONGEST_SHEET_NAME - len(ending)] + ending, number + 1
    taken.add(unique.lower())
    return unique
