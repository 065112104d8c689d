"""Who takes part in the chain, by environment and settings."""

from __future__ import annotations

import pytest

from core.errors import SettingsError
from core.identity.credential_chain import chain
from core.identity.credential_failures import CLI, ENVIRONMENT, MANAGED, reason_of
from tests.support.identity import make_settings


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


def test_a_reason_is_one_line_and_short() -> None:
    reason = reason_of(ValueError("first\r\n\x1b[31mAADSTS700016: second" + "x" * 5000))
    assert reason == "AADSTS700016: first"
    assert reason_of(ValueError("")) == "ValueError"
