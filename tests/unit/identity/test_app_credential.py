"""The app's own identity with the real credentials: who answers, and why the others did not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity._internal.msal_client import MsalClient

from core.emulator.directory import SERVICE, SYSTEM_IDENTITY, TENANT_ID, TESTER, USER_IDENTITY
from core.errors import NoCredential
from core.identity.app_credential import AppTokens
from core.identity.credential_failures import CLI, ENVIRONMENT, MANAGED, WORKLOAD
from tests.support.identity import AUDIENCE, SCOPE, FakeAz, ShiftedClock, entra_over_https, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.identity.access_token import AccessToken


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No credential of this machine; the folder that alone is on the path."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "IMDS_"))]:
        monkeypatch.delenv(name)
    commands = tmp_path / "bin"
    commands.mkdir()
    monkeypatch.setenv("PATH", str(commands))
    return commands


@pytest.fixture
def app_service(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, emulator_url: str) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)


@pytest.fixture
def entra_host(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with entra_over_https(emulator, tmp_path / "ca.pem") as host:
        yield host


@pytest.fixture
def service_principal(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT_ID)
    monkeypatch.setenv("AZURE_CLIENT_ID", SERVICE.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.directory.add_secret(SERVICE.client_id))


@pytest.fixture
def az(bare_environment: Path, emulator: Emulator) -> FakeAz:
    """Azure CLI with someone signed in."""
    token = emulator.entra.mint.access_token_for_person(TESTER, "04b07795-8ddb-461a-bbee-02f9e1bf7b46", AUDIENCE)
    return FakeAz(bare_environment, token)


@pytest.fixture
def make() -> Iterator[Callable[..., AppTokens]]:
    """Makes the tokens of the app by the environment as it is, and settings changed as told."""
    with contextlib.ExitStack() as made:
        yield lambda **changed: made.enter_context(
            contextlib.closing(AppTokens(os.environ, make_settings(**changed), ShiftedClock()))
        )


def ask(tokens: AppTokens) -> AccessToken:
    return asyncio.run(tokens.token(SCOPE))


def oid_of(emulator: Emulator, token: AccessToken) -> str:
    return str(emulator.signer.verify(token.value, AUDIENCE)["oid"])


def outcomes(tokens: AppTokens) -> dict[str, str]:
    return {attempt.credential: attempt.outcome for attempt in tokens.attempts}


def reasons(tokens: AppTokens) -> dict[str, str]:
    return {attempt.credential: attempt.reason for attempt in tokens.attempts}


@pytest.mark.usefixtures("app_service", "service_principal", "az")
def test_the_managed_identity_answers_first(emulator: Emulator, make: Callable[..., AppTokens]) -> None:
    tokens = make()
    token = ask(tokens)
    assert oid_of(emulator, token) == SYSTEM_IDENTITY.principal_id
    assert tokens.winner == MANAGED
    assert outcomes(tokens)[MANAGED] == "answered"
    assert tokens.object_id == SYSTEM_IDENTITY.principal_id
    assert tokens.identity == f"the app's managed identity ({SYSTEM_IDENTITY.client_id})"
    assert tokens.identity_kind == "app"


@pytest.mark.usefixtures("service_principal", "az")
def test_the_service_principal_of_the_environment_answers_next(
    emulator: Emulator, entra_host: str, make: Callable[..., AppTokens]
) -> None:
    tokens = make(authority_host=entra_host)
    assert oid_of(emulator, ask(tokens)) == SERVICE.object_id
    assert tokens.winner == ENVIRONMENT
    assert outcomes(tokens) == {
        WORKLOAD: "left out",
        MANAGED: "left out",
        ENVIRONMENT: "answered",
        CLI: "left out",
    }


def test_the_azure_cli_answers_last(emulator: Emulator, az: FakeAz, make: Callable[..., AppTokens]) -> None:
    tokens = make()
    assert oid_of(emulator, ask(tokens)) == TESTER.object_id
    assert tokens.winner == CLI
    assert az.calls == [f"account get-access-token --output json --resource {AUDIENCE} --tenant {TENANT_ID}"]
    assert tokens.identity == f"the Azure CLI's account ({TESTER.username})"
    assert reasons(tokens)[ENVIRONMENT] == "AZURE_TENANT_ID is not set"


def test_the_azure_cli_is_asked_for_its_own_tenant_when_none_is_configured(
    az: FakeAz, make: Callable[..., AppTokens]
) -> None:
    ask(make(tenant_id=""))
    assert "--tenant" not in az.calls[0]


@pytest.mark.usefixtures("service_principal")
def test_a_wrong_secret_does_not_keep_the_azure_cli_from_being_asked(
    emulator: Emulator, entra_host: str, az: FakeAz, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "the-wrong-secret")
    tokens = make(authority_host=entra_host)
    assert oid_of(emulator, ask(tokens)) == TESTER.object_id
    assert "AADSTS7000215" in reasons(tokens)[ENVIRONMENT]
    assert "the-wrong-secret" not in str(tokens.attempts)
    assert len(az.calls) == 1


@pytest.mark.usefixtures("service_principal")
def test_the_authority_of_the_environment_wins_over_the_settings(
    emulator: Emulator, entra_host: str, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://{entra_host}")
    assert oid_of(emulator, ask(make())) == SERVICE.object_id


@pytest.mark.usefixtures("app_service")
def test_a_user_assigned_identity_is_asked_for_by_its_client_id(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    by_setting = make(client_assertion_identity=USER_IDENTITY.client_id)
    assert oid_of(emulator, ask(by_setting)) == USER_IDENTITY.principal_id
    monkeypatch.setenv("AZURE_CLIENT_ID", USER_IDENTITY.client_id)
    assert oid_of(emulator, ask(make())) == USER_IDENTITY.principal_id
    system = make(client_assertion_identity="system")
    assert oid_of(emulator, ask(system)) == SYSTEM_IDENTITY.principal_id


def test_a_workload_identity_answers_where_its_three_variables_are_set(
    emulator: Emulator,
    entra_host: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[..., AppTokens],
) -> None:
    emulator.directory.add_federated_subject(SERVICE.client_id, SYSTEM_IDENTITY.principal_id)
    assertion = emulator.entra.mint.access_token_for_itself(
        SYSTEM_IDENTITY.client_id, SYSTEM_IDENTITY.principal_id, "api://AzureADTokenExchange"
    )
    (tmp_path / "token").write_text(assertion)
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT_ID)
    monkeypatch.setenv("AZURE_CLIENT_ID", SERVICE.client_id)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    tokens = make(authority_host=entra_host)
    assert oid_of(emulator, ask(tokens)) == SERVICE.object_id
    assert tokens.winner == WORKLOAD


def test_nobody_answering_names_everyone_and_why(az: FakeAz, make: Callable[..., AppTokens]) -> None:
    az.says("", error="ERROR: Please run 'az login' to setup account.\n", code=1)
    tokens = make()
    with pytest.raises(NoCredential) as none:
        ask(tokens)
    for name in (WORKLOAD, MANAGED, ENVIRONMENT, CLI):
        assert name in none.value.detail
    assert "az login" in none.value.detail
    assert tokens.winner == ""


def test_without_the_azure_cli_its_absence_is_named(make: Callable[..., AppTokens]) -> None:
    with pytest.raises(NoCredential, match="no identity") as none:
        ask(make())
    assert "not found on path" in none.value.detail


IDENTITY_FAULTS = {
    "404": (404, {"statusCode": 404, "message": "not found"}),
    "identity not found": (400, {"statusCode": 400, "message": "No User Assigned Identity found"}),
    "500": (500, {"statusCode": 500, "message": "broken"}),
    "HTML": (200, "<html>proxy</html>"),
    "{}": (200, {}),
}


@pytest.mark.usefixtures("app_service", "az")
@pytest.mark.parametrize("fault", IDENTITY_FAULTS)
def test_a_broken_managed_identity_leads_on_to_the_next_and_says_why(
    emulator: Emulator, fault: str, make: Callable[..., AppTokens]
) -> None:
    status, body = IDENTITY_FAULTS[fault]
    emulator.identity.answer_next(status, body, endpoint="identity", times=5)  # type: ignore[arg-type]  # HTML or JSON
    tokens = make()
    assert oid_of(emulator, ask(tokens)) == TESTER.object_id
    assert outcomes(tokens)[MANAGED] == "failed"
    assert reasons(tokens)[MANAGED]


@pytest.mark.usefixtures("app_service", "az")
def test_a_token_for_another_resource_is_not_taken(emulator: Emulator, make: Callable[..., AppTokens]) -> None:
    stray = emulator.entra.mint.access_token_for_itself("c", "o", "https://management.azure.com")
    body = {"access_token": stray, "expires_on": str(int(time.time()) + 3600), "resource": "x"}
    emulator.identity.answer_next(200, body, endpoint="identity")
    tokens = make()
    assert oid_of(emulator, ask(tokens)) == TESTER.object_id
    assert "another resource" in reasons(tokens)[MANAGED]


def test_an_unannounced_managed_identity_that_is_chosen_is_given_up_quickly(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., AppTokens]
) -> None:
    """The machine's own address for it accepts and never answers."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
        monkeypatch.setattr(MsalClient, "get", to(address))
        began = time.monotonic()
        with pytest.raises(NoCredential) as none:
            ask(make())
        assert time.monotonic() - began < 5
    assert MANAGED in none.value.detail


def to(address: str) -> Callable[..., object]:
    """MSAL's GET of azure-identity, led from the link-local address to this one."""
    get = MsalClient.get

    def led(self: MsalClient, url: str, **request: Any) -> object:  # noqa: ANN401 - passed on
        return get(self, url.replace("http://169.254.169.254", address), **request)

    return led
