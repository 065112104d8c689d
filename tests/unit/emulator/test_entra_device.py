"""Device codes, asked for and redeemed by the real MSAL, entered on the page by a person."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import httpx2
import msal  # type: ignore[import-untyped]  # it ships no types
import pytest

from core.emulator.directory import AUTHORITY_HOST, BUSINESS_USER, CLIENT_ID, TENANT_ID
from tests.support.rewriting import RewritingClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.emulator.emulator import Emulator

SCOPES = ["https://cognitiveservices.azure.com/.default"]
AUDIENCE = "https://cognitiveservices.azure.com"


@pytest.fixture
def client(emulator_url: str) -> Iterator[msal.PublicClientApplication]:
    with contextlib.closing(RewritingClient(AUTHORITY_HOST, emulator_url)) as http:
        yield msal.PublicClientApplication(
            CLIENT_ID,
            authority=f"https://{AUTHORITY_HOST}/{TENANT_ID}",
            instance_discovery=False,
            http_client=http,
        )


def poll(client: msal.PublicClientApplication, flow: dict[str, Any]) -> dict[str, Any]:
    flow.pop("latest_attempt_at", None)
    result: dict[str, Any] = client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    return result


def enter(flow: dict[str, Any], **choice: str) -> httpx2.Response:
    with httpx2.Client(follow_redirects=True) as browser:
        assert "Enter code" in browser.get(flow["verification_uri"]).text
        accounts = browser.post(flow["verification_uri"], data={"user_code": flow["user_code"].lower()})
        assert BUSINESS_USER.username in accounts.text
        return browser.post(str(accounts.url), data=choice)


def test_a_token_comes_once_the_person_has_entered_the_code(
    client: msal.PublicClientApplication, emulator: Emulator
) -> None:
    flow = client.initiate_device_flow(SCOPES)
    assert flow["user_code"] in flow["message"]
    assert poll(client, flow)["error"] == "authorization_pending"
    assert "signed in" in enter(flow, account=BUSINESS_USER.object_id).text
    answer = poll(client, flow)
    assert emulator.signer.verify(answer["access_token"], AUDIENCE)["oid"] == BUSINESS_USER.object_id
    assert client.acquire_token_silent(SCOPES, client.get_accounts()[0], force_refresh=True)["access_token"]
    assert poll(client, flow)["error"] == "invalid_grant", "a code works once"


def test_a_person_may_say_no(client: msal.PublicClientApplication) -> None:
    flow = client.initiate_device_flow(SCOPES)
    enter(flow, cancel="yes")
    assert poll(client, flow)["error_codes"] == [65004]


def test_a_code_is_good_for_a_quarter_of_an_hour(client: msal.PublicClientApplication, emulator: Emulator) -> None:
    flow = client.initiate_device_flow(SCOPES)
    emulator.clock.advance(900)
    assert poll(client, flow)["error"] == "expired_token"
    late = httpx2.post(flow["verification_uri"], data={"user_code": flow["user_code"]}, follow_redirects=True)
    assert "did not work" in late.text


def test_an_unknown_app_and_an_unknown_code_get_nothing(emulator_url: str) -> None:
    asked = httpx2.post(
        f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/devicecode", data={"client_id": "x", "scope": SCOPES[0]}
    )
    assert asked.json()["error_codes"] == [700016]
    entered = httpx2.post(
        f"{emulator_url}/entra/devicelogin?user_code=ABC", data={"account": BUSINESS_USER.object_id}
    )
    assert entered.status_code == 400
