"""Why the app's credentials failed, as people are told: with the real credentials where a code decides."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import TYPE_CHECKING

import pytest
import trustme
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError

from core.emulator.directory import SERVICE, SYSTEM_IDENTITY, TENANT_ID
from core.emulator.tenants import PARTNER
from core.errors import NoCredential, TokenError
from core.identity.app_credential import AppTokens, Attempt
from core.identity.credential_failures import CLI, ENVIRONMENT, MANAGED, WORKLOAD, Explanation, explain
from tests.support.identity import AUDIENCE, SCOPE, FakeAz, ShiftedClock, entra_over_https, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> Path:
    """No credential of this machine; the folder that alone is on the path."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "IMDS_"))]:
        monkeypatch.delenv(name)
    # Its records hold the failure, and with it a connection that would outlive the server.
    caplog.set_level(logging.CRITICAL, "azure.identity")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def entra_host(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with entra_over_https(emulator, tmp_path / "ca.pem") as host:
        yield host


@pytest.fixture
def principal(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT_ID)
    monkeypatch.setenv("AZURE_CLIENT_ID", SERVICE.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.directory.add_secret(SERVICE.client_id))


@pytest.fixture
def make() -> Iterator[Callable[..., AppTokens]]:
    with contextlib.ExitStack() as made:
        yield lambda **changed: made.enter_context(
            contextlib.closing(AppTokens(os.environ, make_settings(**changed), ShiftedClock()))
        )


def failed(tokens: AppTokens, credential: str, tenant_id: str = "") -> Attempt:
    """What became of one credential of a chain in which nobody answers."""
    with pytest.raises(NoCredential):
        asyncio.run(tokens.token(SCOPE, tenant_id=tenant_id))
    attempt = next(attempt for attempt in tokens.attempts if attempt.credential == credential)
    assert attempt.outcome == "failed"
    return attempt


AZ_SAYS = {
    "nobody logged in": ("ERROR: Please run 'az login' to setup account.\n", "az-not-logged-in"),
    "subscription gone": ("ERROR: Run 'az account set' to set active subscription.\n", "az-not-logged-in"),
    "refresh token worn out": (
        "ERROR: AADSTS700082: The refresh token has expired due to inactivity.\nPlease run: az login\n",
        "az-not-logged-in",
    ),
    "second factor": (
        "ERROR: AADSTS50076: You must use multi-factor authentication.\nInteractive authentication is needed.\n",
        "interaction-required",
    ),
    "not in that tenant": (
        "ERROR: AADSTS50020: User account 'a@b.example' from identity provider 'x' does not exist in tenant 'y'.\n",
        "az-wrong-tenant",
    ),
    "no such tenant": ("ERROR: AADSTS90002: Tenant 'x' not found.\n", "az-wrong-tenant"),
    "something else": ("ERROR: The command failed with an unexpected error.\n", "az-failed"),
    "nothing": ("", "az-failed"),
}


@pytest.mark.parametrize("situation", AZ_SAYS)
def test_what_az_says_is_told_apart(commands: Path, make: Callable[..., AppTokens], situation: str) -> None:
    said, cause = AZ_SAYS[situation]
    FakeAz(commands, "").says("", error=said, code=1)
    attempt = failed(make(), CLI)
    assert attempt.cause == cause
    assert attempt.why is not None
    assert attempt.why.remedy
    assert (attempt.why.who, attempt.why.command[:3]) == ("You", "az ")
    if cause in {"az-not-logged-in", "az-wrong-tenant", "interaction-required"}:
        assert attempt.why.command == f"az login --tenant {TENANT_ID}"


def test_an_az_that_prints_nonsense_failed(commands: Path, make: Callable[..., AppTokens]) -> None:
    FakeAz(commands, "").says("<html>", code=0)
    assert failed(make(), CLI).cause == "az-failed"


def test_an_az_that_is_not_there_is_not_installed(make: Callable[..., AppTokens]) -> None:
    assert failed(make(), CLI).cause == "az-not-installed"


def test_an_az_that_cannot_be_run_is_as_good_as_none(commands: Path, make: Callable[..., AppTokens]) -> None:
    FakeAz(commands, "")
    (commands / "az").write_text("#!/no/such/interpreter\n")
    assert failed(make(), CLI).cause == "az-not-installed"


def test_an_az_without_a_configured_tenant_logs_in_to_any(commands: Path, make: Callable[..., AppTokens]) -> None:
    FakeAz(commands, "").says("", error="ERROR: Please run 'az login'\n", code=1)
    why = failed(make(tenant_id=""), CLI).why
    assert why is not None
    assert why.command == "az login"


@pytest.mark.usefixtures("principal")
def test_a_wrong_secret_of_the_service_principal_is_named(
    entra_host: str, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "the-wrong-one")
    attempt = failed(make(authority_host=entra_host), ENVIRONMENT)
    assert attempt.cause == "service-principal-secret-wrong"
    assert attempt.why is not None
    assert "AZURE_CLIENT_SECRET" in attempt.why.remedy


@pytest.mark.usefixtures("principal")
def test_an_expired_secret_of_the_service_principal_is_named(
    entra_host: str, emulator: Emulator, make: Callable[..., AppTokens]
) -> None:
    emulator.directory.refuse(SERVICE.client_id, 7000222)
    attempt = failed(make(authority_host=entra_host), ENVIRONMENT)
    assert attempt.cause == "service-principal-secret-expired"
    assert attempt.why is not None
    assert attempt.why.command.startswith("az ad app credential reset")


@pytest.mark.usefixtures("principal")
@pytest.mark.parametrize(("name", "cause"), [("AZURE_CLIENT_ID", "app-unknown"), ("AZURE_TENANT_ID", "wrong-tenant")])
def test_an_unknown_principal_and_an_unknown_tenant_are_told_apart(
    entra_host: str, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens], name: str, cause: str
) -> None:
    monkeypatch.setenv(name, "11111111-2222-3333-4444-555555555555")
    assert failed(make(authority_host=entra_host, instance_discovery=False), ENVIRONMENT).cause == cause


@pytest.mark.usefixtures("principal")
def test_an_entra_that_cannot_be_reached_is_not_the_secrets_fault(make: Callable[..., AppTokens]) -> None:
    assert failed(make(authority_host="127.0.0.1:9"), ENVIRONMENT).cause == "identity-provider-down"


@pytest.mark.usefixtures("principal")
def test_a_certificate_signs_the_service_principal_in(
    entra_host: str,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[..., AppTokens],
) -> None:
    made = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(
        "keyless.contoso.example", key_type=trustme.KeyType.RSA
    )
    certificate = made.cert_chain_pems[0].bytes()
    (tmp_path / "both.pem").write_bytes(made.private_key_pem.bytes() + certificate)
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "both.pem"))
    assert failed(make(authority_host=entra_host), ENVIRONMENT).cause == "app-credential-refused"
    emulator.directory.add_certificate(SERVICE.client_id, certificate)
    tokens = make(authority_host=entra_host)
    token = asyncio.run(tokens.token(SCOPE))
    assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == SERVICE.object_id
    assert tokens.winner == ENVIRONMENT


@pytest.mark.usefixtures("principal")
@pytest.mark.parametrize(
    "content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n"]
)
def test_a_certificate_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens], content: bytes | None
) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "both.pem"))
    if content is not None:
        (tmp_path / "both.pem").write_bytes(content)
    assert failed(make(), ENVIRONMENT).cause == "service-principal-certificate-unusable"


@pytest.fixture
def workload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, emulator: Emulator) -> Path:
    """A pod with the three variables; the token file, which holds a token that nobody trusts yet."""
    file = tmp_path / "token"
    file.write_text(
        emulator.entra.mint.access_token_for_itself(
            SYSTEM_IDENTITY.client_id, SYSTEM_IDENTITY.principal_id, "api://AzureADTokenExchange"
        )
    )
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT_ID)
    monkeypatch.setenv("AZURE_CLIENT_ID", SERVICE.client_id)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    return file


@pytest.mark.usefixtures("workload")
def test_a_workload_that_is_not_federated_is_named(entra_host: str, make: Callable[..., AppTokens]) -> None:
    assert failed(make(authority_host=entra_host), WORKLOAD).cause == "app-credential-refused"


def test_a_workload_without_its_token_file_is_named(
    workload: Path, entra_host: str, make: Callable[..., AppTokens]
) -> None:
    workload.unlink()
    assert failed(make(authority_host=entra_host), WORKLOAD).cause == "workload-token-missing"


def test_a_managed_identity_of_a_virtual_machine_answers_where_it_is_chosen(
    emulator: Emulator, emulator_url: str, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"{emulator_url}/imds")
    tokens = make()
    token = asyncio.run(tokens.token(SCOPE))
    assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == SYSTEM_IDENTITY.principal_id
    monkeypatch.setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000")
    assert failed(make(), MANAGED).cause == "managed-identity-absent"


@pytest.mark.usefixtures("principal")
def test_a_service_principal_gets_a_token_of_the_directory_that_the_endpoint_names(
    entra_host: str, emulator: Emulator, make: Callable[..., AppTokens]
) -> None:
    tokens = make(authority_host=entra_host)
    here = asyncio.run(tokens.token(SCOPE))
    there = asyncio.run(tokens.token(SCOPE, tenant_id=PARTNER.tenant_id))
    assert here.object_id == tokens.object_id == SERVICE.object_id
    assert there.object_id == emulator.directory.strangers.object_id(SERVICE.client_id, PARTNER)
    assert asyncio.run(tokens.token(SCOPE, tenant_id=TENANT_ID)) == here


def test_az_is_asked_for_the_directory_that_the_endpoint_names(
    commands: Path, emulator: Emulator, make: Callable[..., AppTokens]
) -> None:
    az = FakeAz(commands, emulator.entra.mint.access_token_for_itself("c", "o", AUDIENCE))
    asyncio.run(make().token(SCOPE, tenant_id=PARTNER.tenant_id))
    assert az.calls[-1].endswith(f"--tenant {PARTNER.tenant_id}")
    az.says("", error="ERROR: AADSTS50020: x\n", code=1)
    why = failed(make(), CLI, PARTNER.tenant_id).why
    assert why is not None
    assert why.command == f"az login --tenant {PARTNER.tenant_id}"


def test_the_failure_of_all_is_told_by_the_first_that_failed(commands: Path, make: Callable[..., AppTokens]) -> None:
    FakeAz(commands, "").says("", error="ERROR: Please run 'az login'\n", code=1)
    with pytest.raises(NoCredential, match="nobody is signed in to the Azure CLI") as none:
        asyncio.run(make().token(SCOPE))
    assert (none.value.cause, none.value.who) == ("az-not-logged-in", "You")
    assert none.value.command == f"az login --tenant {TENANT_ID}"


def test_az_cannot_answer_a_claims_challenge_and_says_how(
    commands: Path, emulator: Emulator, make: Callable[..., AppTokens]
) -> None:
    FakeAz(commands, emulator.entra.mint.access_token_for_itself("c", "o", AUDIENCE))
    tokens = make()
    refused = asyncio.run(tokens.token(SCOPE)).value
    with pytest.raises(NoCredential) as none:
        asyncio.run(tokens.token(SCOPE, refused=refused, claims='{"access_token":{}}'))
    assert none.value.cause == "interaction-required"
    assert "--claims-challenge eyJhY2Nlc3NfdG9rZW4iOnt9fQ==" in none.value.command


ODD_ERRORS = [
    ValueError(""),
    OSError("x"),
    RuntimeError("y"),
    ClientAuthenticationError("z"),
    ClientAuthenticationError("AADSTS99999999: never heard of"),
    CredentialUnavailableError("w"),
    ServiceRequestError("v"),
    TimeoutError("u"),
    TokenError(),
]


@pytest.mark.parametrize("credential", [WORKLOAD, MANAGED, ENVIRONMENT, CLI, "AnotherCredential"])
@pytest.mark.parametrize("error", ODD_ERRORS, ids=lambda error: f"{type(error).__name__} {error}")
def test_every_failure_has_an_explanation(credential: str, error: Exception) -> None:
    why = explain(credential, error)
    assert isinstance(why, Explanation)
    assert why.cause
    assert why.title.endswith(".")
    assert why.remedy.endswith(".")
    assert why.who
