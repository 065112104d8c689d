"""Resources of another directory: one sign-in, a token per directory, and what is said where it does not work."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from core.deployments.calling import Call, Message, Parameters, call
from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.deployments.events import Notice, TextDelta
from core.deployments.lessons import Lessons
from core.emulator.directory import BUSINESS_USER, CLIENT_ID, FABRIKAM, FOUNDRY, TENANT_ID, TESTER
from core.emulator.tenants import PARTNER
from core.errors import RoleMissing, SignInAgain, TokenError
from tests.support.identity import AUDIENCE, IdentityRoom, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.deployments.deployment import Deployment
    from core.deployments.events import Event
    from core.emulator.emulator import Emulator
    from core.identity.access_token import TokenSource

THERE = PARTNER.tenant_id


@pytest.fixture
def catalogue(room: IdentityRoom, emulator_url: str) -> Catalogue:
    return read_catalogue(room.settings, data=room.emulator.catalogue(emulator_url, further=True), on_loopback=True)


@pytest_asyncio.fixture
async def clients() -> AsyncIterator[Clients]:
    clients = Clients(read_seconds=30)
    yield clients
    await clients.close()


async def answer(clients: Clients, tokens: TokenSource, deployment: Deployment) -> list[Event]:
    asked = Call(deployment, "", (Message("user", "Ice cream?"),), Parameters())
    async with contextlib.aclosing(call(clients, asked, tokens, lessons=Lessons())) as events:
        return [event async for event in events]


def test_one_sign_in_gives_a_token_of_each_directory(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    here, there = ask(room.tokens, record), ask(room.tokens, record, tenant_id=THERE)
    assert emulator.signer.verify(here.value, AUDIENCE)["oid"] == BUSINESS_USER.object_id
    guest = emulator.signer.verify(there.value, AUDIENCE, THERE)["oid"]
    assert guest == there.object_id == emulator.directory.strangers.object_id(BUSINESS_USER.object_id, PARTNER)
    assert room.token_requests("authorization_code") == 1


def test_each_directory_has_its_token_kept_renewed_and_stored_apart(room: IdentityRoom) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    here, there = ask(room.tokens, record), ask(room.tokens, record, tenant_id=THERE)
    before = room.token_requests()
    assert ask(room.tokens, record, tenant_id=THERE) == there
    assert ask(room.another_process(), record, tenant_id=THERE).value == there.value
    assert room.token_requests() == before
    assert ask(room.tokens, record, tenant_id=THERE, refused=there).value != there.value
    assert ask(room.tokens, record) == here


def test_the_own_directory_may_be_named_too(room: IdentityRoom) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    assert ask(room.tokens, record, tenant_id=TENANT_ID) == ask(room.tokens, record)


def test_a_directory_may_be_named_by_its_domain(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    token = ask(room.tokens, record, tenant_id=PARTNER.domain)
    assert emulator.signer.verify(token.value, AUDIENCE, THERE)


async def test_a_call_uses_the_directory_of_its_endpoint(
    room: IdentityRoom, catalogue: Catalogue, clients: Clients
) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    events = await answer(clients, room.tokens.source(record), catalogue.find(f"{FABRIKAM.name}/gpt-5-2-fabrikam"))
    assert any(isinstance(event, TextDelta) for event in events)


async def test_a_missing_role_there_is_for_the_guests_own_object_id(
    room: IdentityRoom, catalogue: Catalogue, clients: Clients
) -> None:
    guest = room.emulator.directory.strangers.admit(TESTER.object_id)
    record = room.sign_in_as(TESTER).record
    with pytest.raises(RoleMissing) as missing:
        await answer(clients, room.tokens.source(record), catalogue.find(f"{FABRIKAM.name}/gpt-5-2-fabrikam"))
    assert guest in missing.value.command
    assert TESTER.object_id not in missing.value.command


def test_who_is_no_guest_there_is_told_to_be_invited_and_not_to_sign_in_again(room: IdentityRoom) -> None:
    record = room.sign_in_as(TESTER).record
    with pytest.raises(TokenError, match="not known in the directory") as refused:
        ask(room.tokens, record, tenant_id=THERE)
    assert not isinstance(refused.value, SignInAgain)
    assert (refused.value.cause, "guest" in refused.value.remedy) == ("wrong-tenant", True)
    assert ask(room.tokens, record), "the own directory is not touched by it"
    assert not room.tokens.needs_person_within(record, 60)


def test_an_app_that_is_not_approved_there_gives_the_address_where_it_is(
    room: IdentityRoom, emulator_url: str
) -> None:
    room.emulator.directory.strangers.remove(CLIENT_ID)
    record = room.sign_in_as(BUSINESS_USER).record
    with pytest.raises(TokenError, match="has not approved this app") as refused:
        ask(room.tokens, record, tenant_id=THERE)
    assert refused.value.cause == "consent-missing"
    assert refused.value.command == f"{emulator_url}/entra/{THERE}/adminconsent?client_id={CLIENT_ID}"


def test_a_directory_that_is_not_there_is_the_catalogues_mistake(room: IdentityRoom) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    with pytest.raises(TokenError, match="directory of this resource was not found") as refused:
        ask(room.tokens, record, tenant_id="11111111-2222-3333-4444-555555555555")
    assert (refused.value.cause, refused.value.who) == ("wrong-tenant", "Whoever runs this app")


def test_a_second_factor_that_is_asked_for_there_means_to_sign_in_again(
    room: IdentityRoom, emulator: Emulator
) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    emulator.directory.refuse(BUSINESS_USER.object_id, 50076)
    with pytest.raises(SignInAgain) as again:
        ask(room.tokens, record, tenant_id=THERE)
    assert again.value.cause == "interaction-required"
    assert room.tokens.claims_asked_for(record.id) == again.value.claims != ""


async def test_a_project_with_the_wrong_scope_corrects_itself_once_and_says_so(
    room: IdentityRoom, catalogue: Catalogue, clients: Clients
) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    project = catalogue.find(f"{FOUNDRY.name}/gpt-5-2-foundry")
    wrong = replace(project, endpoint=replace(project.endpoint, scope=f"{AUDIENCE}/.default"))
    first = await answer(clients, room.tokens.source(record), wrong)
    sent = len(room.emulator.received)
    second = await answer(clients, room.tokens.source(record), wrong)
    notices = [event.text for event in first if isinstance(event, Notice)]
    assert [notice for notice in notices if "https://ai.azure.com" in notice]
    assert not [event for event in second if isinstance(event, Notice)]
    assert len(room.emulator.received) == sent + 1, "the second call knows the scope"


async def test_a_project_is_called_with_a_token_of_its_own_scope(
    room: IdentityRoom, catalogue: Catalogue, clients: Clients
) -> None:
    record = room.sign_in_as(BUSINESS_USER).record
    events = await answer(clients, room.tokens.source(record), catalogue.find(f"{FOUNDRY.name}/gpt-5-2-foundry"))
    assert any(isinstance(event, TextDelta) for event in events)
    assert len(room.emulator.received) == 1
