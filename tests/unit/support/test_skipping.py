"""The rule that a continuous-integration run skips nothing it promises to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAMPLE = """
import pytest

@pytest.mark.postgres
def test_marked():
    pytest.skip("no server")

def test_plain():
    pytest.skip("for another reason")

@pytest.mark.postgres
@pytest.mark.xfail(strict=True)
def test_expected_failure():
    raise AssertionError
"""


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", "2 skipped, 1 xfailed"), ("true", "1 failed, 1 skipped, 1 xfailed")]
)
def test_in_ci_a_skip_of_a_marked_test_is_a_failure(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    postgres: x\n")
    (tmp_path / "conftest.py").write_text(
        "from tests import conftest\nfrom tests.support import needs\n"
        "needs.missing = lambda mark: ''\n"
        "pytest_runtest_makereport = conftest.pytest_runtest_makereport\n"
    )
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ended = subprocess.run(  # noqa: S603 - our own tests
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert outcome in ended.stdout, ended.stdout + ended.stderr
