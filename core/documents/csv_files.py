"""CSV files that open well in a spreadsheet and compute nothing."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from core.documents.cells import written_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.documents.cells import Cell

CSV_MIME: Final = "text/csv; charset=utf-8"


def csv_of(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file (RFC 4180): UTF-8 with a byte order mark, which tells Excel so; CRLF; every cell in quotes.

    Text goes through ``spreadsheet_cell``; half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([written_cell(name) for name in header])
    writer.writerows([written_cell(cell) for cell in row] for row in rows)
    return encoded(file.getvalue(), "utf-8-sig")


def encoded(text: str, encoding: str = "utf-8") -> bytes:
    """Text as bytes; half a surrogate pair becomes U+FFFD."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.encode(encoding)
