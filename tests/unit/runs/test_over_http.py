"""Runs through the real client, the real store and the emulator, over real HTTP."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pytest
from starlette.applications import Starlette

from core.deployments.calling import call
from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.deployments.lessons import Lessons
from core.deployments.parameters import Parameters
from core.emulator.directory import BUSINESS_USER, NEW_JOINER, TENANT_ID
from core.emulator.emulator import Emulator
from core.identity.access_token import AccessToken
from core.identity.user import User
from core.runs.answering import Patience
from core.runs.breaker import MOST_FAILURES, BreakerState
from core.runs.live_runs import Bounds, LiveRuns
from core.runs.prompting import Prompting
from core.runs.run import Run
from core.settings import read_settings
from core.storage.engine import Database
from core.storage.records import RunState
from tests.support.serving import serving
from tests.unit.runs.scripted import BOUND_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.emulator.directory import Person
    from core.emulator.received import Received
    from core.runs.core_loop import CoreLoop
    from core.storage.conversations import ConversationStore
    from core.storage.records import RunRecord

CHAT = "contoso-eastus/gpt-4-1-eastus"
RESPONSES = "contoso-sweden/gpt-5-2-sweden"
PROMPT = "Write a tagline for an ice cream brand:"
STOP_SECONDS = 1.0


class Tokens:
    """Access tokens of one person, signed by the emulator's own Entra."""

    identity_kind: Literal["user", "app"] = "user"

    def __init__(self, emulator: Emulator, person: Person) -> None:
        self.identity = person.username
        self.object_id = person.object_id
        self._emulator = emulator

    async def token(self, scope: str, **_more: str) -> AccessToken:
        now = int(self._emulator.clock())
        claims = {
            "iss": self._emulator.signer.access_token_issuer,
            "aud": scope.removesuffix("/.default"),
            "tid": TENANT_ID,
            "oid": self.object_id,
            "nbf": now,
            "exp": now + 3600,
        }
        return AccessToken(self._emulator.signer.sign(claims), datetime.now(UTC) + timedelta(hours=1))


class TokensOnSignal(Tokens):
    """Gives none before the signal, so that many calls go out at the same moment."""

    def __init__(self, emulator: Emulator, person: Person, signal: Future[None]) -> None:
        super().__init__(emulator, person)
        self._signal = signal

    async def token(self, scope: str, **more: str) -> AccessToken:
        await asyncio.shield(asyncio.wrap_future(self._signal))
        return await super().token(scope, **more)


class App:
    """What a person has in front of them, without the pages."""

    def __init__(self, emulator: Emulator, prompting: Prompting, live: LiveRuns, store: ConversationStore) -> None:
        self.emulator = emulator
        self.prompting = prompting
        self.live = live
        self.store = store

    def ask(
        self,
        deployment_id: str = CHAT,
        prompt: str = PROMPT,
        person: Person = BUSINESS_USER,
        tokens: Tokens | None = None,
    ) -> Run:
        return self.prompting.ask(
            User(TENANT_ID, person.object_id, person.username, person.name),
            "session",
            tokens or Tokens(self.emulator, person),
            conversation_id=None,
            prompt=prompt,
            deployment_id=deployment_id,
            # The emulator writes the same again only without chance.
            parameters=Parameters(temperature=0.0),
        )

    def stored(self, run: Run) -> RunRecord:
        """The row of a run that has ended, once its end is in it."""
        run.ended.result(BOUND_SECONDS)
        return until(
            lambda: next(
                (
                    row
                    for turn in self.store.get(run.owner, run.conversation_id).turns
                    for row in turn.runs
                    if row.state is not RunState.RUNNING
                ),
                None,
            )
        )

    def received(self) -> Received:
        return until(lambda: self.emulator.received[-1] if self.emulator.received else None)


T = TypeVar("T")


def until(look: Callable[[], T | None]) -> T:
    """Look until there is something; how long it takes is up to the other side of the wire."""
    deadline = time.monotonic() + BOUND_SECONDS
    while (seen := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return seen


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(pace=0)
    with serving(Starlette(routes=emulator.routes("/emulator"))) as origin:
        yield emulator, f"{origin}/emulator"


@pytest.fixture
def emulator(served: tuple[Emulator, str]) -> Emulator:
    emulator, _ = served
    emulator.openai.faults.clear()
    emulator.received.clear()
    return emulator


@pytest.fixture
def emulator_url(served: tuple[Emulator, str]) -> str:
    return served[1]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database.open(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))
    yield database
    database.close()


@pytest.fixture
def catalogue(emulator: Emulator, emulator_url: str, tmp_path: Path) -> Catalogue:
    return read_catalogue(read_settings({}, tmp_path), data=emulator.catalogue(emulator_url), on_loopback=True)


@pytest.fixture
def read_seconds() -> float | None:
    return None


@pytest.fixture
def app(
    core_loop: CoreLoop,
    emulator: Emulator,
    catalogue: Catalogue,
    conversations: ConversationStore,
    read_seconds: float | None,
) -> Iterator[App]:
    clients = Clients(read_seconds=read_seconds)
    live = LiveRuns(
        core_loop,
        conversations,
        functools.partial(call, clients, lessons=Lessons()),
        patience=Patience(pause_seconds=(0.0, 0.0)),
        bounds=Bounds(of_one_person=100),
    )
    yield App(emulator, Prompting(conversations, live, catalogue), live, conversations)
    live.drain(BOUND_SECONDS)
    core_loop.submit(clients.close()).result(BOUND_SECONDS)


@pytest.mark.parametrize("deployment_id", [CHAT, RESPONSES, "contoso-eastus/gpt-35-instruct-eastus"])
def test_a_persons_prompt_is_answered_with_their_token_and_stored(app: App, deployment_id: str) -> None:
    run = app.ask(deployment_id)
    row = app.stored(run)
    assert row.state is RunState.COMPLETE, row.error
    assert row == run.record()
    assert row.text.strip()
    assert app.received().oid == BUSINESS_USER.object_id
    assert row.request_id
    assert row.output_tokens
    assert not row.usage_estimated
    assert row.cost_usd
    assert row.first_token_seconds is not None
    assert row.total_seconds is not None
    assert 0 < row.first_token_seconds <= row.total_seconds


def test_the_row_of_a_run_is_there_before_the_call_goes_out(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    store_question = app.store.ask

    def look(owner: tuple[str, str], run: RunRecord, prompt: str, *, title: str | None) -> None:
        store_question(owner, run, prompt, title=title)
        stored = app.store.get(owner, run.conversation_id).turns[0].runs
        seen.append((len(stored), len(app.emulator.received)))

    monkeypatch.setattr(app.store, "ask", look)
    app.ask().ended.result(BOUND_SECONDS)
    assert seen == [(1, 0)]


def test_a_role_given_meanwhile_lets_the_same_prompt_through_and_one_taken_away_stops_the_next(app: App) -> None:
    def asked() -> RunRecord:
        return app.stored(app.ask(person=NEW_JOINER))

    refused = asked()
    assert refused.error is not None
    assert (refused.state, refused.error.kind) == (RunState.FAILED, "RoleMissing")
    assert "az role assignment create" in refused.error.command
    app.emulator.directory.grant(NEW_JOINER.object_id, "contoso-eastus")
    assert asked().state is RunState.COMPLETE
    app.emulator.directory.revoke(NEW_JOINER.object_id, "contoso-eastus")
    again = asked()
    assert again.error is not None
    assert again.error.title == refused.error.title


STATES = {
    "rate_limited_ms": (RunState.FAILED, "RateLimited", 2),
    "rate_limited_0": (RunState.FAILED, "RateLimited", 2),
    "rate_limited_negative": (RunState.FAILED, "RateLimited", 2),
    "rate_limited_junk": (RunState.FAILED, "RateLimited", 2),
    "rate_limited_120": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_121": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_3600": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_86400": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_date": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_requests": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_tokens": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_reduction": (RunState.FAILED, "RateLimited", 1),
    "rate_limited_estimate": (RunState.FAILED, "RateLimited", 1),
    "capacity": (RunState.FAILED, "RateLimited", 2),
    "server_error": (RunState.FAILED, "ServiceFailed", 2),
    "unavailable_html": (RunState.FAILED, "ServiceFailed", 2),
    "conflict": (RunState.FAILED, "ServiceFailed", 2),
    "token_refused": (RunState.FAILED, "TokenRefused", 2),
    "role_missing": (RunState.FAILED, "RoleMissing", 1),
    "firewall": (RunState.FAILED, "AccessBlocked", 1),
    "wrong_tenant": (RunState.FAILED, "WrongTenant", 1),
    "deployment_missing": (RunState.FAILED, "DeploymentMissing", 1),
    "prompt_filtered": (RunState.FILTERED, "PromptFiltered", 1),
    "prompt_filtered_no_inner": (RunState.FILTERED, "PromptFiltered", 1),
    "prompt_filtered_results": (RunState.FILTERED, "PromptFiltered", 1),
    "prompt_filtered_notes": (RunState.FILTERED, "PromptFiltered", 1),
    "stream_prompt_filtered": (RunState.FILTERED, "PromptFiltered", 1),
    "answer_filtered": (RunState.FILTERED, "", 1),
    "ok_html": (RunState.FAILED, "UnexpectedReply", 1),
    "ok_null": (RunState.FAILED, "UnexpectedReply", 1),
    "ok_empty": (RunState.FAILED, "UnexpectedReply", 1),
    "redirect_307": (RunState.FAILED, "UnexpectedReply", 1),
    "gzip_bomb": (RunState.FAILED, "UnexpectedReply", 1),
    "endless_line": (RunState.FAILED, "UnexpectedReply", 1),
    "stream_empty": (RunState.FAILED, "UnexpectedReply", 1),
    "stream_html": (RunState.FAILED, "UnexpectedReply", 1),
    "stream_unfinished": (RunState.INTERRUPTED, "UnexpectedReply", 1),
    "stream_half_chunk": (RunState.INTERRUPTED, "UnexpectedReply", 1),
    "stream_bad_json": (RunState.INTERRUPTED, "UnexpectedReply", 1),
    "stream_error": (RunState.INTERRUPTED, "ServiceFailed", 1),
    "stream_rate_limited": (RunState.INTERRUPTED, "RateLimited", 1),
    "stream_byte_by_byte": (RunState.COMPLETE, "", 1),
    "stream_crlf": (RunState.COMPLETE, "", 1),
    "stream_comments": (RunState.COMPLETE, "", 1),
    "stream_empty_choices": (RunState.COMPLETE, "", 1),
    "stream_null_delta": (RunState.COMPLETE, "", 1),
    "stream_after_done": (RunState.COMPLETE, "", 1),
    "usage_twice": (RunState.COMPLETE, "", 1),
}


@pytest.mark.parametrize("fault", STATES)
def test_each_fault_leaves_one_row_that_says_how_it_ended(app: App, fault: str) -> None:
    state, kind, calls = STATES[fault]
    whole = app.stored(app.ask()).text
    app.emulator.received.clear()
    app.emulator.openai.faults.set("gpt-4-1-eastus", fault)
    run = app.ask()
    row = app.stored(run)
    assert (row.state, row.error.kind if row.error else "") == (state, kind)
    assert len(app.emulator.received) == calls
    assert len(app.store.get(run.owner, run.conversation_id).turns[0].runs) == 1
    if state is RunState.COMPLETE:
        assert row.text == whole
    elif state is RunState.INTERRUPTED:
        assert row.text
        assert whole.startswith(row.text.rstrip("\ufffd"))
        assert row.usage_estimated


KINDS = {
    "rate_limited_requests": ("requests per minute are used up", "quota"),
    "rate_limited_tokens": ("tokens per minute are used up", "quota"),
    "capacity": ("at its capacity", "capacity"),
    "rate_limited_reduction": ("has lowered this deployment's limit", "reduction"),
    "rate_limited_estimate": ("maximum of output tokens asks for more", "estimate"),
}


@pytest.mark.parametrize("fault", KINDS)
def test_too_many_requests_are_told_as_one_of_microsofts_kinds(app: App, fault: str) -> None:
    title, cause = KINDS[fault]
    app.emulator.openai.faults.set("gpt-4-1-eastus", fault)
    error = app.stored(app.ask()).error
    assert error is not None
    assert title in error.title
    assert error.cause == cause
    if fault != "capacity":
        assert error.retry_at is not None
        assert timedelta() < error.retry_at - datetime.now(UTC) <= timedelta(seconds=30)


def test_a_wait_of_a_day_is_said_and_not_waited(app: App) -> None:
    app.emulator.openai.faults.set("gpt-4-1-eastus", "rate_limited_86400")
    run = app.ask()
    error = app.stored(run).error
    assert error is not None
    assert error.remedy.startswith("The deployment asks to wait for a day or more.")
    assert (error.retry_at, run.view().waiting_until, len(app.emulator.received)) == (None, None, 1)


FILTERED_PLACES = [CHAT, RESPONSES, "contoso-eastus/gpt-35-instruct-eastus"]
WHY = "violence (medium severity)"


@pytest.mark.parametrize("deployment_id", FILTERED_PLACES)
def test_a_filtered_answer_keeps_its_text_and_says_which_side_why_and_how_severe(
    app: App, deployment_id: str
) -> None:
    whole = app.stored(app.ask(deployment_id)).text
    app.emulator.received.clear()
    app.emulator.openai.faults.set(deployment_id.partition("/")[2], "answer_filtered")
    row = app.stored(app.ask(deployment_id))
    assert (row.state, row.finish_reason, row.error) == (RunState.FILTERED, "content_filter", None)
    assert row.notices == (f"The content filter ended this answer: {WHY}.",)
    assert row.text
    assert whole.startswith(row.text)
    assert len(app.emulator.received) == 1


@pytest.mark.parametrize("deployment_id", FILTERED_PLACES)
@pytest.mark.parametrize("fault", ["prompt_filtered", "prompt_filtered_results", "prompt_filtered_notes"])
def test_a_filtered_prompt_says_so_and_is_not_sent_again(app: App, deployment_id: str, fault: str) -> None:
    app.emulator.openai.faults.set(deployment_id.partition("/")[2], fault)
    row = app.stored(app.ask(deployment_id))
    assert row.error is not None
    assert (row.state, row.error.title) == (RunState.FILTERED, f"The content filter refused this prompt: {WHY}.")
    assert (row.error.cause, row.error.retryable) == ("content-filter", False)
    assert len(app.emulator.received) == 1


@pytest.mark.parametrize("deployment_id", FILTERED_PLACES)
def test_a_filter_out_of_service_is_a_notice_beside_a_whole_answer(app: App, deployment_id: str) -> None:
    app.emulator.openai.faults.set(deployment_id.partition("/")[2], "filter_down")
    row = app.stored(app.ask(deployment_id))
    assert row.state is RunState.COMPLETE
    assert row.notices == ("The content filter did not answer: the answer was not checked by it.",)


def test_a_deployment_that_keeps_failing_is_left_alone_and_the_others_answer(app: App) -> None:
    app.emulator.openai.faults.set("gpt-4-1-eastus", "server_error")
    failed = [app.stored(app.ask()) for _ in range(3)]
    assert [row.error.kind for row in failed if row.error] == ["ServiceFailed"] * 3
    assert len(app.emulator.received) == MOST_FAILURES
    assert app.live.breakers.state(CHAT) is BreakerState.OPEN
    left_alone = app.stored(app.ask(person=NEW_JOINER)).error
    assert left_alone is not None
    assert left_alone.kind == "OutOfService"
    assert left_alone.retry_at is not None
    assert len(app.emulator.received) == MOST_FAILURES
    assert app.stored(app.ask(RESPONSES)).state is RunState.COMPLETE
    assert app.live.breakers.state(RESPONSES) is BreakerState.CLOSED


@pytest.mark.parametrize("fault", ["usage_missing", "usage_negative", "usage_absurd"])
def test_usage_that_is_missing_or_nonsense_is_estimated_and_marked(app: App, fault: str) -> None:
    app.emulator.openai.faults.set("gpt-4-1-eastus", fault)
    row = app.stored(app.ask())
    assert (row.state, row.usage_estimated) == (RunState.COMPLETE, True)
    assert row.output_tokens is not None
    assert 0 < row.output_tokens < 10_000
    assert row.cost_usd is not None
    assert row.cost_usd > 0


class TestStop:
    """Stop takes effect at once for the person, and within a second on the wire."""

    def stop(self, app: App, run: Run) -> RunRecord:
        began = time.monotonic()
        assert run.cancel()
        assert run.view().state is RunState.CANCELLED
        row = app.stored(run)
        assert time.monotonic() - began < STOP_SECONDS
        assert (row.state, row.usage_estimated) == (RunState.CANCELLED, True)
        assert row.text == run.text
        return row

    def seen_hanging_up(self, app: App) -> None:
        began = time.monotonic()
        until(lambda: app.emulator.received[-1].closed_early or None)
        assert time.monotonic() - began < STOP_SECONDS

    def test_while_waiting_for_the_headers(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "hang")
        run = app.ask()
        app.received()
        row = self.stop(app, run)
        self.seen_hanging_up(app)
        assert row.text == ""
        assert row.input_tokens

    def test_in_the_countdown_of_a_retry(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "rate_limited")
        run = app.ask()
        until(lambda: run.view().waiting_until)
        row = self.stop(app, run)
        assert (row.input_tokens, row.output_tokens) == (0, 0)
        assert len(app.emulator.received) == 1

    def test_in_mid_stream(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "stream_stall")
        run = app.ask()
        until(lambda: run.text or None)
        row = self.stop(app, run)
        self.seen_hanging_up(app)
        assert row.text
        assert row.output_tokens

    def test_at_the_last_piece(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        run_ended: list[bool] = []
        finish = Run.finish

        def stop_first(run: Run, *ending: Any) -> bool:  # noqa: ANN401 - as finish has them
            run_ended.append(run.cancel())
            return finish(run, *ending)

        monkeypatch.setattr(Run, "finish", stop_first)
        row = app.stored(app.ask())
        assert run_ended == [True]
        assert (row.state, row.usage_estimated) == (RunState.CANCELLED, True)
        assert row.text

    def test_by_signing_out(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "stream_stall")
        run = app.ask()
        until(lambda: run.text or None)
        assert app.live.cancel_session("session") == 1
        self.seen_hanging_up(app)


class TestSilence:
    @pytest.fixture
    def read_seconds(self) -> float | None:
        return 0.2

    def test_an_answer_that_falls_silent_is_kept_and_interrupted(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "stream_stall")
        row = app.stored(app.ask())
        assert row.error is not None
        assert (row.state, row.error.kind) == (RunState.INTERRUPTED, "TimedOut")
        assert row.text

    def test_a_deployment_that_never_answers_is_asked_once(self, app: App) -> None:
        app.emulator.openai.faults.set("gpt-4-1-eastus", "hang")
        row = app.stored(app.ask())
        assert row.error is not None
        assert (row.state, row.error.kind) == (RunState.FAILED, "TimedOut")
        assert len(app.emulator.received) == 1


def test_a_busy_deployment_is_waited_for_visibly_and_then_answers(app: App) -> None:
    app.emulator.openai.faults.set("gpt-4-1-eastus", "rate_limited_ms", times=1)
    run = app.ask()
    moments = []
    version = -1
    while not run.finished:
        moments.append(run.view().waiting_until)
        version = run.wait_beyond(version, BOUND_SECONDS)
    assert run.view().state is RunState.COMPLETE
    assert run.view().attempt == 2
    assert any(moments)


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_hundred_answers_at_once_are_never_mixed_and_share_one_thread(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.emulator.openai, "_pace", 0.5)
    signal: Future[None] = Future()
    tokens = TokensOnSignal(app.emulator, BUSINESS_USER, signal)
    names = [f"Number{number:03d}" for number in range(100)]
    prompts = [f"Write a tagline for {name}:" for name in names]
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda prompt: app.ask(RESPONSES, prompt, tokens=tokens), prompts))
    assert app.live.running_count == 100
    signal.set_result(None)
    wait([run.ended for run in runs], 60)
    monkeypatch.undo()
    threads = [thread.name for thread in threading.enumerate()]
    assert threads.count("keyless-core-loop") == 1
    for run, name in zip(runs, names, strict=True):
        row = app.stored(run)
        assert row.state is RunState.COMPLETE, row.error
        mentioned = {each for each in names if each in row.text}
        assert mentioned == {name}
    alone = app.stored(app.ask(RESPONSES, prompts[7]))
    assert alone.text == runs[7].text
