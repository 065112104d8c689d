"""Runs the benchmarks that are named, or all, and writes the table: ``python -m tests.benchmarks [part ...]``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks import answers, columns, sessions, starts, tokens
from tests.benchmarks.table import keep, write_table

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS: Final[dict[str, Callable[[Path, int], dict[str, Any]]]] = {
    "answers": answers.measure,
    "bytes": answers.measure_bytes,
    "columns": columns.measure,
    "sessions": sessions.measure,
    "starts": starts.measure,
    "tokens": tokens.measure,
}


def main() -> None:
    """Measure part by part; what was measured before stays in the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="left out: all")
    parser.add_argument("--rounds", type=int, default=11)
    given = parser.parse_args()
    for part in given.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            keep(part, PARTS[part](Path(folder), given.rounds))
    write_table()


if __name__ == "__main__":
    main()
