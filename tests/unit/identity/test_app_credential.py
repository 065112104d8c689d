"""The app's own identity: who answers, who is left out and why, and how often anyone is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity._internal.msal_client import MsalClient

from core.emulator.directory import SERVICE, SYSTEM_IDENTITY, TENANT_ID, TESTER, USER_IDENTITY
from core.errors import NoCredential, SettingsError
from core.identity.app_credential import AppTokens
from core.identity.credential_chain import CLI, ENVIRONMENT, MANAGED, WORKLOAD, Member, chain, reason_of
from tests.support.identity import AUDIENCE, SCOPE, ShiftedClock, entra_over_https, make_settings

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


class FakeAz:
    """An ``az`` that notes its arguments and prints what the real one prints."""

    def __init__(self, folder: Path, token: str) -> None:
        self._calls = folder / "calls"
        self._command = folder / "az"
        expires_at = int(time.time()) + 3600
        answer = {
            "accessToken": token,
            "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expires_at)),
            "expires_on": expires_at,
            "subscription": "3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7",
            "tenant": TENANT_ID,
            "tokenType": "Bearer",
        }
        self.says(json.dumps(answer))

    def says(self, output: str, *, error: str = "", code: int = 0) -> None:
        """What the next calls print."""
        program = (
            f"#!{sys.executable}\n"
            "import sys\n"
            f"print(*sys.argv[1:], file=open({str(self._calls)!r}, 'a'))\n"
            f"sys.stderr.write({error!r})\n"
            f"print({output!r})\n"
            f"sys.exit({code})\n"
        )
        self._command.write_text(program)
        self._command.chmod(self._command.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def make() -> Iterator[Callable[..., AppTokens]]:
    """Makes the tokens of the app by the environment as it is, and settings changed as told."""
    with contextlib.ExitStack() as made:
        yield lambda **changed: made.enter_context(
            contextlib.closing(AppTokens(os.environ, make_settings(**changed), ShiftedClock()))
        )


def ask(tokens: AppTokens, scope: str = SCOPE, *, force_refresh: bool = False) -> AccessToken:
    return asyncio.run(tokens.token(scope, force_refresh=force_refresh))


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


def members(environ: dict[str, str], **changed: object) -> dict[str, str]:
    return {member.name: member.left_out_because for member in chain(environ, make_settings(**changed))}


def test_a_managed_identity_takes_part_only_where_something_announces_it() -> None:
    assert "does not announce" in members({})[MANAGED]
    for name in ("IDENTITY_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        assert members({name: "x"})[MANAGED] == ""
    assert members({}, client_assertion_identity="system")[MANAGED] == ""
    assert members({"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"})[MANAGED] == ""


@pytest.mark.parametrize(
    ("word", "in_the_chain"),
    [
        ("dev", {CLI}),
        ("prod", {MANAGED}),
        (" PROD ", {MANAGED}),
        ("azureclicredential", {CLI}),
        ("EnvironmentCredential", set()),
        ("AzurePowerShellCredential", set()),
        ("", {CLI}),
    ],
)
def test_the_words_of_azure_token_credentials_are_honoured(word: str, in_the_chain: set[str]) -> None:
    chosen = members({"AZURE_TOKEN_CREDENTIALS": word})
    assert {name for name, left_out in chosen.items() if not left_out} == in_the_chain


def test_an_unknown_word_is_told_at_start() -> None:
    with pytest.raises(SettingsError) as refused:
        members({"AZURE_TOKEN_CREDENTIALS": "production"})
    assert refused.value.problems[0].name == "AZURE_TOKEN_CREDENTIALS"


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"AZURE_CLIENT_ID": "x", "AZURE_CLIENT_SECRET": "x"}, "AZURE_TENANT_ID"),
        ({"AZURE_TENANT_ID": "x", "AZURE_CLIENT_SECRET": "x"}, "AZURE_CLIENT_ID"),
        ({"AZURE_TENANT_ID": "x", "AZURE_CLIENT_ID": "x"}, "AZURE_CLIENT_SECRET"),
    ],
)
def test_half_a_service_principal_is_left_out_with_the_missing_variable(
    variables: dict[str, str], missing: str
) -> None:
    assert members(variables)[ENVIRONMENT] == f"{missing} is not set"


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


@dataclass
class Scripted:
    """A credential that gives tokens with a lifetime, or raises; counts how often it was asked."""

    answer: Callable[[str], str]
    seconds: int = 3600
    asked: int = 0

    @dataclass
    class Given:
        token: str
        expires_on: int

    def close(self) -> None:
        """Nothing to close."""

    def get_token(self, *scopes: str) -> Given:
        self.asked += 1
        return self.Given(self.answer(scopes[0]), int(time.time()) + self.seconds)


def of(*credentials: Scripted, clock: ShiftedClock | None = None) -> AppTokens:
    chained = [
        Member(f"Credential{number}", f"credential {number}", lambda credential=credential: credential)  # type: ignore[misc]
        for number, credential in enumerate(credentials)
    ]
    return AppTokens({}, make_settings(), clock or ShiftedClock(), members=chained)


def refusing(_scope: str) -> str:
    raise ValueError("the vendor's own words, with eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln in them")


def test_a_token_that_is_still_good_is_not_asked_for_again() -> None:
    credential = Scripted(lambda scope: f"token-for-{scope}")
    tokens = of(credential)
    assert {ask(tokens).value for _ in range(5)} == {f"token-for-{SCOPE}"}
    assert ask(tokens, "https://ai.azure.com/.default").value == "token-for-https://ai.azure.com/.default"
    assert credential.asked == 2


def test_a_token_is_renewed_five_minutes_before_its_end() -> None:
    clock = ShiftedClock()
    credential = Scripted(lambda _: "t")
    tokens = of(credential, clock=clock)
    for minutes, asked in ((0, 1), (54, 1), (2, 2)):
        clock.advance(minutes=minutes)
        ask(tokens)
        assert credential.asked == asked


def test_eight_threads_ask_one_credential_once() -> None:
    barrier = threading.Barrier(8)
    credential = Scripted(lambda _: "t")
    tokens = of(credential)

    def run(_: int) -> AccessToken:
        barrier.wait(10)
        return ask(tokens)

    with ThreadPoolExecutor(8) as pool:
        assert len({token.value for token in pool.map(run, range(8))}) == 1
    assert credential.asked == 1


def test_the_winner_is_remembered_and_asked_first() -> None:
    clock = ShiftedClock()
    first, second = Scripted(refusing), Scripted(lambda _: "t")
    tokens = of(first, second, clock=clock)
    for _ in range(3):
        ask(tokens)
        clock.advance(hours=1)
    assert (first.asked, second.asked) == (1, 3)


def test_when_the_winner_fails_the_others_are_asked() -> None:
    clock = ShiftedClock()
    first, second = Scripted(refusing), Scripted(lambda _: "second")
    tokens = of(first, second, clock=clock)
    ask(tokens)
    clock.advance(hours=1)
    first.answer, second.answer = (lambda _: "first"), refusing
    assert ask(tokens).value == "first"
    assert tokens.winner == "Credential0"


def test_a_refused_token_is_replaced_once_however_many_ask() -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    assert ask(tokens).value == "token-0"
    assert ask(tokens, force_refresh=True).value == "token-1"
    assert ask(tokens).value == "token-1"


def test_a_failure_of_all_is_shared_for_some_seconds_and_then_tried_again() -> None:
    clock = ShiftedClock()
    credential = Scripted(refusing)
    tokens = of(credential, clock=clock)
    for _ in range(10):
        with pytest.raises(NoCredential):
            ask(tokens)
    assert credential.asked == 1
    clock.advance(seconds=6)
    credential.answer = lambda _: "t"
    assert ask(tokens).value == "t"


def test_a_vendors_words_lose_the_tokens_in_them() -> None:
    tokens = of(Scripted(refusing))
    with pytest.raises(NoCredential) as none:
        ask(tokens)
    assert "the vendor's own words, with (token) in them" in none.value.detail
    assert "eyJ" not in f"{none.value.detail} {tokens.attempts}"


@pytest.mark.parametrize("token", ["", "two\nlines", "täter", "x" * 70_000])
def test_a_token_that_no_header_can_carry_leads_on_to_the_next(token: str) -> None:
    tokens = of(Scripted(lambda _: token), Scripted(lambda _: "good"))
    assert ask(tokens).value == "good"
    assert "access token" in tokens.attempts[0].reason


def test_a_reason_is_one_line_and_short() -> None:
    reason = reason_of(ValueError("first\r\n\x1b[31mAADSTS700016: second" + "x" * 5000))
    assert reason == "AADSTS700016: first"
    assert reason_of(ValueError("")) == "ValueError"
