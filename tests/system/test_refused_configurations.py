"""What cannot be right does not start: every problem on stderr with its remedy, and no way round it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from core.settings.reading import KEY_LIKE
from tests.support.app_process import AppProcess, refused_start, running_app, start_commands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.app_process import Refusal

MISCONFIGURED: Final = 2
TENANT: Final = "11111111-2222-4333-8444-555555555555"
CLIENT: Final = "99999999-2222-4333-8444-555555555555"
ENTRA: Final = {"KEYLESS_TENANT_ID": TENANT, "KEYLESS_CLIENT_ID": CLIENT}
CANARY: Final = "canary-71c0"
_PROBLEM: Final = re.compile(r"  (?P<name>(?:catalogue\.toml: )?[^:]+): (?P<what>.*)")

REFUSED_ADDRESSES: Final = {
    "plain http": "http://contoso.openai.azure.com",
    "metadata service": "http://169.254.169.254",
    "metadata service in IPv6": "https://[::ffff:a9fe:a9fe]",
    "loopback over https": "https://127.0.0.1",
    "user info": "https://contoso.openai.azure.com@evil.example",
    "longer host": "https://contoso.openai.azure.com.evil.example",
    "homoglyph": "https://c\u043entoso.openai.azure.com",
    "file": "file:///etc/passwd",
    "another port": "https://contoso.openai.azure.com:22",
    "portal page": "https://portal.azure.com/#@contoso/resource/subscriptions/1",
    "a space inside": "https://contoso .openai.azure.com",
    "other parameters": "https://contoso.openai.azure.com?sig=1",
    "another cloud": "https://contoso.openai.azure.us",
}
NORMALISED_ADDRESSES: Final = (
    "https://contoso.openai.azure.com/",
    " https://contoso.openai.azure.com/openai/v1/ ",
    "HTTPS://CONTOSO.OPENAI.AZURE.COM:443",
    "https://contoso.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
    "https://contoso.services.ai.azure.com/api/projects/taglines",
    "http://127.0.0.1:9/resources/one",
)


def catalogue(folder: Path, addresses: dict[str, str]) -> dict[str, str]:
    """A catalogue file with one endpoint for each address, named in the environment."""
    file = folder / "catalogue.toml"
    file.write_text(
        "\n".join(
            f'[[endpoint]]\nname = "{name.replace(" ", "-")}"\nurl = {json.dumps(url, ensure_ascii=False)}\n'
            '[[endpoint.deployment]]\nname = "gpt"\n'
            for name, url in addresses.items()
        ),
        encoding="utf-8",
    )
    return {"KEYLESS_CATALOGUE": str(file)}


def told(refusal: Refusal) -> dict[str, str]:
    """The problems on stderr by their names, each with its remedy; checks what holds for every refusal."""
    assert refusal.code == MISCONFIGURED, refusal.stderr
    assert "Traceback" not in refusal.stderr + refusal.stdout
    assert "Keyless cannot start with this configuration." in refusal.stderr
    found: dict[str, str] = {}
    for line in refusal.stderr.splitlines():
        if line.startswith("      ") and found:
            found[list(found)[-1]] += f" REMEDY {line.strip()}"
        elif problem := _PROBLEM.fullmatch(line):
            found[problem["name"]] = problem["what"]
    assert found
    assert all(" REMEDY " in text for text in found.values()), found
    return found


@pytest.mark.parametrize("command", start_commands())
def test_half_a_configuration_is_told_whole_and_is_never_demo_mode(tmp_path: Path, command: str) -> None:
    half = {
        **catalogue(tmp_path, {"sweden": "https://contoso.openai.azure.com.evil.example"}),
        "KEYLESS_TENANT_ID": TENANT,
        "KEYLESS_INSTANCE_DISCOVERY": "perhaps",
        "KEYLESS_SEALING_KEYS": CANARY,
        "OPENAI_API_KEY": CANARY,
    }
    refusal = refused_start(tmp_path, half, command=command)
    assert set(told(refusal)) == {
        "KEYLESS_CLIENT_ID",
        "KEYLESS_INSTANCE_DISCOVERY",
        "KEYLESS_SEALING_KEYS",
        "OPENAI_API_KEY",
        "catalogue.toml: endpoint sweden, url",
    }
    assert CANARY not in refusal.stderr + refusal.stdout
    assert not list(tmp_path.glob("keyless.sqlite3*"))


def test_an_endpoint_without_a_tenant_is_named(tmp_path: Path) -> None:
    half = catalogue(tmp_path, {"sweden": "https://contoso.openai.azure.com"})
    assert set(told(refused_start(tmp_path, half))) == {"KEYLESS_TENANT_ID", "KEYLESS_CLIENT_ID"}


def test_every_variable_that_would_send_a_key_or_go_elsewhere_is_refused_by_name_alone(tmp_path: Path) -> None:
    names = {*KEY_LIKE, "CONTOSO_OPENAI_KEY"}
    refusal = refused_start(tmp_path, {name: f"{CANARY}-{name.lower()}" for name in names}, command="uvicorn")
    assert set(told(refusal)) == names
    assert CANARY not in refusal.stderr + refusal.stdout


def test_addresses_that_must_not_receive_tokens_are_refused_each_with_the_right_form(tmp_path: Path) -> None:
    environ = {**ENTRA, **catalogue(tmp_path, REFUSED_ADDRESSES)}
    found = told(refused_start(tmp_path, environ))
    assert set(found) == {f"catalogue.toml: endpoint {name.replace(' ', '-')}, url" for name in REFUSED_ADDRESSES}
    other_cloud = found.pop("catalogue.toml: endpoint another-cloud, url")
    assert "usgovernment" in other_cloud
    assert "login.microsoftonline.com" in other_cloud
    assert all("https://NAME.openai.azure.com" in text for text in found.values()), found


def test_addresses_as_people_paste_them_are_taken(tmp_path: Path) -> None:
    addresses = {f"endpoint-{number}": url for number, url in enumerate(NORMALISED_ADDRESSES)}
    environ = {**ENTRA, **catalogue(tmp_path, addresses)}
    with running_app(tmp_path, extra=environ, wait_until_ready=False) as app:
        assert alive(app)


def test_a_plain_loopback_endpoint_is_refused_to_an_app_that_others_can_reach(tmp_path: Path) -> None:
    hosted = {
        **ENTRA,
        **catalogue(tmp_path, {"lab": "http://127.0.0.1:9"}),
        "KEYLESS_PUBLIC_URL": "https://keyless.example.com",
        "KEYLESS_CLIENT_ASSERTION_IDENTITY": "system",
    }
    found = told(refused_start(tmp_path, hosted))
    assert "only while the app itself is on loopback" in found["catalogue.toml: endpoint lab, url"]


@pytest.mark.parametrize(
    ("command", "arguments", "variables"),
    [
        ("streamlit run", ["--server.address", "0.0.0.0"], {}),  # noqa: S104  the claim
        ("streamlit run", [], {"STREAMLIT_SERVER_ADDRESS": "::"}),
        ("python", [], {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}),  # noqa: S104  the claim
        ("uvicorn", ["--host", "0.0.0.0"], {}),  # noqa: S104  the claim
        ("uvicorn", [], {"UVICORN_HOST": "0.0.0.0"}),  # noqa: S104  the claim
        ("uvicorn", ["--uds", "keyless.sock"], {}),
    ],
)
def test_demo_mode_refuses_an_address_that_others_can_reach(
    tmp_path: Path, command: str, arguments: list[str], variables: dict[str, str]
) -> None:
    refusal = refused_start(tmp_path, variables, command=command, arguments=arguments)
    assert set(told(refusal)) == {"demo mode"}


def test_demo_mode_refuses_to_be_hosted(tmp_path: Path) -> None:
    signs = {"APP_ENV": "production", "IDENTITY_ENDPOINT": "http://127.0.0.1:1/token"}
    assert set(told(refused_start(tmp_path, signs))) == set(signs)


def test_a_one_time_link_is_refused_to_an_app_that_others_can_reach(tmp_path: Path) -> None:
    seed = {"AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "davinci"}
    refusal = refused_start(tmp_path, seed, command="uvicorn", arguments=["--host", "10.0.0.4"])
    assert set(told(refusal)) == {"KEYLESS_SIGN_IN"}


def test_variables_of_azure_and_proxies_are_no_trap(tmp_path: Path) -> None:
    harmless = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": CANARY,
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "OPENAI_LOG": "debug",
    }
    with running_app(tmp_path, extra=harmless) as app:
        assert alive(app)
        assert CANARY not in app.printed()


def alive(app: AppProcess) -> bool:
    """Whether the app answers, waiting until it does or has ended."""
    with httpx2.Client(trust_env=False) as client:
        while app.process.poll() is None:
            try:
                return client.get(f"{app.url}/livez").status_code == httpx2.codes.OK
            except httpx2.ConnectError:
                continue
    return False
