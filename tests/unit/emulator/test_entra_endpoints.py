"""Discovery, keys, sign-out, the shape of refusals, and what a test can dictate."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import jwt
import msal  # type: ignore[import-untyped]  # it ships no types
import pytest
import trustme
from starlette.applications import Starlette

from core.emulator.directory import AUTHORITY_HOST, BUSINESS_USER, CLIENT_ID, SERVICE, TENANT_DOMAIN, TENANT_ID
from core.emulator.emulator import Emulator
from tests.support import forgeries
from tests.support.people import choose_account
from tests.support.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")

SCOPES = ["https://cognitiveservices.azure.com/.default"]
REDIRECT = "http://localhost:8501/auth/callback"


def sign_in(client: msal.ClientApplication) -> dict[str, Any]:
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
    result: dict[str, Any] = client.acquire_token_by_auth_code_flow(
        flow, choose_account(flow["auth_uri"], BUSINESS_USER)
    )
    return result


def discovery(base_url: str, tenant: str = TENANT_ID) -> dict[str, Any]:
    document: dict[str, Any] = httpx2.get(f"{base_url}/entra/{tenant}/v2.0/.well-known/openid-configuration").json()
    return document


def test_discovery_sends_browsers_to_the_address_it_was_asked_at(emulator_url: str) -> None:
    for base_url in (emulator_url, emulator_url.replace("127.0.0.1", "localhost")):
        document = discovery(base_url)
        assert document["authorization_endpoint"] == f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/authorize"
        assert document["end_session_endpoint"] == f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/logout"
        assert document["jwks_uri"] == f"{base_url}/entra/{TENANT_ID}/discovery/v2.0/keys"
        assert document["token_endpoint"] == f"https://{AUTHORITY_HOST}/{TENANT_ID}/oauth2/v2.0/token"
        assert document["issuer"] == f"https://{AUTHORITY_HOST}/{TENANT_ID}/v2.0"


@pytest.mark.parametrize(
    ("tenant", "issuer_tenant"),
    [(TENANT_DOMAIN, TENANT_ID), ("common", "{tenantid}"), ("organizations", "{tenantid}")],
)
def test_discovery_knows_the_tenant_by_its_other_names(emulator_url: str, tenant: str, issuer_tenant: str) -> None:
    assert discovery(emulator_url, tenant)["issuer"] == f"https://{AUTHORITY_HOST}/{issuer_tenant}/v2.0"


def test_an_unknown_tenant_is_refused_everywhere(emulator_url: str) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    assert discovery(emulator_url, other)["error_codes"] == [90002]
    token = httpx2.post(f"{emulator_url}/entra/{other}/oauth2/v2.0/token", data={"client_id": CLIENT_ID})
    assert (token.status_code, token.json()["error_codes"]) == (400, [90002])
    page = httpx2.get(f"{emulator_url}/entra/{other}/oauth2/v2.0/authorize", params={"client_id": CLIENT_ID})
    assert "AADSTS90002" in page.text


def test_msal_may_ask_for_instances_before_it_trusts_the_authority(emulator_url: str) -> None:
    answer = httpx2.get(f"{emulator_url}/entra/common/discovery/instance", params={"api-version": "1.1"}).json()
    assert answer["metadata"][0]["aliases"] == [AUTHORITY_HOST]


def test_keys_rotate_and_the_key_before_stays_published(emulator: Emulator, emulator_url: str) -> None:
    def published() -> list[str]:
        keys = httpx2.get(f"{emulator_url}/entra/{TENANT_ID}/discovery/v2.0/keys").json()["keys"]
        assert not any({"d", "p", "q"} & set(key) for key in keys)
        return [key["kid"] for key in keys]

    first = published()
    emulator.signer.rotate()
    second = published()
    assert second[1:] == first
    emulator.signer.rotate()
    assert published()[1:] == second[:1]


def test_a_refusal_has_the_shape_of_entras(emulator_url: str) -> None:
    answer = httpx2.post(
        f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/token",
        data={"client_id": SERVICE.client_id, "client_secret": "wrong", "grant_type": "client_credentials"},
        headers={"client-request-id": "0b1c2d3e-0000-4000-8000-000000000001"},
    )
    body = answer.json()
    assert answer.status_code == 401
    assert list(body) == [
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    ]
    assert body["correlation_id"] == "0b1c2d3e-0000-4000-8000-000000000001"
    assert re.fullmatch(
        rf"AADSTS7000215: .+ Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} "
        rf"Timestamp: {body['timestamp']}",
        body["error_description"],
    )
    told = datetime.strptime(body["timestamp"], "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60
    assert body["error_uri"].endswith("/error?code=7000215")


def test_a_parameter_given_twice_is_refused(emulator_url: str) -> None:
    answer = httpx2.post(
        f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/token",
        content=f"client_id={CLIENT_ID}&client_id={SERVICE.client_id}",
    )
    assert answer.json()["error_codes"] == [9000411]


def test_sign_out_returns_to_a_registered_address_only(emulator_url: str) -> None:
    url = f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/logout"
    back = "http://localhost:8501/auth/signed-out"
    answer = httpx2.get(url, params={"post_logout_redirect_uri": back, "state": "s"})
    assert answer.headers["location"] == f"{back}?state=s"
    for elsewhere in ("https://evil.example/", ""):
        page = httpx2.get(url, params={"post_logout_redirect_uri": elsewhere})
        assert page.status_code == 200
        assert "You signed out" in page.text


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, "<html>Maintenance</html>", {}),
        (500, b"\xff\x00", {}),
        (200, {}, {}),
        (429, {"error": "temporarily_unavailable"}, {"Retry-After": "7"}),
    ],
)
def test_the_next_answer_can_be_dictated_once(
    emulator: Emulator, emulator_url: str, status: int, body: str | bytes | dict[str, str], headers: dict[str, str]
) -> None:
    url = f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/token"
    emulator.entra.answer_next(status, body, headers)

    dictated = httpx2.post(url)
    assert dictated.status_code == status
    if isinstance(body, dict):
        assert dictated.json() == body
    else:
        assert dictated.content == (body.encode() if isinstance(body, str) else body)
    assert dictated.headers.get("retry-after") == headers.get("Retry-After")
    assert httpx2.post(url).json()["error_codes"] == [900144]


def test_other_endpoints_can_be_dictated_too_and_several_times(emulator: Emulator, emulator_url: str) -> None:
    url = f"{emulator_url}/entra/{TENANT_ID}/discovery/v2.0/keys"
    emulator.entra.answer_next(503, endpoint="keys", times=2)
    assert [httpx2.get(url).status_code for _ in range(3)] == [503, 503, 200]
    emulator.entra.answer_next(503, endpoint="keys")
    emulator.entra.forget_answers()
    assert httpx2.get(url).status_code == 200


def test_an_answer_can_be_withheld_until_the_caller_hangs_up(emulator: Emulator, emulator_url: str) -> None:
    url = f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/token"
    emulator.entra.hang_next()
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, timeout=httpx2.Timeout(5, read=0.2))
    assert httpx2.post(url).status_code == 400


def test_the_next_id_token_can_be_changed(emulator: Emulator, public_client: msal.PublicClientApplication) -> None:
    emulator.entra.mutate_next_id_token(forgeries.changed(aud="someone-else", oid=None))
    claims = sign_in(public_client)["id_token_claims"]
    assert claims["aud"] == "someone-else"
    assert "oid" not in claims
    assert sign_in(public_client)["id_token_claims"]["aud"] == CLIENT_ID


@pytest.mark.parametrize("forgery", ["unsigned", "stranger", "unknown", "public key"])
def test_the_next_id_token_can_be_forged(
    emulator: Emulator, public_client: msal.PublicClientApplication, forgery: str
) -> None:
    mutation = {
        "unsigned": forgeries.unsigned(),
        "stranger": forgeries.signed_by_a_stranger(emulator.signer),
        "unknown": forgeries.signed_by_an_unknown_key(),
        "public key": forgeries.signed_with_the_public_key(emulator.signer),
    }[forgery]
    emulator.entra.mutate_next_id_token(mutation)
    token = sign_in(public_client)["id_token"]
    header = jwt.get_unverified_header(token)
    expected = {"unsigned": "none", "stranger": "RS256", "unknown": "RS256", "public key": "HS256"}
    assert header["alg"] == expected[forgery]
    assert (header.get("kid") == emulator.signer.kid) == (forgery in {"stranger", "public key"})


def test_msal_without_any_rewriting_signs_in_when_the_emulator_is_an_authority_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    app = Starlette()
    with serving(app, context, "localhost") as base_url:
        host = base_url.removeprefix("https://")
        emulator = Emulator(authority_host=host, pace=0)
        app.router.routes.extend(emulator.entra_routes())
        client = msal.PublicClientApplication(
            CLIENT_ID, authority=f"{base_url}/{TENANT_ID}", instance_discovery=False
        )
        flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT)
        with httpx2.Client(verify=ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))) as browser:
            back = browser.post(flow["auth_uri"], data={"account": BUSINESS_USER.object_id})
        answer = dict(httpx2.URL(back.headers["location"]).params)
        result = client.acquire_token_by_auth_code_flow(flow, answer)
        client.http_client.close()
    assert result["id_token_claims"]["iss"] == f"https://{host}/{TENANT_ID}/v2.0"
