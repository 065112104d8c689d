"""How the web app proves itself: each way redeems an authorization code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme
from pydantic import SecretStr

from core.emulator.directory import BUSINESS_USER, CLIENT_ID, SYSTEM_IDENTITY, USER_IDENTITY
from core.errors import SettingsError, SignInError, SignInRefused
from core.identity.web_app_credential import web_app_credential
from tests.support.identity import IdentityRoom, make_settings
from tests.support.people import choose_account

if TYPE_CHECKING:
    from pathlib import Path

    from core.emulator.directory import ManagedIdentity
    from core.emulator.emulator import Emulator
    from core.settings import Settings

HOSTED = "https://keyless.contoso.example/auth/callback"


def sign_in_to_a_hosted_app(room: IdentityRoom, settings: Settings) -> str:
    """Sign in where Entra asks the app for a credential; the object id of who came in."""
    room.emulator.directory.register_redirect(CLIENT_ID, HOSTED)
    credential = web_app_credential(settings)
    own = IdentityRoom(room.emulator, room.clock, room.stores, room.http, room.authority, settings, credential)
    begun = own.sign_in.begin(redirect_uri=HOSTED, next_path="/")
    query = choose_account(begun.location, BUSINESS_USER)
    completed = own.sign_in.complete(query, flow_cookie=begun.flow_cookie, redirect_uri=HOSTED, old_cookie=None)
    return completed.record.object_id


@pytest.fixture
def certificate(tmp_path: Path, emulator: Emulator) -> Path:
    """One PEM file with key and certificate, registered with the app."""
    made = trustme.CA().issue_cert("keyless.contoso.example", key_type=trustme.KeyType.RSA)
    path = tmp_path / "app.pem"
    made.private_key_and_cert_chain_pem.write_to_path(str(path))
    emulator.directory.add_certificate(CLIENT_ID, made.cert_chain_pems[0].bytes())
    return path


@pytest.fixture
def app_service(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, emulator_url: str) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)


def test_a_client_secret_redeems_a_code(room: IdentityRoom, emulator: Emulator) -> None:
    settings = make_settings(client_secret=SecretStr(emulator.directory.add_secret(CLIENT_ID)))
    assert sign_in_to_a_hosted_app(room, settings) == BUSINESS_USER.object_id


def test_a_certificate_redeems_a_code(room: IdentityRoom, certificate: Path) -> None:
    assert sign_in_to_a_hosted_app(room, make_settings(client_certificate=certificate)) == BUSINESS_USER.object_id


@pytest.mark.usefixtures("app_service")
@pytest.mark.parametrize("identity", [SYSTEM_IDENTITY, USER_IDENTITY])
def test_a_managed_identity_redeems_a_code_without_any_secret(
    room: IdentityRoom, emulator: Emulator, identity: ManagedIdentity
) -> None:
    emulator.directory.add_federated_subject(CLIENT_ID, identity.principal_id)
    named = "system" if identity is SYSTEM_IDENTITY else identity.client_id
    assert sign_in_to_a_hosted_app(room, make_settings(client_assertion_identity=named)) == BUSINESS_USER.object_id
    assert list(emulator.identity.asked) == ["api://AzureADTokenExchange"]


def test_a_public_client_redeems_a_code_on_localhost_only(room: IdentityRoom) -> None:
    assert web_app_credential(room.settings) is None
    assert room.sign_in_as().record.object_id == BUSINESS_USER.object_id
    with pytest.raises(SignInRefused) as refused:
        sign_in_to_a_hosted_app(room, make_settings())
    assert "AADSTS7000218" in refused.value.detail


def test_a_wrong_secret_is_the_administrators_to_mend(room: IdentityRoom) -> None:
    with pytest.raises(SignInError) as refused:
        sign_in_to_a_hosted_app(room, make_settings(client_secret=SecretStr("wrong-secret")))
    assert "could not prove itself" in refused.value.title
    assert "wrong-secret" not in f"{refused.value.detail} {room.audited()}"


@pytest.mark.usefixtures("app_service")
def test_a_managed_identity_that_the_app_does_not_trust_is_refused(room: IdentityRoom) -> None:
    with pytest.raises(SignInError) as refused:
        sign_in_to_a_hosted_app(room, make_settings(client_assertion_identity="system"))
    assert "could not prove itself" in refused.value.title


@pytest.mark.usefixtures("app_service")
def test_a_managed_identity_that_does_not_answer_is_named(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.identity.answer_next(400, {"statusCode": 400, "message": "none"}, endpoint="identity", times=4)
    with pytest.raises(SignInError) as refused:
        sign_in_to_a_hosted_app(room, make_settings(client_assertion_identity="system"))
    assert "managed identity did not answer" in refused.value.title


def test_the_best_credential_that_is_given_is_used(certificate: Path) -> None:
    secret = SecretStr("s")
    everything = make_settings(
        client_assertion_identity="system", client_certificate=certificate, client_secret=secret
    )
    assert "client_assertion" in given(everything)
    assert "private_key" in given(make_settings(client_certificate=certificate, client_secret=secret))


def given(settings: Settings) -> dict[str, object]:
    credential = web_app_credential(settings)
    assert isinstance(credential, dict)
    return credential


@pytest.mark.parametrize("order", ["key first", "certificate first"])
def test_key_and_certificate_may_stand_in_any_order(certificate: Path, order: str) -> None:
    text = certificate.read_text()
    key, rest = text.split("-----BEGIN CERTIFICATE-----", 1)
    certificate.write_text(text if order == "key first" else f"-----BEGIN CERTIFICATE-----{rest}\n{key}")
    assert "PRIVATE KEY" in str(given(make_settings(client_certificate=certificate))["private_key"])


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_a_file_that_is_no_certificate_is_told_at_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "app.pem"
    path.write_text(content)
    with pytest.raises(SettingsError) as refused:
        web_app_credential(make_settings(client_certificate=path))
    assert refused.value.problems[0].name == "KEYLESS_CLIENT_CERTIFICATE"


def test_a_missing_certificate_is_told_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        web_app_credential(make_settings(client_certificate=tmp_path / "none.pem"))
