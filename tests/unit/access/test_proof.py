"""The proof that no key is used is read from what was really sent, and turns red when that carries one."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest

from core.access.proof import KeylessProof, Proving
from core.deployments import wire
from core.deployments.as_sent import KEPT, AsSent
from core.deployments.client import Clients
from core.deployments.resource_manager import LocalAuth, ResourceManager
from core.deployments.warming import get_ready
from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER
from core.errors import SignInAgain
from tests.support.openai_calls import BALANCED, LAVISH, LEGACY, access_token
from tests.support.raw_server import raw_server
from tests.unit.deployments.asking import ScriptedTokens, ask, deployment_at

if TYPE_CHECKING:
    from core.deployments.catalogue import Catalogue
    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from tests.support.identity import ShiftedClock
    from tests.support.raw_server import Conversation

MANAGEMENT = "https://management.azure.com"


def tokens_of(emulator: Emulator, person: Person) -> ScriptedTokens:
    """Tokens for whichever audience is asked for."""
    return ScriptedTokens(
        lambda scope, _: access_token(emulator, person.object_id, aud=scope.removesuffix("/.default")),
        identity=person.username,
        object_id=person.object_id,
    )


@pytest.fixture
def manager(clients: Clients, emulator_url: str) -> ResourceManager:
    return ResourceManager(clients, f"{emulator_url}/management", f"{MANAGEMENT}/.default")


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": "/usr/bin", "KEYLESS_PUBLIC_URL": "https://keyless.contoso.example"}


@pytest.fixture
def proving(
    clients: Clients, manager: ResourceManager, catalogue: Catalogue, clock: ShiftedClock, environ: dict[str, str]
) -> Proving:
    return Proving(environ, clients.as_sent, manager, catalogue.endpoints, clock)


async def proof_after_calls(
    proving: Proving, clients: Clients, catalogue: Catalogue, emulator: Emulator
) -> KeylessProof:
    tokens = tokens_of(emulator, BUSINESS_USER)
    for name in (f"contoso-sweden/{BALANCED}", f"contoso-eastus/{LAVISH}", f"contoso-eastus/{LEGACY}"):
        assert (await ask(clients, catalogue.find(name), tokens)).error is None
    return await proving.proof(tokens)


async def test_what_was_sent_carried_a_token_and_no_key(
    proving: Proving, clients: Clients, catalogue: Catalogue, emulator: Emulator
) -> None:
    proof = await proof_after_calls(proving, clients, catalogue, emulator)
    assert proof.holds
    assert [request.operation for request in reversed(proof.requests)][:3] == [
        "responses",
        "chat/completions",
        "completions",
    ]
    assert {(request.host, request.had_bearer, request.had_api_key) for request in proof.requests} == {
        ("127.0.0.1", True, False)
    }
    assert proof.sentences[:2] == [
        "No setting that could hold a key exists.",
        f"Of the last {len(proof.requests)} requests, each carried a token, and none a key.",
    ]
    assert "eyJ" not in repr(proof)


@pytest.mark.parametrize("header", ["api-key", "Ocp-Apim-Subscription-Key"])
async def test_a_key_in_a_header_turns_the_proof_red(  # noqa: PLR0917 - fixtures
    proving: Proving,
    clients: Clients,
    catalogue: Catalogue,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    header: str,
) -> None:
    monkeypatch.setattr(wire, "_SENT", wire._SENT | {header.lower()})
    clients.pool.headers[header] = "0123456789abcdef0123456789abcdef"
    tokens = tokens_of(emulator, BUSINESS_USER)
    await ask(clients, catalogue.find(f"contoso-sweden/{BALANCED}"), tokens)
    assert header.lower() in emulator.received[-1].headers, "the key really was on the wire"
    proof = await proving.proof(tokens)
    assert not proof.holds
    assert proof.offending[0].had_api_key
    assert "carried a key, or no token" in proof.sentences[1]
    assert "0123456789abcdef" not in repr(proof)


async def test_without_that_change_the_same_header_never_leaves(
    proving: Proving, clients: Clients, catalogue: Catalogue, emulator: Emulator
) -> None:
    clients.pool.headers["api-key"] = "0123456789abcdef0123456789abcdef"
    proof = await proof_after_calls(proving, clients, catalogue, emulator)
    assert proof.holds
    assert all("api-key" not in received.headers for received in emulator.received)


async def test_a_key_sent_as_bearer_is_no_token(clients: Clients, proving: Proving, emulator: Emulator) -> None:
    key = ScriptedTokens(lambda *_: "0123456789abcdef0123456789abcdef")
    with raw_server(lambda conversation: conversation.reset()) as server:
        await ask(clients, deployment_at(server.url), key)
    proof = await proving.proof(tokens_of(emulator, BUSINESS_USER))
    assert not proof.holds
    assert not proof.offending[-1].had_bearer


async def test_a_key_in_the_address_and_a_request_without_a_token_are_seen(clients: Clients) -> None:
    def answer(conversation: Conversation) -> None:
        conversation.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    with raw_server(answer) as server:
        await clients.pool.get(f"{server.url}/openai/v1/responses", params={"subscription-key": "k"})
    (request,) = clients.as_sent.latest()
    assert (request.operation, request.had_bearer, request.had_api_key) == ("responses", False, True)


async def test_opening_connections_for_a_comparison_leaves_the_proof_whole(
    proving: Proving, clients: Clients, catalogue: Catalogue, emulator: Emulator
) -> None:
    tokens = tokens_of(emulator, BUSINESS_USER)
    readiness = await get_ready(clients, [(endpoint, tokens) for endpoint in catalogue.endpoints])
    assert readiness.silent == ()
    proof = await proof_after_calls(proving, clients, catalogue, emulator)
    assert proof.holds
    assert all(request.had_bearer for request in proof.requests)


@pytest.mark.parametrize("headers", [{"api-key": "k"}, {"authorization": "Bearer k"}])
async def test_a_key_that_goes_out_while_a_connection_is_opened_is_seen(headers: dict[str, str]) -> None:
    as_sent = AsSent()
    as_sent.note("HEAD", "host", "/", "", httpx2.Headers())
    as_sent.note("HEAD", "host", "/", "", httpx2.Headers(headers))
    (request,) = as_sent.latest()
    assert request.had_api_key or not request.had_bearer


async def test_the_latest_fifty_requests_are_kept_the_newest_first(clock: ShiftedClock) -> None:
    as_sent = AsSent(clock)
    for number in range(KEPT + 10):
        as_sent.note("POST", f"host-{number}", "/openai/v1/responses", "", httpx2.Headers())
    assert [request.host for request in as_sent.latest()] == [f"host-{number}" for number in range(KEPT + 9, 9, -1)]


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "OPENAI_CUSTOM_HEADERS", "MY_OPENAI_KEY"])
async def test_a_variable_that_holds_a_key_turns_the_proof_red_by_its_name(
    proving: Proving, emulator: Emulator, environ: dict[str, str], name: str
) -> None:
    environ[name] = "the-key-itself"
    proof = await proving.proof(tokens_of(emulator, BUSINESS_USER))
    assert not proof.holds
    assert proof.sentences[0] == f"Variables that hold a key are set: {name}."
    assert "the-key-itself" not in repr(proof)


class TestLocalAuth:
    async def test_a_reader_learns_whether_the_resource_takes_keys(
        self, proving: Proving, emulator: Emulator
    ) -> None:
        emulator.management.takes_keys.add("contoso-eastus")
        proof = await proving.proof(tokens_of(emulator, ADMINISTRATOR))
        assert proof.local_auth == {"contoso-sweden": LocalAuth.OFF, "contoso-eastus": LocalAuth.ON}
        assert proof.sentences[2:] == [
            "The resource contoso-sweden takes no keys from anybody: local authentication is off.",
            "The resource contoso-eastus still takes keys from others: local authentication is on.",
        ]
        assert proof.holds, "that others may use keys is no key of this app"

    async def test_for_everybody_else_it_is_not_known(self, proving: Proving, emulator: Emulator) -> None:
        proof = await proving.proof(tokens_of(emulator, BUSINESS_USER))
        assert set(proof.local_auth.values()) == {LocalAuth.NOT_KNOWN}
        assert "needs a right" in proof.sentences[2]

    async def test_it_is_asked_once_in_five_minutes(
        self, proving: Proving, emulator: Emulator, clock: ShiftedClock
    ) -> None:
        tokens = tokens_of(emulator, ADMINISTRATOR)
        await proving.proof(tokens)
        emulator.management.takes_keys.add("contoso-sweden")
        assert (await proving.proof(tokens)).local_auth["contoso-sweden"] is LocalAuth.OFF
        clock.advance(minutes=5, seconds=1)
        assert (await proving.proof(tokens)).local_auth["contoso-sweden"] is LocalAuth.ON

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"<html>a page</html>"),
            (200, b""),
            (200, b"null"),
            (200, b'{"properties": {}}'),
            (200, b'{"properties": {"disableLocalAuth": "yes"}}'),
            (200, b'{"properties": []}'),
            (200, b'{"properties": {"disableLocalAuth": true}, "padding": "' + b"x" * 400_000 + b'"}'),
            (500, b'{"properties": {"disableLocalAuth": true}}'),
            (302, b""),
        ],
    )
    async def test_an_odd_reply_is_not_known_and_no_error(
        self, manager: ResourceManager, catalogue: Catalogue, emulator: Emulator, status: int, body: bytes
    ) -> None:
        emulator.management.answer_next(status, body, endpoint="management")
        tokens = tokens_of(emulator, ADMINISTRATOR)
        assert await manager.local_auth(catalogue.endpoints[0], tokens) is LocalAuth.NOT_KNOWN
        assert await manager.local_auth(catalogue.endpoints[0], tokens) is LocalAuth.OFF, "and it recovers"

    async def test_no_token_no_network_and_no_resource_id_are_not_known_and_no_error(
        self, manager: ResourceManager, clients: Clients, catalogue: Catalogue, emulator: Emulator
    ) -> None:
        def refuse(_scope: str, _refused: str) -> str:
            raise SignInAgain

        endpoint, tokens = catalogue.endpoints[0], tokens_of(emulator, ADMINISTRATOR)
        assert await manager.local_auth(endpoint, ScriptedTokens(refuse)) is LocalAuth.NOT_KNOWN
        nowhere = ResourceManager(clients, "https://management.invalid", f"{MANAGEMENT}/.default")
        assert await nowhere.local_auth(endpoint, tokens) is LocalAuth.NOT_KNOWN
        for resource_id in ("", "/subscriptions/../../elsewhere", "https://elsewhere.example/"):
            asked = len(clients.as_sent.latest())
            odd = replace(endpoint, resource_id=resource_id)
            assert await manager.local_auth(odd, tokens) is LocalAuth.NOT_KNOWN
            assert len(clients.as_sent.latest()) == asked, "nothing was sent"

    async def test_only_the_scope_of_resource_manager_is_asked_for(
        self, manager: ResourceManager, catalogue: Catalogue, emulator: Emulator
    ) -> None:
        tokens = tokens_of(emulator, ADMINISTRATOR)
        await manager.local_auth(catalogue.endpoints[0], tokens)
        assert tokens.asked == [(f"{MANAGEMENT}/.default", "")]


async def test_each_pool_notes_its_own(emulator: Emulator, catalogue: Catalogue) -> None:
    first, second = Clients(), Clients()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(first.close)
        stack.push_async_callback(second.close)
        await ask(first, catalogue.find(f"contoso-sweden/{BALANCED}"), tokens_of(emulator, BUSINESS_USER))
        assert len(first.as_sent.latest()) == 1
        assert second.as_sent.latest() == ()
