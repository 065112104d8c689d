"""What goes into a spreadsheet's cell, and how text is kept from being taken for a formula.

Excel, LibreOffice and Google Sheets compute a cell of a CSV file that begins like a formula, whoever wrote it, and
such a formula can fetch addresses and start programs (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | float | Decimal | bool | date | datetime | None
"""What a cell may hold: text of any origin, or a value of ours. None is an empty cell: not known."""

_SKIPPED: Final = r'[^\S\t\n\r]|[\x00-\x08\x0e-\x1f\x7f-\x9f"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]'
"""What a spreadsheet may drop before it looks for a formula; no character at which a cell could begin."""
_FORMULA: Final = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"
_MARKED: Final = re.compile(
    rf"\A(?='|(?:{_SKIPPED})*+(?:{_FORMULA}|[|%\t\n\r])|\x00)|(?<=[;\t\n\r])(?='|(?:{_SKIPPED})*+{_FORMULA})"
)
_MARK: Final = re.compile(r"(?:\A|(?<=[;\t\n\r]))'")


def spreadsheet_cell(text: str) -> str:
    """Text of any origin for a cell of a CSV file: shown as it is, and never computed.

    An apostrophe is put wherever a cell could begin (at the start, and after a line break, a tab or a semicolon, at
    which a spreadsheet of another locale ends a cell) and a formula would follow, also behind white space, in ASCII
    or full-width characters. It is also put before an apostrophe that stands there already, so that ``text_of_cell``
    finds exactly the text again. Takes time in proportion to the length of ``text``.
    """
    return _MARKED.sub("'", text)


def text_of_cell(cell: str) -> str:
    """The text that ``spreadsheet_cell`` was given."""
    return _MARK.sub("", cell)


def looks_like_a_formula(text: str) -> bool:
    """Whether a spreadsheet could compute ``text`` when somebody types it into a cell."""
    return spreadsheet_cell(text) != text


def written_cell(cell: Cell) -> str:
    """A cell as text for a CSV file: numbers without an exponent, moments in UTC (ISO 8601), "" for None."""
    if isinstance(cell, str):
        return spreadsheet_cell(cell)
    if cell is None or not is_finite(cell):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date):
        return (cell.astimezone(UTC) if isinstance(cell, datetime) else cell).isoformat()
    return f"{Decimal(str(cell)):f}"


def is_finite(cell: Cell) -> bool:
    """False for a number that no spreadsheet can hold: infinite, or none at all."""
    return not isinstance(cell, (float, Decimal)) or math.isfinite(cell)
