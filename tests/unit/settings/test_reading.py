"""What settings mean, and what is refused."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from core.errors import SettingsError
from core.settings import CallsAs, SignInMode, forget_openai_variables, read_settings
from core.settings.reading import KEY_LIKE

if TYPE_CHECKING:
    from pathlib import Path

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "99999999-2222-4333-8444-555555555555"
ENTRA = {"KEYLESS_TENANT_ID": TENANT, "KEYLESS_CLIENT_ID": CLIENT}
SEED = {"AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "davinci"}


def problems(root: Path, environ: dict[str, str], bind_address: str = "127.0.0.1") -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, root, bind_address)
    assert all(problem.what and problem.remedy for problem in caught.value.problems)
    return {problem.name: f"{problem.what} {problem.remedy}" for problem in caught.value.problems}


def test_no_setting_at_all_means_demo_mode(tmp_path: Path) -> None:
    assert read_settings({}, tmp_path).demo


def test_public_url_database_and_sealing_keys_alone_are_still_demo_mode(tmp_path: Path) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    settings = read_settings(
        {
            "KEYLESS_PUBLIC_URL": "http://localhost:8600/",
            "KEYLESS_DATABASE_URL": "postgresql+psycopg://db/keyless",
            "KEYLESS_SEALING_KEYS": f"{key},{key}",
        },
        tmp_path,
    )
    assert settings.demo
    assert settings.public_url == "http://localhost:8600"
    assert len(settings.sealing_keys) == 2


def test_the_seed_variables_alone_mean_a_local_link_and_the_apps_own_identity(tmp_path: Path) -> None:
    settings = read_settings({**SEED, "OPENAI_API_VERSION": "2022-12-01"}, tmp_path)
    assert (settings.demo, settings.sign_in, settings.calls_as) == (False, SignInMode.LOCAL, CallsAs.APP)
    assert settings.seed_endpoint is not None
    assert settings.seed_endpoint.api_version == "2022-12-01"


def test_a_tenant_and_a_client_mean_that_people_sign_in_and_call_as_themselves(tmp_path: Path) -> None:
    settings = read_settings({**ENTRA, **SEED}, tmp_path)
    assert (settings.sign_in, settings.calls_as) == (SignInMode.ENTRA, CallsAs.USER)


def test_variables_win_over_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "keyless.toml").write_text(
        f'tenant_id = "{TENANT}"\nclient_id = "{CLIENT}"\ncloud = "china"\nallowed_endpoint_hosts = ["one.example"]\n'
    )
    settings = read_settings({**SEED, "KEYLESS_CLOUD": "usgovernment"}, tmp_path)
    assert settings.cloud.name == "usgovernment"
    assert settings.authority_host == "login.microsoftonline.us"
    assert settings.allowed_endpoint_hosts == ("one.example",)


@pytest.mark.parametrize("name", [*KEY_LIKE, "MY_OPENAI_KEY"])
def test_a_key_like_variable_is_refused_by_its_name_and_never_by_its_value(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: "canary-value"}, tmp_path)
    assert name in caught.value.report()
    assert "canary-value" not in caught.value.report()


def test_variables_of_azure_and_streamlit_are_left_alone(tmp_path: Path) -> None:
    environ = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s", "STREAMLIT_SERVER_PORT": "9", "HTTPS_PROXY": "x"}
    assert read_settings(environ, tmp_path).demo


def test_what_was_read_is_removed_from_the_environment() -> None:
    environ = {**SEED, "OPENAI_LOG": "debug", "AZURE_TENANT_ID": "t"}
    forget_openai_variables(environ)
    assert environ == {"AZURE_TENANT_ID": "t"}


def test_all_problems_are_told_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "OPENAI_API_KEY": "x",
            "KEYLESS_TENANT_ID": "contoso",
            "KEYLESS_SEALING_KEYS": "short",
            "KEYLESS_PUBLIC_URL": "http://keyless.example.com",
            "KEYLESS_CLOUD": "mars",
            "KEYLESS_INSTANCE_DISCOVERY": "perhaps",
        },
    )
    assert set(found) == {
        "OPENAI_API_KEY",
        "KEYLESS_TENANT_ID",
        "KEYLESS_SEALING_KEYS",
        "KEYLESS_PUBLIC_URL",
        "KEYLESS_CLOUD",
        "KEYLESS_INSTANCE_DISCOVERY",
        "KEYLESS_CLIENT_ID",
        "KEYLESS_CATALOGUE",
    }


def test_what_cannot_be_used_still_counts_as_given_and_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"KEYLESS_TENANT_ID": "contoso"}, tmp_path, "0.0.0.0")  # noqa: S104  not what is tested
    names = [problem.name for problem in caught.value.problems]
    assert sorted(names) == sorted(set(names))
    assert "KEYLESS_TENANT_ID" in names
    assert "demo mode" not in names


def test_half_a_configuration_is_refused_and_never_becomes_demo_mode(tmp_path: Path) -> None:
    assert {"KEYLESS_TENANT_ID", "KEYLESS_CLIENT_ID", "KEYLESS_CATALOGUE"} <= set(
        problems(tmp_path, {"KEYLESS_CLIENT_SECRET": "s"})
    )
    assert set(problems(tmp_path, {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"})) == {
        "AZURE_OPENAI_DEPLOYMENT"
    }
    assert set(problems(tmp_path, {"AZURE_OPENAI_DEPLOYMENT": "x"})) == {"AZURE_OPENAI_ENDPOINT"}


def test_a_misspelt_name_is_told_with_the_right_one(tmp_path: Path) -> None:
    assert "KEYLESS_TENANT_ID" in problems(tmp_path, {"KEYLESS_TENNANT_ID": TENANT})["KEYLESS_TENNANT_ID"]


def test_a_person_cannot_call_as_themselves_without_signing_in(tmp_path: Path) -> None:
    environ = {**SEED, "KEYLESS_SIGN_IN": "local", "KEYLESS_CALLS_AS": "user"}
    assert set(problems(tmp_path, environ)) == {"KEYLESS_CALLS_AS"}


@pytest.mark.parametrize("bind_address", ["0.0.0.0", "::", "10.0.0.4", "keyless.example.com"])  # noqa: S104  the claim
def test_demo_and_local_mode_refuse_an_address_that_others_can_reach(tmp_path: Path, bind_address: str) -> None:
    assert "demo mode" in problems(tmp_path, {}, bind_address)
    assert "KEYLESS_SIGN_IN" in problems(tmp_path, SEED, bind_address)


def test_demo_mode_refuses_a_public_url_that_is_not_loopback(tmp_path: Path) -> None:
    assert "demo mode" in problems(tmp_path, {"KEYLESS_PUBLIC_URL": "https://keyless.example.com"})


@pytest.mark.parametrize("sign", [{"IDENTITY_ENDPOINT": "http://127.0.0.1:1/x"}, {"APP_ENV": "Production"}])
def test_demo_mode_refuses_a_hosted_environment(tmp_path: Path, sign: dict[str, str]) -> None:
    assert set(problems(tmp_path, sign)) == set(sign)


def test_a_hosted_app_needs_its_public_url_and_a_credential_of_its_own(tmp_path: Path) -> None:
    found = problems(tmp_path, {**ENTRA, **SEED}, "10.0.0.4")
    assert set(found) == {"KEYLESS_PUBLIC_URL", "KEYLESS_CLIENT_ASSERTION_IDENTITY"}
    hosted = {**ENTRA, **SEED, "KEYLESS_PUBLIC_URL": "https://keyless.example.com"}
    assert set(problems(tmp_path, hosted, "10.0.0.4")) == {"KEYLESS_CLIENT_ASSERTION_IDENTITY"}
    settings = read_settings({**hosted, "KEYLESS_CLIENT_ASSERTION_IDENTITY": "system"}, tmp_path, "10.0.0.4")
    assert not settings.on_loopback


def test_two_credentials_of_the_web_app_are_one_too_many(tmp_path: Path) -> None:
    environ = {**ENTRA, **SEED, "KEYLESS_CLIENT_SECRET": "s", "KEYLESS_CLIENT_ASSERTION_IDENTITY": "system"}
    assert set(problems(tmp_path, environ)) == {"KEYLESS_CLIENT_SECRET"}


def test_an_unreadable_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "keyless.toml").write_text("tenant_id = ")
    assert ".streamlit/keyless.toml" in problems(tmp_path, {})


def test_an_unknown_name_in_the_settings_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "keyless.toml").write_text('tennant_id = "x"')
    assert "tenant_id" in problems(tmp_path, {})[".streamlit/keyless.toml: tennant_id"]


def test_secrets_do_not_print(tmp_path: Path) -> None:
    settings = read_settings({**ENTRA, **SEED, "KEYLESS_CLIENT_SECRET": "canary-secret"}, tmp_path)
    assert "canary-secret" not in repr(settings)


def test_the_apps_identity_may_be_offered_beside_the_persons(tmp_path: Path) -> None:
    environ = {**ENTRA, **SEED, "KEYLESS_APP_IDENTITY": "true", "KEYLESS_APP_IDENTITY_ROLE": "Prompt.AsApp"}
    settings = read_settings(environ, tmp_path)
    assert (settings.app_identity, settings.app_identity_role) == (True, "Prompt.AsApp")
    off = read_settings({**ENTRA, **SEED}, tmp_path)
    assert (off.app_identity, off.app_identity_role, off.device_code) == (False, "", False)


def test_the_apps_identity_is_no_choice_where_it_is_the_only_one(tmp_path: Path) -> None:
    found = problems(tmp_path, {**SEED, "KEYLESS_APP_IDENTITY": "true"})
    assert "KEYLESS_CALLS_AS=user" in found["KEYLESS_APP_IDENTITY"]


def test_a_role_for_what_nobody_is_offered_is_told(tmp_path: Path) -> None:
    assert "KEYLESS_APP_IDENTITY_ROLE" in problems(tmp_path, {**ENTRA, **SEED, "KEYLESS_APP_IDENTITY_ROLE": "x"})


def test_a_device_code_is_for_this_computer_only(tmp_path: Path) -> None:
    assert read_settings({**SEED, "KEYLESS_DEVICE_CODE": "true"}, tmp_path).device_code
    hosted = {
        **ENTRA,
        **SEED,
        "KEYLESS_CALLS_AS": "app",
        "KEYLESS_DEVICE_CODE": "true",
        "KEYLESS_PUBLIC_URL": "https://keyless.example.com",
        "KEYLESS_CLIENT_ASSERTION_IDENTITY": "system",
    }
    assert set(problems(tmp_path, hosted, "10.0.0.4")) == {"KEYLESS_DEVICE_CODE"}


def test_a_device_code_needs_calls_as_the_app(tmp_path: Path) -> None:
    environ = {**ENTRA, **SEED, "KEYLESS_DEVICE_CODE": "true"}
    assert "KEYLESS_CALLS_AS=app" in problems(tmp_path, environ)["KEYLESS_DEVICE_CODE"]
    assert read_settings({**environ, "KEYLESS_APP_IDENTITY": "true"}, tmp_path).device_code


def test_a_setting_that_is_neither_true_nor_false_is_told(tmp_path: Path) -> None:
    found = problems(tmp_path, {**ENTRA, **SEED, "KEYLESS_DEVICE_CODE": "perhaps", "KEYLESS_APP_IDENTITY": "?"})
    assert {"KEYLESS_DEVICE_CODE", "KEYLESS_APP_IDENTITY"} <= set(found)
