from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.deployments.events import Finished, Notice, TextDelta
from core.deployments.parameters import Parameters
from core.errors import (
    AccessBlocked,
    KeylessError,
    PromptFiltered,
    RateLimited,
    RoleMissing,
    ServiceFailed,
    SignInAgain,
    TimedOut,
    UnexpectedReply,
    Unreachable,
)
from core.runs.answering import Answering, Patience
from core.runs.breaker import Breakers
from core.runs.run_view import HELD_UP
from core.storage.records import RunState
from tests.unit.runs.scripted import (
    BOUND_SECONDS,
    NOW,
    OPENED,
    Pause,
    ScriptedDeployment,
    Tokens,
    answer,
    call,
    finished,
    new_run,
)

if TYPE_CHECKING:
    from core.runs.run import Run

AT_ONCE = Patience(pause_seconds=(0.0, 0.0))


def busy(retry_after_seconds: float | None = None) -> RateLimited:
    error = RateLimited()
    error.retry_after_seconds = retry_after_seconds
    return error


def answering(run: Run, deployment: ScriptedDeployment, patience: Patience = AT_ONCE) -> Answering:
    return Answering(
        run,
        deployment,
        Tokens(),
        patience=patience,
        breakers=Breakers(lambda: NOW),
        clock=lambda: NOW,
        grew=lambda: None,
    )


async def answered(deployment: ScriptedDeployment, patience: Patience = AT_ONCE, limit: int | None = None) -> Run:
    run = new_run(asked=call(parameters=Parameters(max_output_tokens=limit)))
    await asyncio.wait_for(answering(run, deployment, patience).answer(), BOUND_SECONDS)
    return run


async def until_waiting(run: Run) -> None:
    while run.view().waiting_until is None:
        await asyncio.to_thread(run.wait_beyond, run.view().version, BOUND_SECONDS)


async def test_an_answer_is_complete_with_text_model_usage_and_request_id() -> None:
    stored = (await answered(ScriptedDeployment(answer("Melt ", "with joy")))).record()
    assert (stored.state, stored.text) == (RunState.COMPLETE, "Melt with joy")
    assert (stored.model, stored.region, stored.request_id) == ("gpt-fast-0101", "swedencentral", "request-1")
    assert (stored.input_tokens, stored.usage_estimated) == (10, False)


@pytest.mark.parametrize("error", [busy(), busy(0.0), ServiceFailed(), Unreachable()])
async def test_a_passing_failure_is_tried_once_more(error: KeylessError) -> None:
    deployment = ScriptedDeployment([error], answer("Melt"))
    run = await answered(deployment)
    assert (run.view().state, run.view().attempt, len(deployment.calls)) == (RunState.COMPLETE, 2, 2)


@pytest.mark.parametrize("error", [busy(), ServiceFailed(), Unreachable()])
async def test_there_are_two_tries_in_all(error: KeylessError) -> None:
    deployment = ScriptedDeployment([error])
    run = await answered(deployment)
    assert len(deployment.calls) == 2
    assert run.view().state is RunState.FAILED
    assert run.record().error is not None


@pytest.mark.parametrize(
    "error",
    [TimedOut(), RoleMissing(), AccessBlocked(), UnexpectedReply(), SignInAgain(), Unreachable(retryable=False)],
)
async def test_a_failure_that_stays_or_has_had_its_time_is_not_tried_again(error: KeylessError) -> None:
    deployment = ScriptedDeployment([error])
    run = await answered(deployment)
    assert len(deployment.calls) == 1
    stored = run.record()
    assert stored.error is not None
    assert (stored.state, stored.error.kind) == (RunState.FAILED, type(error).__name__)


@pytest.mark.parametrize("arrived", [[OPENED], [OPENED, TextDelta("Melt")]])
async def test_nothing_is_tried_again_once_something_has_arrived(arrived: list[TextDelta]) -> None:
    deployment = ScriptedDeployment([*arrived, ServiceFailed()], answer("Again"))
    run = await answered(deployment)
    assert len(deployment.calls) == 1
    assert run.text == "".join(event.text for event in arrived[1:])
    assert run.view().state is (RunState.INTERRUPTED if run.text else RunState.FAILED)


async def test_a_wait_is_visible_with_its_end_and_can_be_stopped() -> None:
    deployment = ScriptedDeployment([busy(15)])
    run = new_run()
    task = asyncio.create_task(answering(run, deployment).answer())
    await asyncio.wait_for(until_waiting(run), BOUND_SECONDS)
    assert run.view().waiting_until == NOW + timedelta(seconds=15)
    assert run.cancel()
    assert run.view().waiting_until is None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(deployment.calls) == 1
    assert run.view().state is RunState.CANCELLED


async def test_a_wait_of_more_than_twenty_seconds_is_said_and_not_waited() -> None:
    deployment = ScriptedDeployment([busy(120)])
    run = await answered(deployment)
    told = run.record().error
    assert told is not None
    assert len(deployment.calls) == 1
    assert told.retry_at == NOW + timedelta(seconds=120)


@pytest.mark.parametrize("seconds", [86_400.0, 90_000.0, 1e300])
async def test_a_wait_of_days_is_said_without_a_time(seconds: float) -> None:
    told = (await answered(ScriptedDeployment([busy(seconds)]))).record().error
    assert told is not None
    assert told.kind == "RateLimited"
    assert told.retry_at is None
    assert "asks to wait for a day or more" in told.remedy


async def test_after_the_second_refusal_the_time_to_wait_is_said() -> None:
    run = await answered(ScriptedDeployment([busy()], [busy(10)]))
    told = run.record().error
    assert told is not None
    assert told.retry_at == NOW + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("texts", "state", "title"),
    [
        (("Melt ", "with"), RunState.INTERRUPTED, "The answer broke off before it was complete."),
        ((), RunState.FAILED, "The deployment ended the call without an answer."),
    ],
)
@pytest.mark.parametrize("end", [[Finished(None, None, "m")], []])
async def test_an_end_without_a_reason_is_never_complete(
    texts: tuple[str, ...], state: RunState, title: str, end: list[Finished]
) -> None:
    stored = (await answered(ScriptedDeployment([OPENED, *map(TextDelta, texts), *end]))).record()
    assert stored.error is not None
    assert (stored.state, stored.text, stored.error.title) == (state, "".join(texts), title)
    assert stored.error.retryable


async def test_an_answer_cut_at_the_limit_is_complete_and_says_that_it_was_cut() -> None:
    run = await answered(ScriptedDeployment([TextDelta("Melt"), finished("length")]), limit=100)
    assert run.view().state is RunState.COMPLETE
    assert run.view().notices == ("The answer was cut at the limit of 100 tokens.",)


async def test_a_limit_used_up_by_thinking_is_explained() -> None:
    run = await answered(ScriptedDeployment([OPENED, finished("length")]), limit=16)
    assert run.view().state is RunState.COMPLETE
    assert "Thinking used up the limit of 16 tokens" in run.view().notices[0]


async def test_an_answer_ended_by_the_filter_is_filtered_and_names_the_category() -> None:
    end = Finished("content_filter", None, "m", filtered=("violence (high severity)",))
    run = await answered(ScriptedDeployment([TextDelta("Melt"), end]))
    assert (run.view().state, run.text) == (RunState.FILTERED, "Melt")
    assert run.view().notices == ("The content filter ended this answer: violence (high severity).",)


async def test_an_answer_ended_for_the_prompts_sake_says_so() -> None:
    end = Finished("content_filter", None, "m", filtered_prompt=("jailbreak",))
    run = await answered(ScriptedDeployment([TextDelta("Melt"), end]))
    assert run.view().notices == ("The content filter objected to the prompt: jailbreak.",)


async def test_a_filter_that_strikes_in_the_middle_is_filtered_and_keeps_the_text() -> None:
    deployment = ScriptedDeployment([OPENED, TextDelta("Melt"), PromptFiltered()])
    run = await answered(deployment)
    assert (run.view().state, run.text, len(deployment.calls)) == (RunState.FILTERED, "Melt", 1)


async def test_an_empty_answer_says_so() -> None:
    run = await answered(ScriptedDeployment(answer()))
    assert run.view().state is RunState.COMPLETE
    assert run.view().notices == ("The deployment's answer is empty.",)


async def test_a_notice_of_the_call_is_passed_on_and_is_no_answer() -> None:
    deployment = ScriptedDeployment([Notice("Without temperature."), Unreachable()], answer("Melt"))
    run = await answered(deployment)
    assert run.view().notices == ("Without temperature.", HELD_UP)
    assert run.view().state is RunState.COMPLETE


@pytest.mark.parametrize(("texts", "state"), [(["Melt"], RunState.INTERRUPTED), ([], RunState.FAILED)])
async def test_an_answer_that_never_ends_is_stopped_at_the_total_deadline(texts: list[str], state: RunState) -> None:
    deployment = ScriptedDeployment([OPENED, *map(TextDelta, texts), Pause()])
    run = await answered(deployment, Patience(total_seconds=0.05))
    stored = run.record()
    assert stored.error is not None
    assert (stored.state, stored.text, stored.error.kind) == (state, "".join(texts), "TimedOut")
    assert deployment.hung_up.is_set()
    assert len(deployment.calls) == 1


async def test_the_deadline_holds_over_both_tries_and_the_wait_between() -> None:
    deployment = ScriptedDeployment([busy(15)], answer("Melt"))
    run = await answered(deployment, Patience(total_seconds=0.05))
    stored = run.record()
    assert stored.error is not None
    assert (stored.state, stored.error.kind, len(deployment.calls)) == (RunState.FAILED, "TimedOut", 1)
