"""Four deployments side by side in a real browser: one refuses, one is stopped, the page is loaded anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect

from tests.browser.people import ICE_CREAM, badge, come_to_rest, sign_in, switch
from tests.support.app_process import running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.support.app_process import AppProcess

pytestmark = pytest.mark.browser

LONG = "Write 90 taglines for an ice cream brand"
BALANCED = "GPT-5.2 (Sweden)"
FAST = "GPT-5.2 mini (Sweden, fast)"
REASONING = "o4 (Sweden, thinks first)"
REFUSED = "GPT-4.1 (East US 2, detailed)"


def test_four_columns_one_refused_one_stopped_a_refresh_in_the_middle_and_a_blind_vote(
    chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    with running_app(tmp_path) as app:
        sign_in(page, app.url)
        take_role_on_east_us(page)
        open_compare(page)
        deployment(page, REFUSED).click()
        expect(deployment(page, REFUSED)).to_have_attribute("aria-pressed", "true")
        type_and_run(page, LONG)

        expect(column(page, REFUSED)).to_contain_text("lacks the role")
        expect(column(page, REFUSED)).to_contain_text("Failed")
        expect(column(page, REASONING)).to_contain_text(re.compile(r"1\. \w|\w{3,}.*\w{3,}.*\w{3,}"))
        column(page, REASONING).get_by_role("button", name="Stop").click()
        expect(column(page, REASONING)).to_contain_text("Stopped")
        page.reload()
        expect(column(page, REASONING)).to_contain_text("Stopped")
        expect(page.get_by_text("At a glance")).to_be_visible(timeout=60_000)
        for label, ended in ((BALANCED, "Done"), (FAST, "Done"), (REASONING, "Stopped"), (REFUSED, "Failed")):
            expect(column(page, label)).to_contain_text(ended)
        expect(column(page, BALANCED)).to_contain_text("tokens in")

        address = page.url
        page.get_by_role("link", name="Prompt").first.click()
        page.goto(address)
        expect(badge(page, "Stopped")).to_be_visible()

        page.locator(".st-key-compare-new button").click()
        for label in (REASONING, REFUSED):
            deployment(page, label).click()
            expect(deployment(page, label)).to_have_attribute("aria-pressed", "false")
        page.get_by_role("button", name="Settings").click()
        blind = page.get_by_test_id("stCheckbox").filter(has_text="Blind")
        blind.locator("label").first.click()
        expect(blind.locator("input")).to_be_checked()
        page.keyboard.press("Escape")
        type_and_run(page, ICE_CREAM)
        expect(page.get_by_text("0 of 1 pairs judged")).to_be_visible()
        expect(page.locator(".st-key-compare-blind-pair")).not_to_contain_text("GPT")
        page.get_by_role("button", name="Left is better").click()
        expect(page.get_by_text("Your blind votes", exact=True)).to_be_visible()
        expect(column(page, FAST)).to_contain_text("Done")
        page.reload()
        expect(page.get_by_text("Your blind votes", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Left is better")).to_be_hidden()
    context.close()


def test_esc_stops_every_column(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    open_compare(page)
    type_and_run(page, LONG)
    expect(column(page, BALANCED)).to_contain_text(re.compile(r"1\. \w|\w{3,}"))
    page.get_by_role("heading", name="Compare").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("At a glance")).to_be_visible()
    expect(column(page, BALANCED)).to_contain_text("Stopped")
    expect(column(page, REASONING)).to_contain_text("Stopped")
    page.get_by_role("button", name="Continue").click()
    expect(column(page, BALANCED)).to_contain_text("Done", timeout=60_000)


def test_a_reopened_comparison_is_set_as_it_was_made(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    open_compare(page)
    type_and_run(page, ICE_CREAM)
    expect(column(page, FAST)).to_contain_text("Done")
    expect(page.get_by_text("At a glance")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("textbox", name="System message").fill("Answer in French")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.locator(".st-key-compare-new button").click()
    page.get_by_role("button", name="Recent").click()
    page.locator("[class*=st-key-compare-open-] button").first.click()
    expect(column(page, FAST)).to_contain_text("Done")
    page.get_by_role("textbox", name="Prompt").fill("Something else")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("textbox", name="System message")).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_between_the_page_and_its_readers(
    chromium: Browser, demo_app: AppProcess, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    sign_in(page, demo_app.url, "tester@contoso.example")
    open_compare(page)
    assert serious_findings(page) == []
    page.get_by_role("button", name=ICE_CREAM).click()
    expect(page.get_by_text("At a glance")).to_be_visible()
    page.get_by_text("Win rates of your blind votes").click()
    expect(page.get_by_text("Nothing is judged yet")).to_be_visible()
    come_to_rest(page)
    assert serious_findings(page) == []
    context.close()


def test_on_a_phone_run_brings_the_answers_into_sight(chromium: Browser, demo_app: AppProcess) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, demo_app.url, "tester@contoso.example")
    page.goto(f"{demo_app.url}/compare")
    type_and_run(page, ICE_CREAM)
    expect(column(page, BALANCED)).to_be_in_viewport()
    expect(column(page, BALANCED)).to_contain_text("Done")
    context.close()


def take_role_on_east_us(page: Page) -> None:
    page.get_by_role("link", name="Demo directory").first.click()
    expect(page.get_by_role("heading", name="Demo directory")).to_be_visible()
    switch(page, "Ben Carter (Business user)", 1, "no longer has the role on contoso-eastus")


def open_compare(page: Page) -> None:
    page.get_by_role("link", name="Compare").first.click()
    expect(page.get_by_text("One prompt, side by side")).to_be_visible()


def deployment(page: Page, label: str) -> Locator:
    return page.locator(".st-key-compare-deployments").get_by_role("button", name=label, exact=True)


def type_and_run(page: Page, prompt: str) -> None:
    box = page.get_by_role("textbox", name="Prompt")
    box.fill(prompt)
    box.press("Control+Enter")


def column(page: Page, label: str) -> Locator:
    cells = page.locator(".st-key-compare-columns").locator("[data-testid=stGridCell]")
    return cells.filter(has_text=label)


def serious_findings(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in {"serious", "critical"}]
