from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER, NEW_JOINER, SERVICE, SYSTEM_IDENTITY
from tests.support.openai_calls import ASK, BALANCED, LAVISH, LEGACY, Caller, access_token, calling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from core.emulator.emulator import Emulator

UNAUTHORIZED = {
    "statusCode": 401,
    "message": "Unauthorized. Access token is missing, invalid, audience is incorrect "
    "(https://cognitiveservices.azure.com), or have expired.",
}
PERMISSION_DENIED = {
    "error": {"code": "PermissionDenied", "message": "Principal does not have access to API/Operation."},
}
BODY = {"model": BALANCED, "messages": ASK}


@pytest.fixture
async def caller(emulator: Emulator, emulator_url: str) -> AsyncIterator[Caller]:
    async with calling(emulator, emulator_url) as caller:
        yield caller


async def ask(caller: Caller, token: str) -> httpx2.Response:
    return await caller.post("v1/chat/completions", BODY, {"authorization": f"Bearer {token}"})


async def test_the_answer_tells_whose_token_arrived(caller: Caller, emulator: Emulator) -> None:
    response = await caller.chat()

    assert response.headers["x-emulator-caller-oid"] == BUSINESS_USER.object_id
    assert emulator.received[-1].oid == BUSINESS_USER.object_id
    assert emulator.received[-1].body["model"] == BALANCED


async def test_the_token_itself_is_not_kept(caller: Caller, emulator: Emulator) -> None:
    token = access_token(emulator)
    await ask(caller, token)

    assert token not in str(emulator.received)
    assert emulator.received[-1].headers["authorization"].startswith("Bearer sha256:")


@pytest.mark.parametrize("oid", [SERVICE.object_id, SYSTEM_IDENTITY.principal_id])
async def test_applications_and_managed_identities_with_the_role_may_call(
    caller: Caller, emulator: Emulator, oid: str
) -> None:
    assert (await ask(caller, access_token(emulator, oid))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://management.azure.com"}, id="another audience"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"nbf": 99_999_999_999}, id="not valid yet"),
        pytest.param({"iss": "https://login.example/", "aud": "x"}, id="another issuer"),
    ],
)
async def test_a_token_that_is_not_good_is_refused_as_azure_does(
    caller: Caller, emulator: Emulator, claims: dict[str, object]
) -> None:
    response = await ask(caller, access_token(emulator, **claims))

    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)


async def test_an_unsigned_token_and_no_token_are_refused(caller: Caller, emulator: Emulator) -> None:
    head, payload, _ = access_token(emulator).split(".")
    for headers in ({"authorization": f"Bearer {head}.{payload}."}, {"authorization": "Bearer x"}, {}):
        response = await caller.post("v1/chat/completions", BODY, headers)

        assert (response.status_code, response.json()) == (401, UNAUTHORIZED)


async def test_a_token_expires_with_the_emulators_clock(caller: Caller, emulator: Emulator) -> None:
    token = access_token(emulator)
    assert (await ask(caller, token)).status_code == 200

    emulator.clock.advance(3601)

    assert (await ask(caller, token)).status_code == 401


async def test_a_good_token_of_another_tenant_is_a_bad_request(caller: Caller, emulator: Emulator) -> None:
    tenant = "11111111-2222-3333-4444-555555555555"
    foreign = access_token(emulator, tid=tenant, iss=f"https://{emulator.signer.authority_host}/{tenant}/")

    response = await ask(caller, foreign)

    assert response.status_code == 400
    assert response.json()["error"] == {
        "code": "Tenant provided in token does not match resource token",
        "message": f"Token tenant {tenant} does not match resource tenant.",
    }


async def test_a_missing_role_is_a_401_and_counts_from_the_moment_it_is_given(
    caller: Caller, emulator: Emulator
) -> None:
    token = access_token(emulator, NEW_JOINER.object_id)
    refused = await ask(caller, token)
    assert (refused.status_code, refused.json()) == (401, PERMISSION_DENIED)

    emulator.directory.grant(NEW_JOINER.object_id, "contoso-sweden")
    assert (await ask(caller, token)).status_code == 200

    emulator.directory.revoke(NEW_JOINER.object_id, "contoso-sweden")
    assert (await ask(caller, token)).json() == PERMISSION_DENIED


async def test_the_role_on_one_resource_does_not_open_the_other(caller: Caller, emulator: Emulator) -> None:
    emulator.directory.revoke(BUSINESS_USER.object_id, "contoso-eastus")

    body = {"model": LAVISH, "messages": ASK}
    response = await caller.post("v1/chat/completions", body, resource="contoso-eastus")

    assert response.json() == PERMISSION_DENIED
    assert (await caller.chat()).status_code == 200


async def test_a_key_is_refused_even_beside_a_good_token(caller: Caller, emulator: Emulator) -> None:
    for headers in ({"api-key": "x"}, {"api-key": "x", "authorization": f"Bearer {access_token(emulator)}"}):
        response = await caller.post("v1/chat/completions", BODY, headers)

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "AuthenticationTypeDisabled"


async def test_every_answer_carries_the_service_identifiers_and_its_region(caller: Caller) -> None:
    for response in (await caller.chat(), await caller.chat("server_error")):
        assert response.headers["apim-request-id"] == response.headers["x-request-id"]
        assert response.headers["x-ms-region"] == "Sweden Central"


async def test_a_deployment_of_the_other_resource_is_not_there(caller: Caller) -> None:
    response = await caller.post("v1/chat/completions", {"model": LAVISH, "messages": ASK})

    assert (response.status_code, response.json()["error"]["code"]) == (404, "DeploymentNotFound")


async def test_an_unknown_path_or_resource_is_not_found_in_the_services_words(caller: Caller) -> None:
    for path, resource in (("responses?api-version=2025-03-01", "contoso-eastus"), ("v1/responses", "contoso-mars")):
        response = await caller.post(path, BODY, resource=resource)

        assert (response.status_code, response.json()["error"]["message"]) == (404, "Resource not found")


@pytest.mark.parametrize("version", ["", "2021-01-01", "latest", "2022-12-01 "])
async def test_the_dated_api_wants_a_plausible_version(caller: Caller, version: str) -> None:
    path = f"deployments/{LAVISH}/chat/completions?api-version={version}"
    response = await caller.post(path, {"messages": ASK}, resource="contoso-eastus")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "404")


async def test_the_oldest_version_serves_completions_but_not_chat(caller: Caller) -> None:
    chat = f"deployments/{LAVISH}/chat/completions?api-version=2022-12-01"
    completions = f"deployments/{LEGACY}/completions?api-version=2022-12-01"

    assert (await caller.post(chat, {"messages": ASK}, resource="contoso-eastus")).status_code == 404
    assert (await caller.post(completions, {"prompt": "Hi"}, resource="contoso-eastus")).status_code == 200


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"null", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused_politely(caller: Caller, body: bytes) -> None:
    response = await caller.post("v1/chat/completions", body)

    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
