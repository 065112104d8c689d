"""Applications that call as themselves, with the real MSAL and azure-identity."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING, Any

import httpx2
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from core.emulator.directory import (
    AUTHORITY_HOST,
    CLIENT_ID,
    SERVICE,
    SYSTEM_IDENTITY,
    TENANT_ID,
    USER_IDENTITY,
    WEB_APP,
)
from tests.support.rewriting import RewritingTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    import msal  # type: ignore[import-untyped]  # it ships no types

    from core.emulator.directory import ManagedIdentity
    from core.emulator.emulator import Emulator

SCOPE = "https://cognitiveservices.azure.com/.default"
AUDIENCE = "https://cognitiveservices.azure.com"


@pytest.fixture(scope="module")
def certificate() -> tuple[bytes, bytes]:
    """A private key and a certificate, both PEM."""
    return make_certificate()


def make_certificate() -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keyless")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + dt.timedelta(days=3650))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def ask(base_url: str, **changed: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials", "client_id": SERVICE.client_id, "scope": SCOPE, **changed}
    url = f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/token"
    return httpx2.post(url, data={name: value for name, value in form.items() if value})


def codes(result: dict[str, Any]) -> list[int]:
    assert "access_token" not in result
    found: list[int] = result["error_codes"]
    return found


def identity_token(emulator: Emulator, base_url: str, resource: str, **identity: str) -> str:
    answer = httpx2.get(
        f"{base_url}/identity/token",
        params={"resource": resource, "api-version": "2019-08-01", **identity},
        headers={"X-IDENTITY-HEADER": emulator.identity_header},
    )
    token: str = answer.json()["access_token"]
    return token


def test_a_client_secret_gives_a_token_of_the_service_principal(
    emulator: Emulator, confidential_client: Callable[..., msal.ConfidentialClientApplication]
) -> None:
    client = confidential_client(emulator.directory.add_secret(SERVICE.client_id), SERVICE.client_id)
    result = client.acquire_token_for_client([SCOPE])
    claims = emulator.signer.verify(result["access_token"], AUDIENCE)
    assert (claims["oid"], claims["appid"], claims["idtyp"]) == (SERVICE.object_id, SERVICE.client_id, "app")
    assert "upn" not in claims
    assert not {"refresh_token", "id_token"} & set(result)


def test_a_wrong_or_foreign_client_secret_is_refused(
    emulator: Emulator, confidential_client: Callable[..., msal.ConfidentialClientApplication]
) -> None:
    of_another = emulator.directory.add_secret(CLIENT_ID)
    for secret in ("wrong", of_another):
        result = confidential_client(secret, SERVICE.client_id).acquire_token_for_client([SCOPE])
        assert codes(result) == [7000215]
        assert result["error"] == "invalid_client"
        assert secret not in str(result)


def test_a_client_secret_also_comes_in_the_basic_header(emulator: Emulator, emulator_url: str) -> None:
    secret = emulator.directory.add_secret(SERVICE.client_id)
    pair = base64.b64encode(f"{SERVICE.client_id}:{secret}".encode()).decode()
    answer = httpx2.post(
        f"{emulator_url}/entra/{TENANT_ID}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": SCOPE},
        headers={"Authorization": f"Basic {pair}"},
    )
    assert emulator.signer.verify(answer.json()["access_token"], AUDIENCE)["oid"] == SERVICE.object_id


def test_azure_identity_takes_the_secret_over_a_rewriting_transport(emulator: Emulator, emulator_url: str) -> None:
    secret = emulator.directory.add_secret(SERVICE.client_id)
    for authority in (AUTHORITY_HOST, f"https://{AUTHORITY_HOST}"):
        with ClientSecretCredential(
            TENANT_ID,
            SERVICE.client_id,
            secret,
            authority=authority,
            disable_instance_discovery=True,
            transport=RewritingTransport(AUTHORITY_HOST, emulator_url),
        ) as credential:
            token = credential.get_token(SCOPE).token
        assert emulator.signer.verify(token, AUDIENCE)["oid"] == SERVICE.object_id


def test_azure_identity_tells_a_wrong_secret_by_its_code(emulator_url: str) -> None:
    with (
        ClientSecretCredential(
            TENANT_ID,
            SERVICE.client_id,
            "wrong",
            authority=AUTHORITY_HOST,
            disable_instance_discovery=True,
            transport=RewritingTransport(AUTHORITY_HOST, emulator_url),
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(SCOPE)


def test_a_certificate_gives_a_token(
    emulator: Emulator,
    confidential_client: Callable[..., msal.ConfidentialClientApplication],
    certificate: tuple[bytes, bytes],
) -> None:
    private, public = certificate
    emulator.directory.add_certificate(SERVICE.client_id, public)
    credential = {"private_key": private.decode(), "public_certificate": public.decode()}
    result = confidential_client(credential, SERVICE.client_id).acquire_token_for_client([SCOPE])
    assert emulator.signer.verify(result["access_token"], AUDIENCE)["oid"] == SERVICE.object_id


def test_azure_identity_takes_a_certificate(
    emulator: Emulator, emulator_url: str, certificate: tuple[bytes, bytes]
) -> None:
    emulator.directory.add_certificate(SERVICE.client_id, certificate[1])
    with CertificateCredential(
        TENANT_ID,
        SERVICE.client_id,
        certificate_data=b"".join(certificate),
        authority=AUTHORITY_HOST,
        disable_instance_discovery=True,
        transport=RewritingTransport(AUTHORITY_HOST, emulator_url),
    ) as credential:
        token = credential.get_token(SCOPE).token
    assert emulator.signer.verify(token, AUDIENCE)["oid"] == SERVICE.object_id


def test_a_certificate_that_is_not_registered_is_refused(
    emulator: Emulator,
    confidential_client: Callable[..., msal.ConfidentialClientApplication],
    certificate: tuple[bytes, bytes],
) -> None:
    emulator.directory.add_certificate(SERVICE.client_id, make_certificate()[1])
    credential = {"private_key": certificate[0].decode(), "public_certificate": certificate[1].decode()}
    assert codes(confidential_client(credential, SERVICE.client_id).acquire_token_for_client([SCOPE])) == [700027]


def assertion(certificate: tuple[bytes, bytes], now: float, **changed: object) -> str:
    """What MSAL sends for a certificate, with claims changed or left out."""
    thumbprint = x509.load_pem_x509_certificate(certificate[1]).fingerprint(hashes.SHA1())  # noqa: S303 - Entra's x5t
    claims = {
        "aud": f"https://{AUTHORITY_HOST}/{TENANT_ID}/oauth2/v2.0/token",
        "iss": SERVICE.client_id,
        "sub": SERVICE.client_id,
        "nbf": int(now),
        "exp": int(now) + 600,
        "jti": "once",
        **changed,
    }
    x5t = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return jwt.encode(claims, certificate[0], algorithm="RS256", headers={"x5t": x5t})


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"aud": "https://elsewhere.example"}, 700027),
        ({"iss": CLIENT_ID}, 700027),
        ({"sub": CLIENT_ID}, 700027),
        ({"exp": 1_000_000_000}, 700024),
        ({"nbf": 9_000_000_000}, 700024),
    ],
)
def test_an_assertion_is_for_this_endpoint_by_this_application_and_now(
    emulator: Emulator,
    emulator_url: str,
    certificate: tuple[bytes, bytes],
    changed: dict[str, object],
    code: int | None,
) -> None:
    emulator.directory.add_certificate(SERVICE.client_id, certificate[1])
    answer = ask(
        emulator_url,
        client_assertion=assertion(certificate, emulator.clock(), **changed),
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ).json()
    assert ("access_token" in answer) == (code is None)
    assert answer.get("error_codes", [None]) == [code]


def test_an_assertion_signed_by_another_key_under_a_registered_thumbprint_is_refused(
    emulator: Emulator, emulator_url: str, certificate: tuple[bytes, bytes]
) -> None:
    emulator.directory.add_certificate(SERVICE.client_id, certificate[1])
    forged = assertion((make_certificate()[0], certificate[1]), emulator.clock())
    answer = ask(
        emulator_url,
        client_assertion=forged,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    assert answer.status_code == 401
    assert codes(answer.json()) == [700027]


@pytest.mark.parametrize("identity", [SYSTEM_IDENTITY, USER_IDENTITY], ids=lambda identity: identity.name)
def test_a_token_of_a_trusted_managed_identity_stands_in_for_a_secret(
    emulator: Emulator,
    emulator_url: str,
    confidential_client: Callable[..., msal.ConfidentialClientApplication],
    identity: ManagedIdentity,
) -> None:
    exchange = "api://AzureADTokenExchange"

    def client() -> msal.ConfidentialClientApplication:
        return confidential_client(
            {
                "client_assertion": lambda: identity_token(
                    emulator, emulator_url, exchange, client_id=identity.client_id
                )
            }
        )

    assert codes(client().acquire_token_for_client([SCOPE])) == [700213]
    emulator.directory.add_federated_subject(CLIENT_ID, identity.principal_id)
    result = client().acquire_token_for_client([SCOPE])
    assert emulator.signer.verify(result["access_token"], AUDIENCE)["oid"] == WEB_APP.object_id


def test_a_federated_assertion_must_be_for_the_exchange_and_fresh(emulator: Emulator, emulator_url: str) -> None:
    emulator.directory.add_federated_subject(SERVICE.client_id, SYSTEM_IDENTITY.principal_id)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = jwt.decode(
        identity_token(emulator, emulator_url, "api://AzureADTokenExchange"), options={"verify_signature": False}
    )
    foreign = emulator.signer.sign({**claims, "aud": AUDIENCE})
    assert codes(ask(emulator_url, client_assertion=foreign, client_assertion_type=kind).json()) == [700212]

    fresh = emulator.signer.sign(claims)
    assert "access_token" in ask(emulator_url, client_assertion=fresh, client_assertion_type=kind).json()
    emulator.clock.advance(2 * 86_400)
    assert codes(ask(emulator_url, client_assertion=fresh, client_assertion_type=kind).json()) == [700024]


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 700016, 400),
        ({"client_id": ""}, 900144, 400),
        ({}, 7000218, 401),
        ({"client_assertion": "abc", "client_assertion_type": "x"}, 900144, 400),
        (
            {
                "client_assertion": "abc",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            },
            50027,
            400,
        ),
        ({"grant_type": "password"}, 70003, 400),
        ({"grant_type": ""}, 900144, 400),
    ],
)
def test_a_request_without_a_provable_application_is_refused(
    emulator_url: str, changed: dict[str, str], code: int, status: int
) -> None:
    answer = ask(emulator_url, **changed)
    assert answer.status_code == status
    assert codes(answer.json()) == [code]


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("https://cognitiveservices.azure.com/user_impersonation", 1002012),
        (f"{SCOPE} openid", 1002012),
        ("https://unknown.example/.default", 500011),
        ("", 900144),
    ],
)
def test_an_application_asks_for_the_default_scope_of_a_known_api(
    emulator: Emulator, emulator_url: str, scope: str, code: int
) -> None:
    secret = emulator.directory.add_secret(SERVICE.client_id)
    assert codes(ask(emulator_url, client_secret=secret, scope=scope).json()) == [code]


def test_a_refused_application_gets_its_code(emulator: Emulator, emulator_url: str) -> None:
    secret = emulator.directory.add_secret(SERVICE.client_id)
    emulator.directory.refuse(SERVICE.client_id, 53003)
    assert codes(ask(emulator_url, client_secret=secret).json()) == [53003]
