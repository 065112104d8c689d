from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from core.errors import KeylessError, ServiceFailed
from core.runs.live_runs import Bounds, LiveRuns
from core.storage.records import RunState
from tests.unit.runs.scripted import (
    ANNA,
    BERT,
    BOUND_SECONDS,
    OPENED,
    Pause,
    ScriptedDeployment,
    Tokens,
    answer,
    call,
    record,
)

if TYPE_CHECKING:
    from core.identity.user import User
    from core.runs.core_loop import CoreLoop
    from core.runs.run import Run
    from core.storage.records import Owner, RunRecord


class Rows:
    """Keeps the last state of each run; ends are stored only while ``works``."""

    def __init__(self) -> None:
        self.rows: dict[str, RunRecord] = {}
        self.stored = threading.Condition()

    def start_run(self, owner: Owner, run: RunRecord) -> None:  # noqa: ARG002 - the store's signature
        self.rows[run.id] = run

    def save_progress(self, run_id: str, text: str) -> Future[bool]:  # noqa: ARG002 - the store's signature
        done: Future[bool] = Future()
        done.set_result(True)
        return done

    def finish_run(self, run: RunRecord) -> Future[bool]:
        with self.stored:
            self.rows[run.id] = run
            self.stored.notify_all()
        done: Future[bool] = Future()
        done.set_result(True)
        return done

    def wait_until_stored(self, run: Run) -> RunRecord:
        def is_stored() -> bool:
            return self.rows[run.id].state is not RunState.RUNNING

        with self.stored:
            assert self.stored.wait_for(is_stored, BOUND_SECONDS)
        return self.rows[run.id]


@pytest.fixture
def rows() -> Rows:
    return Rows()


def begin(live: LiveRuns, user: User = ANNA, conversation: str = "c", run: str = "r", session: str = "s") -> Run:
    with live.place(user.key, conversation) as place:
        begun = record(run, conversation_id=conversation)
        return live.start(place, begun, call(), Tokens(), session_id=session)


def never_ending() -> ScriptedDeployment:
    return ScriptedDeployment([OPENED, Pause()])


def test_a_run_is_answered_stored_and_logged_without_what_was_said(
    core_loop: CoreLoop, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    live = LiveRuns(core_loop, rows, ScriptedDeployment(answer("Melt with joy")))
    stored = rows.wait_until_stored(begin(live))
    live.drain(BOUND_SECONDS)
    assert (stored.state, stored.text) == (RunState.COMPLETE, "Melt with joy")
    (line,) = [each.getMessage() for each in caplog.records if each.name == "core.runs.live_runs"]
    for expected in ("run r: outcome=complete", "deployment=lab/fast", "input_tokens=10", "request=request-1"):
        assert expected in line
    for secret in ("Melt", "tagline", "anna"):
        assert secret not in caplog.text


def test_a_failure_is_logged_with_its_reference(
    core_loop: CoreLoop, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    error = ServiceFailed(retryable=False, detail="HTTP 500 code=Oops")
    live = LiveRuns(core_loop, rows, ScriptedDeployment([error]))
    begin(live)
    live.drain(BOUND_SECONDS)
    assert f"reference={error.reference} HTTP 500 code=Oops" in caplog.text


def test_what_nobody_foresaw_ends_the_run_and_tells_only_its_kind(
    core_loop: CoreLoop, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    run = begin(LiveRuns(core_loop, rows, ScriptedDeployment([ValueError("bearer-abc")])))
    stored = rows.wait_until_stored(run)
    assert stored.error is not None
    assert (stored.state, stored.error.kind) == (RunState.FAILED, "KeylessError")
    assert "ValueError" in caplog.text
    assert stored.error.reference in caplog.text
    assert "bearer-abc" not in caplog.text


def test_even_the_death_of_a_task_ends_its_run(core_loop: CoreLoop, rows: Rows) -> None:
    class StopEverything(BaseException):
        pass

    stored = rows.wait_until_stored(begin(LiveRuns(core_loop, rows, ScriptedDeployment([StopEverything()]))))
    assert stored.state is RunState.FAILED


def test_a_stop_hangs_up_and_is_stored(core_loop: CoreLoop, rows: Rows) -> None:
    deployment = ScriptedDeployment([*answer("Melt")[:2], pause := Pause()])
    run = begin(LiveRuns(core_loop, rows, deployment))
    pause.wait_until_reached()
    run.cancel()
    assert run.finished
    stored = rows.wait_until_stored(run)
    assert (stored.state, stored.text, stored.usage_estimated) == (RunState.CANCELLED, "Melt", True)
    assert deployment.hung_up.wait(1)


def test_a_run_is_found_by_its_owner_alone(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending())
    run = begin(live)
    assert live.find(ANNA.key, "r") is run
    assert live.find(BERT.key, "r") is None
    assert live.find(ANNA.key, "other") is None
    assert live.of_conversation(ANNA.key, "c") is run
    assert live.of_conversation(BERT.key, "c") is None
    run.cancel()
    assert live.of_conversation(ANNA.key, "c") is None
    assert live.find(ANNA.key, "r") is run


def test_a_run_is_forgotten_some_time_after_it_was_stored(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, ScriptedDeployment(answer("Melt")), kept_seconds=0)
    rows.wait_until_stored(begin(live))
    asked_again = threading.Event()
    for _ in range(1_000):
        if live.find(ANNA.key, "r") is None:
            return
        asked_again.wait(0.005)
    pytest.fail("the run is still in memory")


def test_what_has_ended_is_dropped_first_when_memory_is_full(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending(), bounds=Bounds(in_memory=2))
    for name in ("1", "2", "3"):
        run = begin(live, conversation=name, run=name)
        if name != "1":
            run.cancel()
            run.put_away.result(BOUND_SECONDS)
    assert [name for name in ("1", "2", "3") if live.find(ANNA.key, name)] == ["1", "3"]


def test_a_conversation_is_answered_once_at_a_time(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending())
    run = begin(live)
    with pytest.raises(KeylessError, match="still being answered"):
        begin(live, run="r2")
    begin(live, conversation="other", run="r3")
    run.cancel()
    begin(live, run="r2")


def test_of_fifty_prompts_at_once_exactly_twenty_four_go_out(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending())
    start = threading.Barrier(50)

    def press_run(number: int) -> str:
        start.wait()
        try:
            begin(live, conversation=str(number), run=str(number))
        except KeylessError as error:
            return error.title
        return "started"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(press_run, range(50)))
    assert outcomes.count("started") == 24 == len(rows.rows)
    assert set(outcomes) - {"started"} == {
        "24 of your prompts are being answered at the moment, and 24 at once are the most."
    }
    begin(live, BERT, run="bert")


def test_the_process_has_a_bound_too(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending(), bounds=Bounds(of_all=1))
    begin(live)
    with pytest.raises(KeylessError, match="as many prompts as it can"):
        begin(live, BERT, run="bert")


def test_a_place_that_is_not_used_is_given_back(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending(), bounds=Bounds(of_one_person=1))
    with pytest.raises(ZeroDivisionError), live.place(ANNA.key, "c"):
        raise ZeroDivisionError
    begin(live)


def test_the_end_of_a_session_stops_what_was_asked_in_it(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending())
    mine = begin(live, conversation="1", run="1", session="leaving")
    elsewhere = begin(live, conversation="2", run="2", session="staying")
    assert live.cancel_session("leaving") == 1
    assert (mine.view().state, elsewhere.view().state) == (RunState.CANCELLED, RunState.RUNNING)
    assert live.cancel_session("leaving") == 0


def test_revoking_a_person_stops_all_they_asked_and_nobody_else(core_loop: CoreLoop, rows: Rows) -> None:
    live = LiveRuns(core_loop, rows, never_ending())
    annas = [begin(live, conversation=name, run=name, session=name) for name in ("1", "2")]
    berts = begin(live, BERT, run="bert")
    assert live.cancel_owner(ANNA.key) == 2
    assert {run.view().state for run in annas} == {RunState.CANCELLED}
    assert not berts.finished


def test_draining_lets_runs_end_and_refuses_new_ones(core_loop: CoreLoop, rows: Rows) -> None:
    pause = Pause()
    live = LiveRuns(core_loop, rows, ScriptedDeployment([OPENED, pause, *answer("Melt")]))
    run = begin(live)
    with ThreadPoolExecutor(1) as pool:
        draining = pool.submit(live.drain, BOUND_SECONDS)
        while True:
            try:
                with live.place(BERT.key, None):
                    pass
            except KeylessError as error:
                assert error.title == "The app is being restarted."  # noqa: PT017 - the loop ends by it
                break
        pause.release()
        assert draining.result(BOUND_SECONDS) == 0
    assert rows.rows[run.id].state is RunState.COMPLETE


def test_draining_saves_what_does_not_end_as_interrupted_within_its_limit(core_loop: CoreLoop, rows: Rows) -> None:
    pauses = [Pause() for _ in range(50)]
    live = LiveRuns(
        core_loop,
        rows,
        ScriptedDeployment(*([*answer("Melt")[:2], pause] for pause in pauses)),
        bounds=Bounds(of_one_person=50),
    )
    runs = [begin(live, conversation=str(number), run=str(number)) for number in range(50)]
    for pause in pauses:
        pause.wait_until_reached()
    assert live.drain(0.5) == 50
    assert {(rows.rows[run.id].state, rows.rows[run.id].text) for run in runs} == {(RunState.INTERRUPTED, "Melt")}
    told = rows.rows["7"].error
    assert told is not None
    assert told.title == "The app was stopped while this answer was on its way."
