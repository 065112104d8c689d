"""The pages without Streamlit, in Chromium under the shipped policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from core.errors import ConsentMissing
from core.settings import SignInMode
from tests.support.front import Front, front
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from playwright.sync_api import Browser, BrowserContext, Page
    from starlette.requests import Request

pytestmark = pytest.mark.browser


@pytest.fixture
def served() -> Iterator[Front]:
    """The gate with scripted services, in demo mode."""
    with front(demo=True) as running:
        yield running


def come_in(context: BrowserContext, served: Front) -> None:
    """Give the browser a session."""
    cookie, _ = served.doors.sessions.sign_in()
    context.add_cookies([{"name": served.cookie_name, "value": cookie, "url": served.url}])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_are_accessible_fit_the_screen_and_keep_to_the_policy(
    chromium: Browser, served: Front, scheme: Literal["light", "dark"], width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    served.doors.entra.refusal = ConsentMissing()
    for path in ("/welcome", "/auth/signed-out", "/auth/sign-in", "/auth/sign-out"):
        if path == "/auth/sign-out":
            come_in(context, served)
        page.goto(served.url + path)
        page.evaluate("document.fonts.ready.then(() => true)")
        assert page.evaluate("document.fonts.check('16px \"Source Sans\"')")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        findings = Axe().run(page).response["violations"]
        assert [(finding["id"], finding["impact"]) for finding in findings] == []
    # Chromium notes every answer that is no success; sign-in was refused here.
    assert [each for each in complaints if "403 (Forbidden)" not in each] == []
    context.close()


def test_the_page_for_a_link_is_accessible(page: Page) -> None:
    with front(sign_in=SignInMode.LOCAL) as served:
        page.goto(f"{served.url}/welcome")
        expect(page.get_by_text("opens with a link")).to_be_visible()
        assert Axe().run(page).response["violations"] == []


def test_the_sign_in_button_is_reached_and_seen_by_keyboard(page: Page, served: Front) -> None:
    page.goto(f"{served.url}/welcome")
    page.keyboard.press("Tab")
    button = page.get_by_role("link", name="Sign in with Microsoft")
    expect(button).to_be_focused()
    assert button.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


def test_signing_out_of_microsoft_too_goes_to_another_host_under_the_policy(
    context: BrowserContext, page: Page, served: Front
) -> None:
    async def logout(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"bye, back to {request.query_params['post_logout_redirect_uri']}")

    with serving(Starlette(routes=[Route("/logout", logout)])) as entra:
        served.doors.entra.end_session = f"{entra}/logout"
        come_in(context, served)
        page.goto(f"{served.url}/auth/sign-out")
        page.get_by_label("Sign out of Microsoft in this browser too").check()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_text(f"bye, back to {served.url}/auth/signed-out")).to_be_visible()
    assert served.cookie_name not in {cookie["name"] for cookie in context.cookies()}


def test_signing_out_clears_what_the_browser_kept(context: BrowserContext, page: Page, served: Front) -> None:
    come_in(context, served)
    page.goto(f"{served.url}/auth/sign-out")
    page.evaluate("localStorage.setItem('kept', 'yes')")
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/auth/signed-out")
    assert page.evaluate("localStorage.getItem('kept')") is None
    page.go_back()
    expect(page.get_by_role("button", name="Sign out everywhere")).to_have_count(0)


def test_a_page_of_another_origin_cannot_frame_the_app(page: Page, served: Front) -> None:
    async def host(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(f'<iframe src="{served.url}/welcome"></iframe>', media_type="text/html")

    with serving(Starlette(routes=[Route("/", host)])) as evil:
        page.goto(evil)
        (frame,) = page.main_frame.child_frames
        assert frame.get_by_text("Ask your own models").count() == 0
