"""Whatever an endpoint replies to a call, in whichever operation and dialect, it ends in an answer or a sentence."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.deployments.client import Clients
from core.deployments.deployment import Operation
from core.deployments.parameters import AnswerSchema, Parameters
from tests.support.odd_replies import BODIES, HEADERS, KINDS, SECRET_WORDS, STATUSES, Replying
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ScriptedTokens, ask, deployment_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.raw_server import RawServer

TOKEN = "the-live-token"
EVERYTHING_SET = Parameters(
    temperature=0.2, top_p=0.5, max_output_tokens=100, reasoning_effort="low", verbosity="low"
)
SCHEMA = AnswerSchema("taglines", {"type": "object", "properties": {}, "additionalProperties": False})


@pytest.fixture(scope="module")
def replying() -> Replying:
    return Replying()


@pytest.fixture(scope="module")
def odd_server(replying: Replying) -> Iterator[RawServer]:
    with raw_server(replying) as server:
        yield server


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def clients(runner: asyncio.Runner) -> Iterator[Clients]:
    async def opened() -> Clients:
        return Clients(tls=ssl.create_default_context())

    clients = runner.run(opened())
    yield clients
    runner.run(clients.close())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=STATUSES,
    kind=KINDS,
    headers=HEADERS,
    body=BODIES,
    operations=st.lists(st.sampled_from(Operation), min_size=1, max_size=3, unique=True),
    api_version=st.sampled_from([None, "2022-12-01", "2024-10-21"]),
)
def test_whatever_an_endpoint_replies_a_call_ends_in_an_answer_or_a_sentence(
    runner: asyncio.Runner,
    clients: Clients,
    replying: Replying,
    odd_server: RawServer,
    *,
    status: int,
    kind: str,
    headers: dict[str, str],
    body: bytes,
    operations: list[Operation],
    api_version: str | None,
) -> None:
    replying.set(status, kind, body, headers)

    outcome = runner.run(
        ask(
            clients,
            deployment_at(odd_server.url, *operations, api_version=api_version),
            ScriptedTokens(lambda *_: TOKEN),
            parameters=EVERYTHING_SET,
            answer_schema=SCHEMA,
        )
    )
    if outcome.error is None:
        assert outcome.finished
        return
    error = outcome.error
    assert error.title.endswith(".")
    for part in (error.remedy, error.who, error.cause, error.detail, error.reference):
        assert part, error
    told = f"{error!r} {vars(error)}"
    assert TOKEN not in told
    assert SECRET_WORDS not in told
