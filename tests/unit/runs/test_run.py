from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from core.deployments.events import Usage
from core.errors import PromptFiltered, ServiceFailed, TimedOut
from core.runs.watching import Watcher
from core.storage.records import RunState
from tests.unit.runs.scripted import BOUND_SECONDS, NOW, Ticks, call, new_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.runs.run import Run


def test_a_run_waits_then_streams_then_is_complete() -> None:
    run = new_run()
    assert (run.view().state, run.view().text) == (RunState.RUNNING, "")
    run.add_text("Melt ")
    run.add_text("with joy")
    assert (run.view().state, run.view().text) == (RunState.RUNNING, "Melt with joy")
    run.finish("stop", Usage(10, 20, 5), "gpt-fast-0101")
    view = run.view()
    assert (view.state, view.text, view.finished) == (RunState.COMPLETE, "Melt with joy", True)
    assert (view.record.model, view.record.finish_reason) == ("gpt-fast-0101", "stop")
    assert (view.record.input_tokens, view.record.output_tokens, view.record.reasoning_tokens) == (10, 20, 5)
    assert not view.record.usage_estimated
    assert view.record.cost_usd == Decimal("0.00005")


def test_a_stop_is_a_stop_and_later_words_and_ends_are_ignored() -> None:
    run = new_run()
    run.add_text("Melt")
    assert run.cancel()
    run.add_text(" with joy")
    assert not run.finish("stop", Usage(1, 1), "m")
    assert not run.fail(TimedOut())
    assert not run.cancel()
    assert (run.view().state, run.view().text) == (RunState.CANCELLED, "Melt")


@pytest.mark.parametrize("_round", range(20))
def test_whoever_ends_a_run_first_ends_it_and_nobody_else_does(_round: int) -> None:
    run = new_run()
    ways: list[Callable[[], bool]] = [
        run.cancel,
        lambda: run.finish("stop", None, ""),
        lambda: run.fail(ServiceFailed()),
        lambda: run.interrupt(ServiceFailed()),
    ] * 2
    start = threading.Barrier(len(ways))

    def end(way: Callable[[], bool]) -> bool:
        start.wait()
        return way()

    with ThreadPoolExecutor(len(ways)) as pool:
        won = list(pool.map(end, ways))
    assert won.count(True) == 1
    expected = [RunState.CANCELLED, RunState.COMPLETE, RunState.FAILED, RunState.INTERRUPTED]
    assert run.view().state is expected[won.index(True) % 4]
    assert run.ended.done()


def test_a_failure_after_some_text_is_an_interruption_that_keeps_it() -> None:
    run = new_run()
    run.add_text("Melt")
    error = ServiceFailed("The service failed.", "Try again.", command="az", detail="HTTP 500")
    run.fail(error)
    told = run.view().error
    assert told is not None
    assert (run.view().state, run.text) == (RunState.INTERRUPTED, "Melt")
    assert (told.title, told.remedy, told.command, told.reference, told.retryable, told.kind) == (
        "The service failed.",
        "Try again.",
        "az",
        error.reference,
        True,
        "ServiceFailed",
    )


def test_a_failure_without_any_text_costs_nothing_that_is_known() -> None:
    run = new_run()
    run.fail(ServiceFailed())
    stored = run.record()
    assert stored.state is RunState.FAILED
    assert (stored.input_tokens, stored.output_tokens, stored.cost_usd) == (None, None, None)
    assert not stored.usage_estimated


def test_a_filtered_prompt_and_a_filtered_answer_are_both_filtered() -> None:
    prompt, answer = new_run(), new_run()
    prompt.fail(PromptFiltered())
    answer.add_text("Melt")
    answer.finish("content_filter", None, "")
    assert prompt.view().state is answer.view().state is RunState.FILTERED
    assert prompt.view().error is not None
    assert answer.record().usage_estimated


def test_a_cancelled_run_estimates_its_usage_and_says_so() -> None:
    run = new_run(asked=call("x" * 400))
    run.add_text("y" * 40)
    run.cancel()
    stored = run.record()
    assert stored.usage_estimated
    assert (stored.input_tokens, stored.output_tokens) == (104, 10)
    assert stored.cost_usd == Decimal("0.000124")


def test_a_run_cancelled_while_the_deployment_refuses_calls_has_used_nothing() -> None:
    run = new_run()
    run.wait_until(NOW)
    run.cancel()
    stored = run.record()
    assert (stored.input_tokens, stored.output_tokens, stored.usage_estimated) == (0, 0, True)
    assert run.view().waiting_until is None


def test_an_answer_without_a_count_is_estimated_and_says_so() -> None:
    run = new_run()
    run.add_text("y" * 40)
    run.finish("stop", None, "")
    assert run.record().usage_estimated
    assert run.record().output_tokens == 10
    assert run.record().model == "gpt-fast"


def test_time_to_the_first_token_is_taken_at_the_first_text_and_total_at_the_end() -> None:
    ticks = Ticks()
    run = new_run(ticks=ticks)
    ticks.now += 1
    run.opened(model="", region="", identity="", request_id="r")
    run.add_text("")
    assert run.view().first_token_seconds is None
    ticks.now += 0.5
    run.add_text("Melt")
    ticks.now += 1
    run.add_text("!")
    assert run.view().first_token_seconds == pytest.approx(1.5)
    assert run.view().elapsed_seconds == pytest.approx(2.5)
    run.finish("stop", None, "")
    ticks.now += 100
    assert run.view().elapsed_seconds == pytest.approx(2.5)
    assert run.record().total_seconds == pytest.approx(2.5)


def test_every_change_is_a_new_version_and_a_look_changes_nothing() -> None:
    run = new_run()
    versions = [run.view().version]
    for change in (
        lambda: run.attempt(2),
        lambda: run.wait_until(NOW),
        lambda: run.opened(model="m", region="r", identity="i", request_id="id"),
        lambda: run.add_text("Melt"),
        lambda: run.add_notice("Cut."),
        run.cancel,
        lambda: run.remove_notice("Cut."),
    ):
        change()
        versions.append(run.view().version)
    assert versions == sorted(set(versions))
    assert run.view().version == versions[-1]


def waiting(run: Run, version: int) -> tuple[threading.Thread, list[int]]:
    seen: list[int] = []

    thread = threading.Thread(target=lambda: seen.append(run.wait_beyond(version, 10 * BOUND_SECONDS)), daemon=True)
    thread.start()
    return thread, seen


def test_the_first_words_wake_every_thread_that_waits() -> None:
    run = new_run()
    threads = [waiting(run, 0) for _ in range(100)]
    run.add_text("Melt")
    for thread, _ in threads:
        thread.join(BOUND_SECONDS)
        assert not thread.is_alive()
    assert [seen for _, seen in threads] == [[1]] * 100


def test_waiting_returns_at_once_for_what_is_old_and_after_the_end() -> None:
    run = new_run()
    run.add_text("Melt")
    assert run.wait_beyond(0, BOUND_SECONDS) == 1
    assert run.wait_beyond(1, 0.01) == 1
    run.cancel()
    assert run.wait_beyond(2, BOUND_SECONDS) == 2


async def test_following_gives_every_character_once_and_ends_with_the_run() -> None:
    run = new_run()
    run.add_text("Melt ")
    texts = [f"{number} " for number in range(2_000)]

    def write() -> None:
        for text in texts:
            run.add_text(text)
        run.finish("stop", None, "")

    writer = threading.Thread(target=write)
    parts: list[tuple[int, str]] = []
    async with asyncio.timeout(BOUND_SECONDS):
        async for offset, text in run.follow():
            if not parts:
                writer.start()
            parts.append((offset, text))
    writer.join()
    assert "".join(text for _, text in parts) == "Melt " + "".join(texts) == run.text
    assert all(offset == sum(len(t) for _, t in parts[:i]) for i, (offset, _) in enumerate(parts))


async def test_following_can_begin_where_it_was_left() -> None:
    run = new_run()
    run.add_text("Melt with joy")
    run.cancel()
    assert [part async for part in run.follow(5)] == [(5, "with joy")]
    assert [part async for part in run.follow(13)] == []


def test_waking_a_task_whose_loop_has_ended_disturbs_nobody() -> None:
    async def watcher() -> Watcher:
        return Watcher()

    asyncio.run(watcher()).wake()


def test_a_notice_is_said_once() -> None:
    run = new_run()
    run.add_notice("Cut.")
    run.add_notice("Cut.")
    assert run.view().notices == ("Cut.",)
