"""Sign-in as the real MSAL does it, against the emulator over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import jwt
import pytest

from core.emulator.directory import AUTHORITY_HOST, BUSINESS_USER, CLIENT_ID, NEW_JOINER, PEOPLE, TENANT_ID
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Callable

    import msal  # type: ignore[import-untyped]  # it ships no types

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator

# MSAL recommends form_post; a POST from another site would arrive without the app's SameSite=Lax cookies.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")

SCOPES = ["https://cognitiveservices.azure.com/.default"]
AUDIENCE = "https://cognitiveservices.azure.com"
REDIRECT = "http://localhost:8501/auth/callback"


def sign_in(
    client: msal.ClientApplication, person: Person = BUSINESS_USER, redirect: str = REDIRECT
) -> dict[str, Any]:
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=redirect, prompt="select_account")
    result: dict[str, Any] = client.acquire_token_by_auth_code_flow(flow, choose_account(flow["auth_uri"], person))
    return result


def refused(client: msal.ClientApplication, **changed: object) -> dict[str, Any]:
    """Redeem a good code with parts of the flow changed, and return the refusal."""
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    answer = choose_account(flow["auth_uri"], BUSINESS_USER)
    result: dict[str, Any] = client.acquire_token_by_auth_code_flow({**flow, **changed}, answer)
    assert "access_token" not in result
    return result


def authorize_url(base_url: str, **changed: str) -> str:
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": f"openid profile {SCOPES[0]}",
        "state": "the-state",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    query = {name: value for name, value in {**query, **changed}.items() if value}
    return f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode(query)}"


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.title)
def test_everyone_can_sign_in_and_gets_a_token_the_resources_verify(
    emulator: Emulator, public_client: msal.PublicClientApplication, person: Person
) -> None:
    result = sign_in(public_client, person)

    claims = emulator.signer.verify(result["access_token"], AUDIENCE)
    assert (claims["oid"], claims["tid"], claims["upn"]) == (person.object_id, TENANT_ID, person.username)
    assert claims["appid"] == CLIENT_ID


def test_the_id_token_says_who_for_whom_and_answers_the_nonce(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    flow = public_client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    result = public_client.acquire_token_by_auth_code_flow(flow, choose_account(flow["auth_uri"], BUSINESS_USER))

    key = jwt.PyJWK(emulator.signer.jwks()["keys"][0])
    issuer = f"https://{AUTHORITY_HOST}/{TENANT_ID}/v2.0"
    claims = jwt.decode(result["id_token"], key, algorithms=["RS256"], audience=CLIENT_ID, issuer=issuer)
    asked = parse_qs(urlsplit(flow["auth_uri"]).query)
    assert claims["nonce"] == asked["nonce"][0]
    assert claims["oid"] == BUSINESS_USER.object_id
    assert claims["preferred_username"] == "business.user@contoso.example"
    assert claims["sub"] not in {"", BUSINESS_USER.object_id}
    assert "roles" not in claims


def test_the_administrator_carries_the_application_role(public_client: msal.PublicClientApplication) -> None:
    assert sign_in(public_client, PEOPLE[0])["id_token_claims"]["roles"] == ["Admin"]


def test_a_token_is_kept_by_msal_and_refreshed_with_a_rotating_refresh_token(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    first = sign_in(public_client)
    account = public_client.get_accounts()[0]
    emulator.entra.asked.clear()

    kept = public_client.acquire_token_silent(SCOPES, account)
    assert kept["access_token"] == first["access_token"]
    assert not emulator.entra.asked

    renewed = public_client.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert renewed["access_token"] != first["access_token"]
    assert renewed["refresh_token"] != first["refresh_token"]
    assert [asked.grant_type for asked in emulator.entra.asked] == ["refresh_token"]


def test_one_refresh_token_serves_another_api(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    sign_in(public_client)
    token = public_client.acquire_token_silent(["https://ai.azure.com/.default"], public_client.get_accounts()[0])
    assert emulator.signer.verify(token["access_token"], "https://ai.azure.com")["oid"] == BUSINESS_USER.object_id


@pytest.mark.parametrize("port", [80, 8501, 65535])
def test_a_loopback_redirect_matches_on_any_port(public_client: msal.PublicClientApplication, port: int) -> None:
    assert "access_token" in sign_in(public_client, redirect=f"http://localhost:{port}/auth/callback")


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:8501/auth/callback",
        "http://localhost:8501/auth/callback/",
        "http://localhost:8501/auth/callback?next=x",
        "http://localhost.evil.example/auth/callback",
        "http://localhost:8501@evil.example/auth/callback",
        "http://evil@localhost/auth/callback",
        "http://evil.example/auth/callback",
        "//evil.example",
        "",
    ],
)
def test_a_redirect_that_is_not_registered_never_leaves_the_page(emulator_url: str, uri: str) -> None:
    page = httpx2.get(authorize_url(emulator_url, redirect_uri=uri))
    assert page.status_code == 400
    assert "AADSTS50011" in page.text


def test_a_web_redirect_is_registered_at_run_time_matches_exactly_and_asks_for_a_credential(
    emulator: Emulator,
    public_client: msal.PublicClientApplication,
    confidential_client: Callable[..., msal.ConfidentialClientApplication],
) -> None:
    web = "https://keyless.contoso.example/auth/callback"
    emulator.directory.register_redirect(CLIENT_ID, web)

    assert sign_in(public_client, redirect=web)["error_codes"] == [7000218]
    with_secret = confidential_client(emulator.directory.add_secret(CLIENT_ID))
    result = sign_in(with_secret, redirect=web)
    assert "access_token" in result
    assert public_client.acquire_token_by_refresh_token(result["refresh_token"], SCOPES)["error_codes"] == [7000218]


def test_an_unknown_application_is_refused_on_the_page(emulator_url: str) -> None:
    page = httpx2.get(authorize_url(emulator_url, client_id="00000000-0000-0000-0000-000000000000"))
    assert page.status_code == 400
    assert "AADSTS700016" in page.text


@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"response_mode": "form_post"}, "invalid_request", 90023),
        ({"scope": ""}, "invalid_request", 900144),
        ({"scope": "https://unknown.example/.default"}, "invalid_resource", 500011),
        ({"scope": "not/a/scope"}, "invalid_scope", 70011),
        ({"scope": f"{SCOPES[0]} https://ai.azure.com/.default"}, "invalid_request", 28000),
        ({"code_challenge": ""}, "invalid_request", 9002325),
        ({"code_challenge_method": "plain"}, "invalid_request", 50149),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_a_request_that_cannot_be_met_goes_back_to_the_app_with_its_state(
    emulator_url: str, changed: dict[str, str], error: str, code: int
) -> None:
    answer = choose_account(authorize_url(emulator_url, **changed), BUSINESS_USER)
    assert answer["error"] == error
    assert answer["error_description"].startswith(f"AADSTS{code}: ")
    assert answer["state"] == "the-state"
    assert "code" not in answer


def test_a_person_who_cancels_goes_back_without_a_code(emulator_url: str) -> None:
    answer = choose_account(authorize_url(emulator_url), None)
    assert answer["error"] == "access_denied"
    assert answer["error_description"].startswith("AADSTS65004: ")
    assert answer["state"] == "the-state"


def test_a_code_works_once(public_client: msal.PublicClientApplication) -> None:
    flow = public_client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    answer = choose_account(flow["auth_uri"], BUSINESS_USER)
    assert "access_token" in public_client.acquire_token_by_auth_code_flow(dict(flow), answer)
    assert public_client.acquire_token_by_auth_code_flow(dict(flow), answer)["error_codes"] == [54005]


def test_a_code_lives_ten_minutes(emulator: Emulator, public_client: msal.PublicClientApplication) -> None:
    flow = public_client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    answer = choose_account(flow["auth_uri"], BUSINESS_USER)
    emulator.clock.advance(601)
    assert public_client.acquire_token_by_auth_code_flow(flow, answer)["error_codes"] == [70008]


def test_a_code_is_bound_to_its_verifier(public_client: msal.PublicClientApplication) -> None:
    assert refused(public_client, code_verifier="v" * 43)["error_codes"] == [501481]
    assert refused(public_client, code_verifier=None)["error_codes"] == [50148]


def test_a_code_is_bound_to_its_redirect(public_client: msal.PublicClientApplication) -> None:
    other = "http://localhost:9999/auth/callback"
    assert refused(public_client, redirect_uri=other)["error_codes"] == [500112]


def test_a_code_is_bound_to_its_application(
    emulator: Emulator,
    public_client: msal.PublicClientApplication,
    confidential_client: Callable[..., msal.ConfidentialClientApplication],
) -> None:
    other = emulator.directory.applications[1].client_id
    thief = confidential_client(emulator.directory.add_secret(other), other)
    flow = public_client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    answer = choose_account(flow["auth_uri"], BUSINESS_USER)
    assert thief.acquire_token_by_auth_code_flow(flow, answer)["error_codes"] == [9002313]


@pytest.mark.parametrize("code", [50057, 50105, 53003, 65001])
def test_a_person_who_is_refused_goes_back_with_the_reason_and_loses_the_refresh(
    emulator: Emulator, emulator_url: str, public_client: msal.PublicClientApplication, code: int
) -> None:
    sign_in(public_client)
    emulator.directory.refuse(BUSINESS_USER.object_id, code)

    answer = choose_account(authorize_url(emulator_url), BUSINESS_USER)
    assert answer["error"] in {"access_denied", "consent_required"}
    assert answer["error_description"].startswith(f"AADSTS{code}: ")

    account = public_client.get_accounts()[0]
    result = public_client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert result["error_codes"] == [code]
    assert "access_token" in sign_in(public_client, NEW_JOINER)

    emulator.directory.admit(BUSINESS_USER.object_id)
    assert "access_token" in sign_in(public_client)


def test_missing_multi_factor_comes_with_claims_and_ends_with_a_sign_in_that_brings_them(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    sign_in(public_client)
    emulator.directory.refuse(BUSINESS_USER.object_id, 50076)
    account = public_client.get_accounts()[0]
    result = public_client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert (result["error_codes"], result["suberror"]) == ([50076], "basic_action")
    assert sign_in(public_client)["error_codes"] == [50076]

    flow = public_client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT, claims_challenge=result["claims"])
    assert "access_token" in public_client.acquire_token_by_auth_code_flow(
        flow, choose_account(flow["auth_uri"], BUSINESS_USER)
    )
    assert "access_token" in public_client.acquire_token_silent(SCOPES, account, force_refresh=True)


def test_a_refresh_token_ends_after_ninety_days(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    token = sign_in(public_client)["refresh_token"]
    emulator.clock.advance(90 * 86_400 + 1)
    assert public_client.acquire_token_by_refresh_token(token, SCOPES)["error_codes"] == [700082]


def test_a_refresh_token_ends_when_the_sessions_are_revoked_and_a_new_sign_in_works(
    emulator: Emulator, public_client: msal.PublicClientApplication
) -> None:
    token = sign_in(public_client)["refresh_token"]
    emulator.directory.revoke_sessions(BUSINESS_USER.object_id, emulator.clock())
    assert public_client.acquire_token_by_refresh_token(token, SCOPES)["error_codes"] == [50173]
    emulator.clock.advance(1)
    token = sign_in(public_client)["refresh_token"]
    assert "access_token" in public_client.acquire_token_by_refresh_token(token, SCOPES)


def test_an_invented_refresh_token_is_refused(public_client: msal.PublicClientApplication) -> None:
    assert public_client.acquire_token_by_refresh_token("1.invented", SCOPES)["error_codes"] == [9002313]
