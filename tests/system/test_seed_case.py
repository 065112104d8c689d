"""The laptop case: AZURE_OPENAI_* alone, a one-time link, legacy completions, the app's own identity.

Each member of the credential chain answers once, over real HTTP, with those after it standing by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from core.emulator.directory import SERVICE, SYSTEM_IDENTITY, TENANT_ID, TESTER
from tests.support.app_process import running_app
from tests.support.identity import AUDIENCE, FakeAz
from tests.support.own_entra import OwnEntra, own_entra
from tests.support.prompt_page import opened
from tests.support.streamlit_tab import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.emulator.received import Received
    from tests.support.app_process import AppProcess

ICE_CREAM: Final = "Write a tagline for an ice cream brand:"
LINK: Final = re.compile(r"(http://localhost:\d+/auth/local\?link=\S+)")
CLI_CLIENT: Final = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass
class Laptop:
    """A computer with the seed's variables, and every credential that the chain knows within reach.

    Attributes:
        entra: Plays the tenant and the resource.
        folder: Holds the app's data.
        az: Azure CLI, with the tester signed in.
    """

    entra: OwnEntra
    folder: Path
    az: FakeAz

    @property
    def seed(self) -> dict[str, str]:
        """What the tutorial's script is given, and no program on the path but ``az``."""
        return {
            "AZURE_OPENAI_ENDPOINT": f"{self.entra.resources_url}/resources/contoso-eastus",
            "AZURE_OPENAI_DEPLOYMENT": "gpt-35-instruct-eastus",
            "OPENAI_API_VERSION": "2022-12-01",
            "PATH": str(self.folder / "bin"),
        }

    @property
    def managed_identity(self) -> dict[str, str]:
        """What App Service gives to an app with a managed identity."""
        header = self.entra.emulator.identity_header
        return {"IDENTITY_ENDPOINT": f"{self.entra.resources_url}/identity/token", "IDENTITY_HEADER": header}

    @property
    def service_principal(self) -> dict[str, str]:
        """A service principal in the environment, of a tenant whose authority has its own certificate."""
        return {
            **self.entra.authority,
            "AZURE_TENANT_ID": TENANT_ID,
            "AZURE_CLIENT_ID": SERVICE.client_id,
            "AZURE_CLIENT_SECRET": self.entra.emulator.directory.add_secret(SERVICE.client_id),
        }

    def ask(self, **changed: str) -> tuple[str, list[Received]]:
        """Start the app, open its link, send the seed's prompt: what the page shows, and what reached Azure."""
        self.entra.emulator.received.clear()
        environ = {**self.seed, **changed}
        with running_app(self.folder, extra=environ) as app, opened(by_link(app)) as page:
            page.set_number("max_output_tokens", 100)
            shown = page.answer_to(ICE_CREAM)
            assert "Traceback" not in app.printed()
            assert not self.entra.canaries.found_in(app.printed())
            assert ICE_CREAM not in app.printed()
        return shown, list(self.entra.emulator.received)


@pytest.fixture
def laptop(emulator: Emulator, tmp_path: Path) -> Iterator[Laptop]:
    commands = tmp_path / "bin"
    commands.mkdir()
    with own_entra(emulator, tmp_path) as entra:
        token = emulator.entra.mint.access_token_for_person(TESTER, CLI_CLIENT, AUDIENCE)
        entra.canaries.add(token, emulator.identity_header)
        yield Laptop(entra, tmp_path, FakeAz(commands, token))


def by_link(app: AppProcess) -> Browser:
    """A browser that opened the link which the app printed."""
    link = httpx2.URL(app.printed_match(LINK))
    with httpx2.Client() as client:
        answer = client.get(link)
        assert (answer.status_code, answer.headers["location"]) == (httpx2.codes.SEE_OTHER, "/")
        return Browser(app.url, client.cookies["keyless_session"])


def assert_is_the_seeds_call(received: list[Received]) -> None:
    (call,) = received
    assert call.status == 200
    assert call.path.endswith("/resources/contoso-eastus/openai/deployments/gpt-35-instruct-eastus/completions")
    assert call.query == {"api-version": "2022-12-01"}
    assert call.body["prompt"] == ICE_CREAM
    assert call.body["max_tokens"] == 100
    assert "api-key" not in call.headers
    assert call.headers["authorization"].startswith("Bearer ")


def test_the_managed_identity_answers_first(laptop: Laptop) -> None:
    shown, received = laptop.ask(**laptop.managed_identity, **laptop.service_principal)
    assert_is_the_seeds_call(received)
    assert received[0].oid == SYSTEM_IDENTITY.principal_id
    assert f"called as the app (the app's managed identity ({SYSTEM_IDENTITY.client_id}))" in shown
    assert "ice cream" in shown.lower()
    assert laptop.az.calls == []


def test_without_one_the_service_principal_of_the_environment_answers(laptop: Laptop) -> None:
    shown, received = laptop.ask(**laptop.service_principal)
    assert_is_the_seeds_call(received)
    assert received[0].oid == SERVICE.object_id
    assert f"called as the app (the app's service principal ({SERVICE.client_id}))" in shown
    assert "ice cream" in shown.lower()
    assert laptop.az.calls == []


def test_without_either_azure_cli_answers(laptop: Laptop) -> None:
    shown, received = laptop.ask()
    assert_is_the_seeds_call(received)
    assert received[0].oid == TESTER.object_id
    assert f"called as the app (the Azure CLI's account ({TESTER.username}))" in shown
    assert "ice cream" in shown.lower()
    assert len(laptop.az.calls) == 1


def test_without_any_the_page_says_what_to_do(laptop: Laptop) -> None:
    shown, received = laptop.ask(PATH=str(laptop.folder))
    assert received == []
    assert "The app has no identity that answers: the Azure CLI is not installed." in shown
    assert "install the Azure CLI" in shown


@pytest.mark.parametrize("version", ["2024-10-21", ""])
def test_a_deployment_of_unknown_operations_is_learned_to_take_completions(laptop: Laptop, version: str) -> None:
    shown, received = laptop.ask(OPENAI_API_VERSION=version)
    assert "ice cream" in shown.lower()
    assert received[-1].path.endswith("/completions")
    assert "/chat/" not in received[-1].path
    assert [call.status for call in received] == [400] * (len(received) - 1) + [200]
    assert len(received) > 1
    shown_after_a_restart, received = laptop.ask(OPENAI_API_VERSION=version)
    assert "ice cream" in shown_after_a_restart.lower()
    assert [call.status for call in received] == [200]


def test_the_link_is_printed_at_start_and_opens_one_browser(laptop: Laptop) -> None:
    with (
        running_app(laptop.folder, extra=laptop.seed, wait_until_ready=False) as app,
        httpx2.Client(base_url=app.url) as client,
    ):
        link = app.printed_match(LINK)
        assert client.get("/").headers["location"] == "/welcome"
        assert "opens with a link" in client.get("/welcome").text
        browser = by_link(app)
        assert browser.ask("/").status_code == httpx2.codes.OK
        assert client.get(link).status_code == httpx2.codes.BAD_REQUEST
        assert Browser(app.url).ask("/").status_code == httpx2.codes.SEE_OTHER
        (next_link,) = {found for found in LINK.findall(app.printed()) if found != link}
        assert client.get(next_link).status_code == httpx2.codes.SEE_OTHER
        assert client.get("/auth/sign-in").headers["location"] == "/welcome"
