"""The tools that judge the code itself run with the tests, so that one command says whether all is well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TOOLS: Final = {
    "ruff_finds_nothing": ("-m", "ruff", "check", "."),
    "the_code_is_formatted": ("-m", "ruff", "format", "--check", "."),
    "mypy_strict_finds_nothing": ("-m", "mypy"),
    "imports_run_the_agreed_way": ("-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_tools_agree_that(tool: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own tools with fixed arguments
        [sys.executable, *TOOLS[tool]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
