from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from core.runs.core_loop import CoreLoop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def core_loop() -> Iterator[CoreLoop]:
    loop = CoreLoop()
    yield loop
    loop.close()


async def thread_name() -> str:
    return threading.current_thread().name


def test_all_work_runs_on_one_thread_of_its_own(core_loop: CoreLoop) -> None:
    core_loop.start()
    names = {core_loop.submit(thread_name()).result(5) for _ in range(5)}
    assert names == {"keyless-core-loop"}


def test_starting_twice_keeps_the_one_loop(core_loop: CoreLoop) -> None:
    core_loop.start()
    core_loop.start()
    assert [thread.name for thread in threading.enumerate()].count("keyless-core-loop") == 1


def test_closing_cancels_what_still_runs_and_lets_it_clean_up(core_loop: CoreLoop) -> None:
    core_loop.start()
    begun, cleaned_up = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned_up.set()

    core_loop.submit(work())
    assert begun.wait(5)
    core_loop.close()
    assert cleaned_up.is_set()
    assert not core_loop.is_running


def test_work_for_a_loop_that_does_not_run_is_refused(core_loop: CoreLoop) -> None:
    with pytest.raises(RuntimeError):
        core_loop.submit(thread_name())
    core_loop.start()
    core_loop.close()
    with pytest.raises(RuntimeError):
        core_loop.submit(thread_name())
