"""The account picker: its HTML, and a person who uses it in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect, sync_playwright
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from core.emulator.directory import CLIENT_ID, PEOPLE, TENANT_ID
from tests.support import needs
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.emulator.emulator import Emulator

# As an app around the emulator would send them with every page.
HOST_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'none'"
)


def authorize_url(base_url: str, app_url: str, **more: str) -> str:
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": f"{app_url}/auth/callback",
        "scope": "openid https://cognitiveservices.azure.com/.default",
        "state": "the-state",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode(query)}"


async def callback(request: Request) -> PlainTextResponse:
    return PlainTextResponse(" ".join(f"{name}={value}" for name, value in request.query_params.items()))


def with_policy(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", HOST_POLICY.encode())
                message["headers"] = [*message.get("headers", []), policy]
            await send(message)

        await app(scope, receive, sending)

    return wrapped


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(needs.chromium()), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def demo_url(emulator: Emulator) -> Iterator[str]:
    """One port for the emulator and the app that sends people to it, the app's policy on every page."""
    app = Starlette(routes=[*emulator.routes(), Route("/auth/callback", callback)])
    with serving(with_policy(app), host="localhost") as url:
        yield url


def test_the_page_needs_no_script_and_offers_everyone(emulator_url: str) -> None:
    page = httpx2.get(authorize_url(emulator_url, "http://localhost:8501"))
    assert page.status_code == 200
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "form-action 'self' http://localhost:8501;" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    for person in PEOPLE:
        assert person.username in page.text


def test_the_hinted_account_comes_first(emulator_url: str) -> None:
    page = httpx2.get(authorize_url(emulator_url, "http://localhost", login_hint="TESTER@contoso.example")).text
    assert page.index("tester@contoso.example") < page.index("admin@contoso.example")


def test_what_a_request_says_is_shown_as_text(emulator_url: str) -> None:
    page = httpx2.get(authorize_url(emulator_url, "http://<script>alert(1)</script>"))
    assert page.status_code == 400
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_an_account_that_does_not_exist_leads_back_to_the_picker(emulator_url: str) -> None:
    page = httpx2.post(authorize_url(emulator_url, "http://localhost"), data={"account": "nobody"})
    assert page.status_code == 200
    assert "Pick an account" in page.text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_picks_an_account_and_is_back_in_the_app(
    chromium: Browser, demo_url: str, scheme: Literal["light", "dark"]
) -> None:
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 320, "height": 700})
    page.goto(authorize_url(f"{demo_url}/emulator", demo_url))
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 320

    page.get_by_role("button", name="Ben Carter Business user").click()
    expect(page.get_by_text("state=the-state")).to_be_visible()
    assert page.url.startswith(f"{demo_url}/auth/callback?code=")
    page.close()


@pytest.mark.browser
def test_a_person_gets_back_to_an_app_on_another_port(chromium: Browser, emulator_url: str, demo_url: str) -> None:
    page = chromium.new_page()
    page.goto(authorize_url(emulator_url, demo_url))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("state=the-state")).to_be_visible()
    page.close()


@pytest.mark.browser
def test_a_person_who_cancels_is_back_without_a_code(chromium: Browser, demo_url: str) -> None:
    page = chromium.new_page()
    page.goto(authorize_url(f"{demo_url}/emulator", demo_url))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("error=access_denied")).to_be_visible()
    assert "code=" not in page.url.replace("?code=65004", "")
    page.close()
