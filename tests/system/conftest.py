"""The app as a process of its own, once for all tests that change nothing that others see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.app_process import AppProcess, running_app, start_commands

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=list(start_commands()))
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """Demo mode, on a port that is not the default, under each of the start commands."""
    with running_app(tmp_path_factory.mktemp("started"), command=request.param) as app:
        yield app


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """Demo mode."""
    with running_app(tmp_path_factory.mktemp("demo")) as app:
        yield app
