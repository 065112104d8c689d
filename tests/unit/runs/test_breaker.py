"""A deployment that fails again and again is left alone for a while, and then tried by one call."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from core.deployments.events import Finished, TextDelta
from core.errors import CallError, OutOfService, RateLimited, RoleMissing, ServiceFailed, TimedOut, Unreachable
from core.runs.answering import Answering, Patience
from core.runs.breaker import MOST_FAILURES, OPEN_FOR, Breakers, BreakerState
from core.storage.records import RunState
from tests.unit.runs.scripted import (
    BOUND_SECONDS,
    FAST,
    NOW,
    OPENED,
    SLOW,
    Pause,
    ScriptedDeployment,
    Tokens,
    answer,
    new_run,
)

if TYPE_CHECKING:
    from core.runs.run import Run


class Clock:
    """A time of day that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> Breakers:
    return Breakers(clock)


def fail(breakers: Breakers, error: CallError, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), breakers.passing(FAST):
            raise error


def succeed(breakers: Breakers) -> None:
    with breakers.passing(FAST) as answers:
        answers()


@pytest.mark.parametrize("error", [ServiceFailed(), Unreachable()])
def test_repeated_failures_open_it_for_this_deployment_alone(breakers: Breakers, error: CallError) -> None:
    fail(breakers, error, MOST_FAILURES - 1)
    assert breakers.state(FAST.id) is BreakerState.CLOSED
    fail(breakers, error)
    assert breakers.state(FAST.id) is BreakerState.OPEN
    with pytest.raises(OutOfService) as refused, breakers.passing(FAST):
        pytest.fail("nothing is sent")
    assert refused.value.title == "Fast has failed 5 times in a row, so nothing is sent to it for 30 s more."
    assert error.title in refused.value.remedy
    assert refused.value.retry_at == NOW + OPEN_FOR
    assert refused.value.retryable
    assert breakers.state(SLOW.id) is BreakerState.CLOSED
    with breakers.passing(SLOW):
        pass
    assert list(breakers.all()) == [FAST.id]


def test_an_answer_in_between_begins_the_count_anew(breakers: Breakers) -> None:
    for _ in range(3):
        fail(breakers, ServiceFailed(), MOST_FAILURES - 1)
        succeed(breakers)
    assert breakers.all() == {}


@pytest.mark.parametrize("error", [RateLimited(), RoleMissing(), TimedOut()])
def test_what_says_nothing_about_the_service_is_not_counted(breakers: Breakers, error: CallError) -> None:
    fail(breakers, error, 2 * MOST_FAILURES)
    assert breakers.all() == {}


class TestHalfOpen:
    @pytest.fixture(autouse=True)
    def _opened_and_over(self, breakers: Breakers, clock: Clock) -> None:
        fail(breakers, ServiceFailed(), MOST_FAILURES)
        clock.now += OPEN_FOR
        assert breakers.state(FAST.id) is BreakerState.HALF_OPEN

    def test_one_call_tries_while_others_are_told_so(self, breakers: Breakers) -> None:
        with breakers.passing(FAST) as answers:
            with pytest.raises(OutOfService) as refused, breakers.passing(FAST):
                pytest.fail("nothing is sent")
            assert "being tried again at this moment" in refused.value.title
            assert refused.value.retry_at is None
            answers()
            assert breakers.state(FAST.id) is BreakerState.CLOSED
            succeed(breakers)
        assert breakers.all() == {}

    def test_a_trial_that_fails_opens_it_again(self, breakers: Breakers, clock: Clock) -> None:
        fail(breakers, ServiceFailed())
        assert breakers.state(FAST.id) is BreakerState.OPEN
        clock.now += OPEN_FOR
        succeed(breakers)
        assert breakers.state(FAST.id) is BreakerState.CLOSED

    @pytest.mark.parametrize("end", [asyncio.CancelledError(), RoleMissing(), TimedOut()])
    def test_a_trial_that_shows_nothing_leaves_it_to_the_next(self, breakers: Breakers, end: BaseException) -> None:
        with pytest.raises(type(end)), breakers.passing(FAST):
            raise end
        assert breakers.state(FAST.id) is BreakerState.HALF_OPEN
        succeed(breakers)
        assert breakers.state(FAST.id) is BreakerState.CLOSED

    def test_of_many_at_once_one_tries(self, breakers: Breakers) -> None:
        entered = ExitStack()

        def enter(_: int) -> bool:
            try:
                entered.enter_context(breakers.passing(FAST))
            except OutOfService:
                return False
            return True

        with ThreadPoolExecutor(8) as pool, entered:
            assert sum(pool.map(enter, range(50))) == 1


def test_a_clock_that_was_set_back_does_not_keep_it_open(breakers: Breakers, clock: Clock) -> None:
    fail(breakers, ServiceFailed(), MOST_FAILURES)
    clock.now -= timedelta(hours=1)
    succeed(breakers)
    assert breakers.state(FAST.id) is BreakerState.CLOSED


class TestRuns:
    async def answered(self, breakers: Breakers, deployment: ScriptedDeployment) -> Run:
        run = new_run()
        patience = Patience(pause_seconds=(0.0, 0.0))
        answering = Answering(
            run, deployment, Tokens(), patience=patience, breakers=breakers, clock=lambda: NOW, grew=lambda: None
        )
        await asyncio.wait_for(answering.answer(), BOUND_SECONDS)
        return run

    async def test_an_open_breaker_fails_at_once_and_nothing_is_sent(self, breakers: Breakers) -> None:
        fail(breakers, ServiceFailed(), MOST_FAILURES)
        deployment = ScriptedDeployment(answer("Melt"))
        stored = (await self.answered(breakers, deployment)).record()
        assert deployment.calls == []
        assert stored.error is not None
        assert (stored.state, stored.error.kind) == (RunState.FAILED, "OutOfService")
        assert stored.error.retry_at == NOW + OPEN_FOR
        assert stored.usage_estimated is False

    async def test_the_failure_that_opens_it_is_told_itself_and_not_tried_again(self, breakers: Breakers) -> None:
        fail(breakers, ServiceFailed(), MOST_FAILURES - 1)
        deployment = ScriptedDeployment([ServiceFailed()])
        stored = (await self.answered(breakers, deployment)).record()
        assert stored.error is not None
        assert (stored.error.kind, len(deployment.calls)) == ("ServiceFailed", 1)
        assert breakers.state(FAST.id) is BreakerState.OPEN

    @pytest.mark.parametrize("end", [[TextDelta("Melt")], [Finished("length", None, "m")]])
    async def test_text_or_a_sound_end_is_an_answer(self, breakers: Breakers, end: list[Finished]) -> None:
        fail(breakers, ServiceFailed(), MOST_FAILURES - 1)
        await self.answered(breakers, ScriptedDeployment([OPENED, *end]))
        assert breakers.all() == {}

    async def test_a_reply_that_was_only_opened_is_none(self, breakers: Breakers) -> None:
        await self.answered(breakers, ScriptedDeployment([OPENED, ServiceFailed()]))
        assert breakers.all()[FAST.id].failures == 1

    async def test_a_trial_that_is_stopped_leaves_it_to_the_next(self, breakers: Breakers, clock: Clock) -> None:
        fail(breakers, ServiceFailed(), MOST_FAILURES)
        clock.now += OPEN_FOR
        pause = Pause()
        stopped = asyncio.create_task(self.answered(breakers, ScriptedDeployment([OPENED, pause])))
        await asyncio.to_thread(pause.wait_until_reached)
        stored = (await self.answered(breakers, ScriptedDeployment(answer("Melt")))).record()
        assert stored.error is not None
        assert "being tried again" in stored.error.title
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        assert (await self.answered(breakers, ScriptedDeployment(answer("Melt")))).text == "Melt"
