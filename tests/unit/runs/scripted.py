"""Deployments that answer by a script, and the little else that a run needs."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from core.deployments.catalogue import Catalogue
from core.deployments.deployment import Deployment, Endpoint, Operation, Prices
from core.deployments.events import Event, Finished, Headroom, Opened, TextDelta, Usage
from core.deployments.parameters import Call, Message, Parameters
from core.identity.access_token import AccessToken
from core.identity.user import User
from core.runs.run import Run
from core.storage.records import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from core.identity.access_token import TokenSource

ANNA = User("tenant", "anna", "anna@contoso.example", "Anna")
BERT = User("tenant", "bert", "bert@contoso.example", "Bert")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ENDPOINT = Endpoint("lab", "http://127.0.0.1:1", "azure-openai", "v1", None, "tenant", "scope/.default", "", "")
FAST = Deployment("fast", "Fast", "gpt-fast", (Operation.CHAT,), Prices(Decimal("1.00"), Decimal("2.00")), ENDPOINT)
SLOW = Deployment("slow", "Slow", "gpt-slow", (Operation.CHAT,), None, ENDPOINT)
AS_DEPLOYED = Parameters()
CATALOGUE = Catalogue((FAST, SLOW))
OPENED = Opened("gpt-fast", "request-1", "swedencentral", Headroom(None, None))
BOUND_SECONDS = 10.0
"""How long a test waits for what has to come; only a failing one does."""


class Tokens:
    identity = "anna@contoso.example"
    identity_kind: Literal["user", "app"] = "user"
    object_id = "anna"

    async def token(self, scope: str, *, refused: str = "", **_more: str) -> AccessToken:
        return AccessToken(f"{scope}{refused}", NOW + timedelta(hours=1))


class Pause:
    """A point in an answer where it stands still until it is released; a test can wait until it is reached."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._released: Future[None] = Future()

    def release(self) -> None:
        self._released.set_result(None)

    def wait_until_reached(self) -> None:
        assert self._reached.wait(BOUND_SECONDS)

    async def pass_through(self) -> None:
        self._reached.set()
        await asyncio.shield(asyncio.wrap_future(self._released))


Step = Event | BaseException | Pause


class ScriptedDeployment:
    """Answers the first call by the first script, the second by the second; the last one answers all others."""

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self.calls: list[Call] = []
        self.hung_up = threading.Event()
        self._scripts = scripts

    async def __call__(self, call: Call, tokens: TokenSource) -> AsyncGenerator[Event, None]:
        await tokens.token("scope")
        script = self._scripts[min(len(self.calls), len(self._scripts) - 1)]
        self.calls.append(call)
        try:
            for step in script:
                if isinstance(step, Pause):
                    await step.pass_through()
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        except asyncio.CancelledError:
            self.hung_up.set()
            raise


def finished(reason: str | None = "stop", usage: Usage | None = None, model: str = "gpt-fast-0101") -> Finished:
    return Finished(reason, usage or Usage(10, 20, 5), model)


def answer(*texts: str) -> list[Step]:
    return [OPENED, *map(TextDelta, texts), finished()]


def record(run_id: str = "run-1", **changes: Any) -> RunRecord:  # noqa: ANN401 - any field of a record
    begun = RunRecord(
        id=run_id,
        conversation_id="conversation-1",
        turn_id="turn-1",
        deployment_id=FAST.id,
        deployment_label=FAST.label,
        endpoint_name=ENDPOINT.name,
        model=FAST.model,
        region="",
        identity=ANNA.username,
        identity_kind="user",
        system="",
        parameters={},
        state=RunState.RUNNING,
        started_at=NOW,
    )
    return replace(begun, **changes)


def call(prompt: str = "Write a tagline for an ice cream brand:", parameters: Parameters = AS_DEPLOYED) -> Call:
    return Call(FAST, "", (Message("user", prompt),), parameters)


def new_run(*, ticks: Callable[[], float] = time.perf_counter, asked: Call | None = None) -> Run:
    return Run(record(), asked or call(), owner=ANNA.key, session_id="session-1", ticks=ticks)


class Ticks:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now
