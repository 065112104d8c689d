"""Calls that share a token and learn at different moments that it is refused: renewed once, and for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import pytest

from core.deployments.calling import Call, Message, Parameters, call
from core.deployments.catalogue import read_catalogue
from core.deployments.client import Clients
from core.deployments.events import Finished
from core.deployments.lessons import Lessons
from core.emulator.directory import BUSINESS_USER
from core.emulator.entra_refusals import STEP_UP_CHALLENGE
from core.errors import KeylessError, SignInAgain, TokenError
from tests.support.identity import SCOPE, IdentityRoom, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.deployments.deployment import Deployment
    from core.identity.access_token import AccessToken, TokenSource
    from core.identity.session_tokens import SessionTokens
    from core.storage.sessions import SessionRecord

BOUND_SECONDS = 20.0
"""How long a test waits for what has to come; only a failing one does."""

with_and_without_claims = pytest.mark.parametrize("claims", [STEP_UP_CHALLENGE, ""], ids=["challenged", "refused"])


@pytest.fixture
def record(room: IdentityRoom) -> SessionRecord:
    """A session whose person has proved enough for Entra to answer the challenge."""
    return room.sign_in_as(BUSINESS_USER, claims=STEP_UP_CHALLENGE).record


@pytest.fixture
def deployment(room: IdentityRoom, emulator_url: str) -> Deployment:
    catalogue = read_catalogue(room.settings, data=room.emulator.catalogue(emulator_url), on_loopback=True)
    return catalogue.find("contoso-sweden/gpt-5-2-sweden")


@pytest.fixture
def elsewhere(room: IdentityRoom) -> Iterator[SessionTokens]:
    with contextlib.closing(room.another_process()) as tokens:
        yield tokens


def hold_entra_until(room: IdentityRoom, waiter: threading.Barrier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests to Entra go on only once ``waiter`` does."""
    post = room.http.post

    def post_in_time(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - passed on as they came
        waiter.wait(BOUND_SECONDS)
        return post(*args, **kwargs)

    monkeypatch.setattr(room.http, "post", post_in_time)


@with_and_without_claims
def test_calls_refused_at_the_same_time_get_one_new_token(
    room: IdentityRoom, record: SessionRecord, claims: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, before = ask(room.tokens, record), room.token_requests()
    # Entra answers the first of them only once all have asked.
    all_have_asked = threading.Barrier(2)
    hold_entra_until(room, all_have_asked, monkeypatch)

    async def together() -> list[AccessToken]:
        source = room.tokens.source(record)
        asking = [asyncio.ensure_future(source.token(SCOPE, refused=refused.value, claims=claims)) for _ in range(8)]
        await asyncio.sleep(0)
        await asyncio.to_thread(all_have_asked.wait, BOUND_SECONDS)
        return await asyncio.gather(*asking)

    (new,) = {token.value for token in asyncio.run(together())}
    assert new != refused.value
    assert room.token_requests() == before + 1


@with_and_without_claims
def test_a_call_refused_a_moment_later_gets_the_token_that_the_first_was_given(
    room: IdentityRoom, record: SessionRecord, claims: str
) -> None:
    refused, before = ask(room.tokens, record), room.token_requests()
    new = ask(room.tokens, record, refused=refused, claims=claims)
    for _ in range(5):
        assert ask(room.tokens, record, refused=refused, claims=claims) == new != refused
    assert room.token_requests() == before + 1
    assert room.tokens.claims_asked_for(record.id) == ""


def test_a_challenge_of_the_answer_needs_the_person_whoever_meets_it(
    room: IdentityRoom, record: SessionRecord
) -> None:
    refused = ask(room.tokens, record)
    answer = ask(room.tokens, record, refused=refused, claims=STEP_UP_CHALLENGE)
    before = room.token_requests()
    for told in (answer, answer, refused):
        with pytest.raises(SignInAgain) as again:
            ask(room.tokens, record, refused=told, claims=STEP_UP_CHALLENGE)
        assert again.value.claims == room.tokens.claims_asked_for(record.id) == STEP_UP_CHALLENGE
    assert room.token_requests() == before


def test_a_newer_token_is_not_given_once_it_was_refused_too(room: IdentityRoom, record: SessionRecord) -> None:
    first = ask(room.tokens, record)
    second = ask(room.tokens, record, refused=first)
    room.emulator.entra.answer_next(500, b"", times=2)
    with pytest.raises(TokenError):
        ask(room.tokens, record, refused=second)
    third = ask(room.tokens, record, refused=first)
    assert third not in (first, second)
    assert ask(room.tokens, record, refused=second) == ask(room.tokens, record) == third


def test_a_token_renewed_for_another_reason_is_no_answer_to_a_challenge(
    room: IdentityRoom, record: SessionRecord
) -> None:
    first = ask(room.tokens, record)
    second = ask(room.tokens, record, refused=first)
    assert ask(room.tokens, record, refused=first, claims=STEP_UP_CHALLENGE) == second
    answer = ask(room.tokens, record, refused=second, claims=STEP_UP_CHALLENGE)
    assert answer not in (first, second)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record, refused=answer, claims=STEP_UP_CHALLENGE)


@with_and_without_claims
def test_another_process_takes_the_token_that_the_first_has_renewed(
    room: IdentityRoom, record: SessionRecord, elsewhere: SessionTokens, claims: str
) -> None:
    refused = ask(room.tokens, record)
    assert ask(elsewhere, record).value == refused.value
    before = room.token_requests()
    new = ask(room.tokens, record, refused=refused, claims=claims)
    assert ask(elsewhere, record, refused=refused, claims=claims).value == new.value != refused.value
    assert room.token_requests() == before + 1


@with_and_without_claims
def test_two_processes_that_renew_at_the_same_time_end_with_one_token(
    room: IdentityRoom, record: SessionRecord, elsewhere: SessionTokens, claims: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, before = ask(room.tokens, record), room.token_requests()
    # Each asks Entra before either has saved what it got.
    hold_entra_until(room, threading.Barrier(2), monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        asking = [
            pool.submit(ask, process, record, refused=refused, claims=claims) for process in (room.tokens, elsewhere)
        ]
    (new,) = {asked.result().value for asked in asking}
    assert new != refused.value
    assert room.token_requests() == before + 2


def test_another_process_that_meets_a_challenge_of_the_answer_asks_for_the_person_in_the_end(
    room: IdentityRoom, record: SessionRecord, elsewhere: SessionTokens
) -> None:
    refused = ask(room.tokens, record)
    ask(elsewhere, record)
    ask(room.tokens, record, refused=refused, claims=STEP_UP_CHALLENGE)
    given = ask(elsewhere, record, refused=refused, claims=STEP_UP_CHALLENGE)
    own_answer = ask(elsewhere, record, refused=given, claims=STEP_UP_CHALLENGE)
    with pytest.raises(SignInAgain):
        ask(elsewhere, record, refused=own_answer, claims=STEP_UP_CHALLENGE)


class Turn:
    """A source of tokens through which a call tells when its token was refused, and waits for its turn to say so."""

    identity_kind: Literal["user", "app"] = "user"

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self.identity = source.identity
        self.object_id = source.object_id
        self.is_refused = asyncio.Event()
        self.may_say_so = asyncio.Event()
        self.is_answered = asyncio.Event()

    async def token(self, scope: str, *, tenant_id: str = "", refused: str = "", claims: str = "") -> AccessToken:
        if refused:
            self.is_refused.set()
            await asyncio.wait_for(self.may_say_so.wait(), BOUND_SECONDS)
        try:
            return await self._source.token(scope, tenant_id=tenant_id, refused=refused, claims=claims)
        finally:
            if refused:
                self.is_answered.set()


async def end_of(deployment: Deployment, tokens: TokenSource) -> object:
    """The last event of a call, or its failure."""
    clients, last = Clients(read_seconds=30), None
    try:
        asked = Call(deployment, "", (Message("user", "Ice cream?"),), Parameters())
        async for event in call(clients, asked, tokens, lessons=Lessons()):
            last = event
    except KeylessError as failure:
        return failure
    finally:
        await clients.close()
    return last


@pytest.mark.parametrize("fault", ["insufficient_claims", "token_refused"])
def test_two_calls_refused_a_moment_apart_are_both_answered(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment, fault: str
) -> None:
    ask(room.tokens, record)
    before = room.token_requests()
    room.emulator.openai.faults.set(deployment.name, fault, times=2)

    async def compared() -> list[object]:
        first, second = (Turn(room.tokens.source(record)) for _ in range(2))
        calls = [asyncio.ensure_future(end_of(deployment, turn)) for turn in (first, second)]
        for turn in (first, second):
            await asyncio.wait_for(turn.is_refused.wait(), BOUND_SECONDS)
        first.may_say_so.set()
        await asyncio.wait_for(first.is_answered.wait(), BOUND_SECONDS)
        second.may_say_so.set()
        return await asyncio.gather(*calls)

    assert [type(end) for end in asyncio.run(compared())] == [Finished, Finished]
    assert room.token_requests() == before + 1
    assert len(room.emulator.received) == 4


def test_a_call_is_told_to_sign_in_again_though_a_token_came_in_between(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment
) -> None:
    refused = ask(room.tokens, record)
    room.emulator.openai.faults.set(deployment.name, "insufficient_claims")

    async def challenged() -> object:
        turn = Turn(room.tokens.source(record))
        calling = asyncio.ensure_future(end_of(deployment, turn))
        await asyncio.wait_for(turn.is_refused.wait(), BOUND_SECONDS)
        await room.tokens.source(record).token(SCOPE, refused=refused.value)
        turn.may_say_so.set()
        return await calling

    assert isinstance(asyncio.run(challenged()), SignInAgain)
    assert len(room.emulator.received) == 3, "with the old token, the newer one, and the one to answer the challenge"
