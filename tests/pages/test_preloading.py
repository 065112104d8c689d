"""The first visitor of a page waits for no import of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_AFTERWARDS = """
import sys
from pages.components.preloading import preload
preload()
print(*(name for name in sys.modules if name.split(".")[0] in ("pages", "pandas", "altair", "xlsxwriter")))
"""


def test_after_preloading_every_component_is_there_and_nothing_that_only_charts_and_tables_need() -> None:
    looked = subprocess.run(  # noqa: S603 - this Python, with a program written here
        [sys.executable, "-c", _AFTERWARDS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    components = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "pages" / "components").rglob("*.py")]
    assert len(components) > 1
    assert set(looked.stdout.split()) == {
        "pages",
        *(".".join(path.parts).removesuffix(".__init__") for path in components),
    }
