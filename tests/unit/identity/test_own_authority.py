"""An Entra of one's own: another host and port, its own certificate authority, nothing asked of Microsoft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER, TENANT_ID
from core.errors import IdentityProviderDown, SignInError
from core.identity.authority import Authority
from tests.support.identity import (
    IdentityRoom,
    ShiftedClock,
    Stores,
    ask,
    entra_http,
    entra_over_https,
    make_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.fixture
def host(emulator: Emulator, ca_file: Path) -> Iterator[str]:
    with entra_over_https(emulator, ca_file) as host:
        yield host


@pytest.fixture
def own_room(  # noqa: PLR0917 - fixtures are arguments
    emulator: Emulator,
    clock: ShiftedClock,
    stores: Stores,
    host: str,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[IdentityRoom]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    # The browser of these tests has its own way to be told.
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    authority = Authority(TENANT_ID, host, instance_discovery=False)
    with entra_http(authority, clock) as http:
        settings = make_settings(authority_host=host)
        yield IdentityRoom(emulator, clock, stores, http, authority, settings)


def test_a_person_signs_in_and_gets_tokens(own_room: IdentityRoom, emulator: Emulator) -> None:
    record = own_room.sign_in_as().record
    assert record.object_id == BUSINESS_USER.object_id
    renewed = ask(own_room.tokens, record, refused=ask(own_room.tokens, record))
    assert emulator.signer.verify(renewed.value, "https://cognitiveservices.azure.com")["oid"] == record.object_id
    assert "instance" not in {asked.endpoint for asked in emulator.entra.asked}


def test_the_issuer_is_what_the_discovery_document_names(own_room: IdentityRoom, host: str) -> None:
    assert own_room.http.issuer() == f"https://{host}/{TENANT_ID}/v2.0"


def test_without_its_certificate_authority_it_is_not_trusted(
    host: str, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with (
        entra_http(Authority(TENANT_ID, host, instance_discovery=False), clock) as http,
        pytest.raises(IdentityProviderDown) as down,
    ):
        http.metadata()
    assert "SSLError" in down.value.detail


def test_an_authority_that_signs_for_another_tenant_lets_nobody_in(
    own_room: IdentityRoom, emulator: Emulator, host: str
) -> None:
    emulator.entra.answer_next(
        200,
        {
            "issuer": f"https://{host}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "authorization_endpoint": f"https://{host}/{TENANT_ID}/oauth2/v2.0/authorize",
            "token_endpoint": f"https://{host}/{TENANT_ID}/oauth2/v2.0/token",
            "jwks_uri": f"https://{host}/{TENANT_ID}/discovery/v2.0/keys",
        },
        endpoint="discovery",
    )
    with pytest.raises(SignInError, match="does not name itself"):
        own_room.sign_in_as()
    assert own_room.sessions() == 0


def test_microsoft_is_asked_about_an_unknown_host_only_when_that_is_wanted(host: str) -> None:
    assert Authority(TENANT_ID, host).asks_microsoft
    assert not Authority(TENANT_ID, host, instance_discovery=False).asks_microsoft
    assert not Authority(TENANT_ID, "login.microsoftonline.us").asks_microsoft
