"""Managed identities of App Service and of virtual machines, asked for by the real azure-identity and MSAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential

from core.emulator.directory import SYSTEM_IDENTITY, USER_IDENTITY

if TYPE_CHECKING:
    from core.emulator.directory import ManagedIdentity
    from core.emulator.emulator import Emulator

SCOPE = "https://cognitiveservices.azure.com/.default"
AUDIENCE = "https://cognitiveservices.azure.com"


@pytest.fixture
def app_service(emulator: Emulator, emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The environment that App Service gives to an app."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)
    return emulator


def ask(emulator: Emulator, base_url: str, header: str | None = None, **changed: str) -> httpx2.Response:
    query = {"resource": AUDIENCE, "api-version": "2019-08-01", **changed}
    headers = {"X-IDENTITY-HEADER": emulator.identity_header if header is None else header}
    return httpx2.get(f"{base_url}/identity/token", params=query, headers=headers)


def test_the_system_assigned_identity_is_the_default(app_service: Emulator) -> None:
    with ManagedIdentityCredential() as credential:
        token = credential.get_token(SCOPE)
    claims = app_service.signer.verify(token.token, AUDIENCE)
    assert (claims["oid"], claims["idtyp"]) == (SYSTEM_IDENTITY.principal_id, "app")
    # MSAL counts from the second in which the answer arrived.
    assert 0 <= token.expires_on - claims["exp"] <= 2


def test_a_user_assigned_identity_is_named_by_its_client_id(app_service: Emulator) -> None:
    with ManagedIdentityCredential(client_id=USER_IDENTITY.client_id) as credential:
        token = credential.get_token(SCOPE).token
    assert app_service.signer.verify(token, AUDIENCE)["oid"] == USER_IDENTITY.principal_id


@pytest.mark.parametrize(
    "named",
    [
        {"object_id": USER_IDENTITY.principal_id},
        {"principal_id": USER_IDENTITY.principal_id},
        {"mi_res_id": USER_IDENTITY.resource_id},
    ],
    ids=lambda named: next(iter(named)),
)
def test_a_user_assigned_identity_has_other_names(
    emulator: Emulator, emulator_url: str, named: dict[str, str]
) -> None:
    answer = ask(emulator, emulator_url, **named).json()
    assert answer["client_id"] == USER_IDENTITY.client_id


def test_azure_identity_reports_an_identity_that_does_not_exist(app_service: Emulator) -> None:
    with (
        ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000000") as credential,
        pytest.raises(ClientAuthenticationError, match="No User Assigned or Delegated Managed Identity found"),
    ):
        credential.get_token(SCOPE)
    assert len(app_service.identity.asked) == 1


def test_success_has_the_shape_of_app_service(emulator: Emulator, emulator_url: str) -> None:
    answer = ask(emulator, emulator_url).json()
    assert sorted(answer) == ["access_token", "client_id", "expires_on", "resource", "token_type"]
    assert answer["expires_on"].isdigit()
    assert answer["resource"] == AUDIENCE


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"header": "wrong"}, 401),
        ({"header": ""}, 401),
        ({"api-version": "2018-02-01"}, 400),
        ({"client_id": "unknown"}, 400),
        ({"resource": "https://unknown.example"}, 500),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_without_a_token(
    emulator: Emulator, emulator_url: str, changed: dict[str, str], status: int
) -> None:
    answer = ask(emulator, emulator_url, **changed)
    assert answer.status_code == status
    assert sorted(answer.json()) == ["correlationId", "message", "statusCode"]
    assert answer.json()["statusCode"] == status


def test_its_answers_can_be_dictated(emulator: Emulator, emulator_url: str) -> None:
    emulator.identity.answer_next(500, b"", endpoint="identity", times=3)
    assert [ask(emulator, emulator_url).status_code for _ in range(4)] == [500, 500, 500, 200]


@pytest.fixture
def virtual_machine(emulator: Emulator, emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A host whose metadata service is the emulator's."""
    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"{emulator_url}/imds")
    return emulator


@pytest.mark.parametrize("identity", [SYSTEM_IDENTITY, USER_IDENTITY])
def test_a_virtual_machine_gives_tokens_of_its_identities(
    virtual_machine: Emulator, identity: ManagedIdentity
) -> None:
    client_id = identity.client_id if identity is USER_IDENTITY else None
    with ManagedIdentityCredential(client_id=client_id) as credential:
        token = credential.get_token(SCOPE).token
    assert virtual_machine.signer.verify(token, AUDIENCE)["oid"] == identity.principal_id


def test_azure_identity_reports_an_identity_that_the_virtual_machine_does_not_have(
    virtual_machine: Emulator,
) -> None:
    with (
        ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000000") as credential,
        pytest.raises(CredentialUnavailableError, match="Identity not found"),
    ):
        credential.get_token(SCOPE)
    assert list(virtual_machine.imds.asked) == [AUDIENCE]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"metadata": "true", "x-forwarded-for": "10.0.0.1"}, {}),
        ({"metadata": "true"}, {"api-version": "2017-01-01"}),
        ({"metadata": "true"}, {"resource": "https://example.com"}),
    ],
)
def test_the_metadata_service_refuses_what_azure_refuses(
    emulator_url: str, headers: dict[str, str], query: dict[str, str]
) -> None:
    asked = {"resource": AUDIENCE, "api-version": "2018-02-01", **query}
    answer = httpx2.get(f"{emulator_url}/imds/metadata/identity/oauth2/token", params=asked, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("invalid_")
