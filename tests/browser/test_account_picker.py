"""A person at the account picker, as an app around the emulator shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.people import account_picker_url
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.emulator.emulator import Emulator

pytestmark = pytest.mark.browser

# As an app around the emulator would send them with every page.
HOST_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'none'"
)


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


@pytest.fixture
def demo_url(emulator: Emulator) -> Iterator[str]:
    """One port for the emulator and the app that sends people to it, the app's policy on every page."""
    app = Starlette(routes=[*emulator.routes(), Route("/auth/callback", callback)])
    with serving(with_policy(app), host="localhost") as url:
        yield url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_picks_an_account_and_is_back_in_the_app(
    chromium: Browser, demo_url: str, scheme: Literal["light", "dark"]
) -> None:
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 320, "height": 700})
    page.goto(account_picker_url(f"{demo_url}/emulator", demo_url))
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 320

    page.get_by_role("button", name="Ben Carter Business user").click()
    expect(page.get_by_text("state=the-state")).to_be_visible()
    assert page.url.startswith(f"{demo_url}/auth/callback?code=")
    page.close()


def test_a_person_gets_back_to_an_app_on_another_port(chromium: Browser, emulator_url: str, demo_url: str) -> None:
    page = chromium.new_page()
    page.goto(account_picker_url(emulator_url, demo_url))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("state=the-state")).to_be_visible()
    page.close()


def test_a_person_who_cancels_is_back_without_a_code(chromium: Browser, demo_url: str) -> None:
    page = chromium.new_page()
    page.goto(account_picker_url(f"{demo_url}/emulator", demo_url))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("error=access_denied")).to_be_visible()
    assert "code=" not in page.url.replace("?code=65004", "")
    page.close()
