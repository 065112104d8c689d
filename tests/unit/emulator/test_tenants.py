"""The second tenant: guests, apps that are known there, its resource, and the approval of an administrator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import httpx2
import msal  # type: ignore[import-untyped]  # it ships no types
import pytest

from core.emulator.directory import (
    AUTHORITY_HOST,
    BUSINESS_USER,
    CLIENT_ID,
    FABRIKAM,
    FOUNDRY,
    SERVICE,
    TENANT_ID,
    TESTER,
)
from core.emulator.tenants import HOME, PARTNER
from tests.support.people import choose_account
from tests.support.rewriting import RewritingClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")

SCOPES = ["https://cognitiveservices.azure.com/.default"]
AUDIENCE = "https://cognitiveservices.azure.com"
REDIRECT = "http://localhost:8501/auth/callback"


class Browser:
    """MSAL over one token cache, in both tenants."""

    def __init__(self, http: RewritingClient) -> None:
        self._cache = msal.TokenCache()
        self._http = http

    def client(self, tenant: str) -> msal.PublicClientApplication:
        return msal.PublicClientApplication(
            CLIENT_ID,
            authority=f"https://{AUTHORITY_HOST}/{tenant}",
            instance_discovery=False,
            token_cache=self._cache,
            http_client=self._http,
        )

    def sign_in(self, person: Person) -> None:
        client = self.client(TENANT_ID)
        flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
        client.acquire_token_by_auth_code_flow(flow, choose_account(flow["auth_uri"], person))

    def ask(self, tenant: str) -> dict[str, Any]:
        client = self.client(tenant)
        answer: dict[str, Any] = client.acquire_token_silent_with_error(SCOPES, client.get_accounts()[0])
        return answer


@pytest.fixture
def http(emulator_url: str) -> Iterator[RewritingClient]:
    with contextlib.closing(RewritingClient(AUTHORITY_HOST, emulator_url)) as client:
        yield client


@pytest.fixture
def browser(http: RewritingClient) -> Browser:
    return Browser(http)


@pytest.mark.parametrize("name", [PARTNER.tenant_id, PARTNER.domain])
def test_one_sign_in_gives_a_guest_a_token_of_the_other_tenant(
    browser: Browser, emulator: Emulator, emulator_url: str, name: str
) -> None:
    browser.sign_in(BUSINESS_USER)
    token = browser.ask(name)["access_token"]
    claims = emulator.signer.verify(token, AUDIENCE, PARTNER.tenant_id)
    assert claims["tid"] == PARTNER.tenant_id
    assert claims["oid"] == emulator.directory.strangers.object_id(BUSINESS_USER.object_id, PARTNER)
    answer = httpx2.post(
        f"{emulator_url}/resources/{FABRIKAM.name}/openai/v1/chat/completions",
        json={"model": "gpt-5-2-fabrikam", "messages": [{"role": "user", "content": "Ice cream?"}]},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


def test_who_is_no_guest_is_refused_there_until_invited(browser: Browser, emulator: Emulator) -> None:
    browser.sign_in(TESTER)
    assert browser.ask(PARTNER.tenant_id)["error_codes"] == [50020]
    emulator.directory.strangers.admit(TESTER.object_id)
    assert "access_token" in browser.ask(PARTNER.tenant_id)


def test_an_app_is_unknown_there_until_an_administrator_approves_it(
    browser: Browser, emulator: Emulator, emulator_url: str
) -> None:
    browser.sign_in(BUSINESS_USER)
    emulator.directory.strangers.remove(CLIENT_ID)
    assert browser.ask(PARTNER.tenant_id)["error_codes"] == [700016]
    address = f"{emulator_url}/entra/{PARTNER.tenant_id}/adminconsent?client_id={CLIENT_ID}"
    assert PARTNER.name in httpx2.get(address).text
    assert httpx2.post(address, data={"accept": "yes"}).status_code == 200
    assert "access_token" in browser.ask(PARTNER.tenant_id)


def test_an_administrators_approval_lifts_missing_consent_at_home(emulator: Emulator, emulator_url: str) -> None:
    emulator.directory.refuse(CLIENT_ID, 65001)
    httpx2.post(f"{emulator_url}/entra/{HOME.tenant_id}/adminconsent?client_id={CLIENT_ID}", data={"accept": "yes"})
    assert emulator.directory.refusal(CLIENT_ID) is None
    stranger = httpx2.get(f"{emulator_url}/entra/{HOME.tenant_id}/adminconsent?client_id=x")
    assert "AADSTS700016" in stranger.text


def test_a_service_principal_has_an_object_id_of_its_own_there(emulator: Emulator, http: RewritingClient) -> None:
    def ask() -> dict[str, Any]:
        client = msal.ConfidentialClientApplication(
            SERVICE.client_id,
            client_credential=secret,
            authority=f"https://{AUTHORITY_HOST}/{PARTNER.tenant_id}",
            instance_discovery=False,
            http_client=http,
        )
        answer: dict[str, Any] = client.acquire_token_for_client(SCOPES)
        return answer

    secret = emulator.directory.add_secret(SERVICE.client_id)
    claims = emulator.signer.verify(ask()["access_token"], AUDIENCE, PARTNER.tenant_id)
    assert claims["oid"] not in {"", SERVICE.object_id}
    emulator.directory.strangers.remove(SERVICE.client_id)
    assert ask()["error_codes"] == [700016]


def test_a_token_of_one_tenant_is_refused_by_the_resource_of_the_other(browser: Browser, emulator_url: str) -> None:
    browser.sign_in(BUSINESS_USER)
    answer = httpx2.post(
        f"{emulator_url}/resources/{FABRIKAM.name}/openai/v1/chat/completions",
        headers={"authorization": f"Bearer {browser.ask(TENANT_ID)['access_token']}"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Tenant provided in token does not match resource token"


def test_the_catalogue_names_project_and_partner_only_when_asked(emulator: Emulator) -> None:
    assert {endpoint["name"] for endpoint in emulator.catalogue("http://x")["endpoint"]} == {
        "contoso-sweden",
        "contoso-eastus",
    }
    endpoints = {endpoint["name"]: endpoint for endpoint in emulator.catalogue("http://x", further=True)["endpoint"]}
    assert endpoints[FABRIKAM.name]["tenant"] == PARTNER.tenant_id
    assert endpoints[FOUNDRY.name]["url"] == "http://x/resources/contoso-foundry/api/projects/taglines"
    assert endpoints[FOUNDRY.name]["scope"] == "https://ai.azure.com/.default"
    assert all(endpoint["deployment"] for endpoint in endpoints.values())
