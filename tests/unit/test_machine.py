"""What the machine gives too little of is said in a sentence, or stops the start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Final

import pytest

from core.machine import FILES_WANTED, shortages

ROOT: Final = Path(__file__).parents[2]
Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil gives it

LIMITED: Final = """
import resource, sys
from pathlib import Path
from core.machine import raise_open_files, shortages
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
for problem in raise_open_files():
    print("problem", problem.name, problem.what, problem.remedy)
print("limit", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
for sentence in shortages(Path("requirements.txt"), Path("no such folder")):
    print("shortage", sentence)
"""


def under_limits(soft: int, hard: int) -> str:
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", LIMITED, str(soft), str(hard)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of open files")


def test_the_limit_of_open_files_is_raised_as_far_as_it_may_be() -> None:
    assert under_limits(300, 1000).splitlines()[0] == "limit 1000"


def test_few_open_files_are_told_with_the_number_of_tabs_they_are_enough_for() -> None:
    said = under_limits(300, 1000)
    assert "shortage The limit of open files is enough for 218 open tabs" in said
    assert f"ulimit -n {FILES_WANTED}" in said


def test_too_few_open_files_are_refused_by_name() -> None:
    assert "problem ulimit -n lets the process open 200 files" in under_limits(200, 200)


def test_a_nearly_full_disk_is_told_with_its_folder(
    tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 999_000_000, 999_000_000))
    assert [said for said in shortages(requirements, tmp_path) if "999 MB" in said and str(tmp_path) in said]


def test_a_library_of_another_version_is_told_with_both(tmp_path: Path, requirements: Path) -> None:
    requirements.write_text(
        "# The app\nstreamlit==1.2.3\nopenai==0.0.1; python_version > '3'\nnot-there==1\n\n"
        "# The tests\npytest==0.0.1\n"
    )
    said = list(shortages(requirements, tmp_path))
    assert [text.split(" ")[0] for text in said] == ["streamlit", "openai"]
    assert all("pip install -r requirements.txt" in text for text in said)
    assert "tested with 1.2.3" in said[0]


def test_what_is_pinned_here_is_what_is_installed_here() -> None:
    assert [said for said in shortages(ROOT / "requirements.txt", ROOT) if "installed" in said] == []
