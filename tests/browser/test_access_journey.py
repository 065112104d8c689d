"""The new joiner finds out what is missing, asks for it, gets it, and goes on: in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect

from tests.browser.people import ICE_CREAM, answers, come_to_rest, sign_in, switch
from tests.support.app_process import running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.support.app_process import AppProcess

pytestmark = pytest.mark.browser


def test_from_a_refusal_to_the_doctor_to_a_role_to_an_answer(chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    with running_app(tmp_path) as app:
        sign_in(page, app.url, "new.joiner@contoso.example")
        page.get_by_role("button", name=ICE_CREAM).click()
        page.get_by_role("link", name="See what you can use: My access").click()
        expect(page.get_by_text("2 things need action")).to_be_visible()
        page.get_by_text("GPT-5.2 (Sweden)").first.click()
        expect(page.get_by_text("Please give Nora Falk").first).to_be_visible()
        expect(page.get_by_text("az role assignment create").first).to_be_visible()
        page.get_by_role("link", name="Demo directory").first.click()
        expect(page.get_by_role("heading", name="Demo directory")).to_be_visible()
        for position, resource in enumerate(("contoso-sweden", "contoso-eastus")):
            switch(page, "Nora Falk (New joiner)", position, f"has the role on {resource}")
        page.get_by_role("link", name="My access").first.click()
        expect(page.get_by_role("heading", name="My access")).to_be_visible()
        expect(page.get_by_role("heading", name="No key anywhere")).to_be_visible()
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_text("8 of 8 deployments can be used.")).to_be_visible()
        page.get_by_role("link", name="Prompt").first.click()
        page.get_by_role("button", name=ICE_CREAM).click()
        expect(answers(page).last).to_contain_text("done")
    context.close()


def test_the_test_that_costs_is_seen_where_it_was_asked_for(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url, "product.owner@contoso.example")
    page.goto(f"{demo_app.url}/access")
    page.get_by_text("GPT-5.2 (Sweden)").first.click()
    page.get_by_role("button", name="Ask for the shortest answer").first.click()
    expect(page.get_by_text("streams: it answered after").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/access", "/demo"])
def test_nothing_serious_stands_between_a_page_and_its_readers(
    chromium: Browser, demo_app: AppProcess, path: str, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    sign_in(page, demo_app.url, "tester@contoso.example")
    page.goto(f"{demo_app.url}{path}")
    wait_until_drawn(page, path)
    found = Axe().run(page).response["violations"]
    serious = [f"{one['id']}: {one['help']}" for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []
    context.close()


def wait_until_drawn(page: Page, path: str) -> None:
    said = {"/": "What would you like to try?", "/access": "Support bundle", "/demo": "contoso-eastus"}[path]
    expect(page.get_by_text(said).first).to_be_visible()
    come_to_rest(page)
