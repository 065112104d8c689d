"""What the page Compare costs those who do not look at it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_LOOK = """
import sys
import pages.components.{name}
heavy = [name for name in ("pandas", "altair", "scipy", "numpy", "xlsxwriter") if name in sys.modules]
print(",".join(heavy))
"""


def imported_with(name: str) -> str:
    looked = subprocess.run(  # noqa: S603 - this Python, with a program written here
        [sys.executable, "-c", _LOOK.format(name=name)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return looked.stdout.strip()


def test_the_way_from_an_answer_to_compare_imports_nothing_heavy() -> None:
    assert imported_with("prompt.onwards") == ""


def test_the_page_itself_waits_for_tables_and_charts_only_when_there_are_any() -> None:
    for name in (
        "compare.form",
        "compare.bar",
        "compare.live",
        "compare.figures",
        "compare.blind",
        "compare.wording",
    ):
        assert imported_with(name) == "", name
