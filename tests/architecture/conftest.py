"""The tools that judge the code work beside the other tests, on the processor that those leave idle."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TOOLS: Final = {
    "ruff_finds_nothing": ("-m", "ruff", "check", "."),
    "the_code_is_formatted": ("-m", "ruff", "format", "--check", "."),
    "imports_run_the_agreed_way": ("-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
    "mypy_strict_finds_nothing": ("-m", "mypy"),
}


class AtWork:
    """Tools that were set to work, one after the other."""

    def __init__(self, tools: list[str]) -> None:
        self._one_by_one = ThreadPoolExecutor(1, thread_name_prefix="tools")
        self._running: subprocess.Popen[str] | None = None
        self._verdicts = {tool: self._one_by_one.submit(self._judge, tool) for tool in tools}

    def verdict(self, tool: str) -> tuple[int, str]:
        """Wait for its exit code and what it printed."""
        return self._verdicts[tool].result()

    def stop(self) -> None:
        """Nobody will ask any more."""
        self._one_by_one.shutdown(wait=False, cancel_futures=True)
        if self._running is not None:
            self._running.kill()

    def _judge(self, tool: str) -> tuple[int, str]:
        with subprocess.Popen(  # noqa: S603 - our own tools with fixed arguments
            [sys.executable, *TOOLS[tool]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as self._running:
            printed, _ = self._running.communicate()
        return self._running.returncode, printed


AT_WORK: Final = pytest.StashKey[AtWork]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Set to work the tools that will be asked."""
    functions = [item for item in session.items if isinstance(item, pytest.Function)]
    asked = [str(item.callspec.params["tool_verdict"]) for item in functions if "tool_verdict" in item.fixturenames]
    if asked and not session.config.option.collectonly:
        session.config.stash[AT_WORK] = AtWork(asked)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave none behind when the tests end early."""
    if at_work := session.config.stash.get(AT_WORK, None):
        at_work.stop()


@pytest.fixture(params=TOOLS)
def tool_verdict(request: pytest.FixtureRequest) -> tuple[int, str]:
    """The exit code of a tool and what it printed."""
    return request.config.stash[AT_WORK].verdict(request.param)
