"""Claims challenges of a resource: answered silently where Entra agrees, else by signing in, then never again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from core.deployments.calling import Call, Message, Parameters, call
from core.deployments.catalogue import read_catalogue
from core.deployments.challenge import claims_asked
from core.deployments.client import Clients
from core.deployments.events import Finished
from core.deployments.lessons import Lessons
from core.emulator.directory import BUSINESS_USER
from core.emulator.entra_refusals import STEP_UP_CHALLENGE
from core.errors import KeylessError, SignInAgain
from tests.support.identity import IdentityRoom, ask

if TYPE_CHECKING:
    from core.deployments.deployment import Deployment
    from core.identity.access_token import AccessToken, TokenSource
    from core.storage.sessions import SessionRecord

ENCODED = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ"
NBF = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


@pytest.fixture
def record(room: IdentityRoom) -> SessionRecord:
    return room.sign_in_as().record


@pytest.fixture
def deployment(room: IdentityRoom, emulator_url: str) -> Deployment:
    catalogue = read_catalogue(room.settings, data=room.emulator.catalogue(emulator_url), on_loopback=True)
    return catalogue.find("contoso-sweden/gpt-5-2-sweden")


def ends_with(tokens: TokenSource, deployment: Deployment) -> object:
    """The last event of a call, or its failure."""

    async def run() -> object:
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

    return asyncio.run(run())


def test_a_step_up_leads_to_a_sign_in_that_answers_it(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment
) -> None:
    room.emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    failure = ends_with(room.tokens.source(record), deployment)
    assert isinstance(failure, SignInAgain)
    assert (failure.cause, failure.who) == ("interaction-required", "You")
    assert len(room.emulator.received) == 1, "Entra was asked to answer the challenge, and would not"
    kept = room.tokens.claims_asked_for(record.id)
    assert json.loads(kept)["access_token"]["acrs"]["value"] == "c1"

    renewed = room.sign_in_as(BUSINESS_USER, claims=kept).record
    assert isinstance(ends_with(room.tokens.source(renewed), deployment), Finished)
    assert room.tokens.claims_asked_for(renewed.id) == ""


def test_an_ordinary_sign_in_does_not_answer_a_step_up(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment
) -> None:
    room.emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    assert isinstance(ends_with(room.tokens.source(record), deployment), SignInAgain)
    again = room.sign_in_as(BUSINESS_USER).record
    assert isinstance(ends_with(room.tokens.source(again), deployment), SignInAgain)


def test_a_challenge_that_entra_answers_silently_disturbs_nobody(room: IdentityRoom, deployment: Deployment) -> None:
    record = room.sign_in_as(BUSINESS_USER, claims=STEP_UP_CHALLENGE).record
    old = ask(room.tokens, record)
    room.emulator.openai.faults.set(deployment.name, "insufficient_claims", times=1)
    assert isinstance(ends_with(room.tokens.source(record), deployment), Finished)
    assert ask(room.tokens, record) != old
    assert room.tokens.claims_asked_for(record.id) == ""


def test_a_challenge_that_a_renewed_token_does_not_meet_needs_the_person(
    room: IdentityRoom, deployment: Deployment
) -> None:
    record = room.sign_in_as(BUSINESS_USER, claims=STEP_UP_CHALLENGE).record
    ask(room.tokens, record)
    room.emulator.openai.faults.set(deployment.name, "insufficient_claims")
    failure = ends_with(room.tokens.source(record), deployment)
    assert isinstance(failure, SignInAgain)
    assert room.tokens.claims_asked_for(record.id) == failure.claims == STEP_UP_CHALLENGE
    assert len(room.emulator.received) == 2
    assert room.tokens.needs_person_within(record, 7200)


def test_calls_at_the_same_time_answer_a_challenge_once(room: IdentityRoom) -> None:
    record = room.sign_in_as(BUSINESS_USER, claims=STEP_UP_CHALLENGE).record
    refused = ask(room.tokens, record).value
    before = room.token_requests()

    async def together() -> list[AccessToken]:
        source = room.tokens.source(record)
        challenged = {"refused": refused, "claims": STEP_UP_CHALLENGE}
        return await asyncio.gather(*(source.token(room.settings.scope, **challenged) for _ in range(8)))

    assert len({token.value for token in asyncio.run(together())}) == 1
    assert room.token_requests() == before + 1


def test_the_claims_stay_on_the_server(room: IdentityRoom, record: SessionRecord, deployment: Deployment) -> None:
    room.emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    failure = ends_with(room.tokens.source(record), deployment)
    assert isinstance(failure, SignInAgain)
    told = f"{failure} {failure.title} {failure.remedy} {failure.command} {failure.detail}"
    assert "acrs" not in told
    assert "access_token" not in told


@pytest.mark.parametrize(
    ("before", "encoded", "claims"),
    [
        ('Bearer realm="", authorization_uri="https://login.example/authorize", ', f"{ENCODED}==", NBF),
        ('PoP nonce="1", Bearer ', ENCODED, NBF),
        ("Bearer ", "%%%", ""),
        ("Bearer ", "W10=", ""),
        ("Bearer ", "/////w==", ""),
        ("Bearer ", "A" * 9000, ""),
        ("Bearer ", "", ""),
    ],
)
def test_a_challenge_is_read_out_of_the_header(before: str, encoded: str, claims: str) -> None:
    assert claims_asked(f'{before}error="insufficient_claims", claims="{encoded}"') == claims


def test_claims_of_another_error_are_no_challenge() -> None:
    assert claims_asked(f'Bearer error="invalid_token", claims="{ENCODED}"') == ""
    assert claims_asked("") == ""


def test_a_challenge_waits_for_its_answer_though_other_tokens_are_renewed(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment
) -> None:
    room.emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    assert isinstance(ends_with(room.tokens.source(record), deployment), SignInAgain)
    kept = room.tokens.claims_asked_for(record.id)
    ask(room.tokens, record, "https://ai.azure.com/.default")
    assert room.tokens.claims_asked_for(record.id) == kept != ""


def test_another_process_knows_the_challenge_and_the_answered_one_is_dropped(
    room: IdentityRoom, record: SessionRecord, deployment: Deployment
) -> None:
    room.emulator.directory.demand_step_up(BUSINESS_USER.object_id)
    assert isinstance(ends_with(room.tokens.source(record), deployment), SignInAgain)
    elsewhere = room.another_process()
    kept = elsewhere.claims_asked_for(record.id)
    assert json.loads(kept)["access_token"]["acrs"]["value"] == "c1"
    assert elsewhere.needs_person_within(record, 60)

    renewed = room.sign_in_as(BUSINESS_USER, claims=kept).record
    assert isinstance(ends_with(elsewhere.source(renewed), deployment), Finished)
    assert elsewhere.claims_asked_for(renewed.id) == ""
    elsewhere.close()
