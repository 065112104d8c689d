"""The main job in a real browser: sign in, ask, watch, stop, come back, sign out."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    ICE_CREAM,
    answers,
    ask,
    badge,
    choose_account,
    choose_deployment,
    question_box,
    sign_in,
    switch,
)
from tests.support.app_process import running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.support.app_process import AppProcess

pytestmark = pytest.mark.browser

LONG = "Write 60 taglines for an ice cream brand"
SLOW_DEPLOYMENT = "Mistral Large (East US 2, poetic, two languages)"


def test_a_person_signs_in_asks_watches_stops_refreshes_and_signs_out_in_every_tab(
    context: BrowserContext, demo_app: AppProcess
) -> None:
    page = context.new_page()
    sign_in(page, demo_app.url)
    page.get_by_role("button", name=ICE_CREAM).click()
    answer = answers(page).last
    expect(answer).to_contain_text("with their own token")
    expect(answer).to_contain_text("first token")
    expect(answer).to_contain_text("done")

    choose_deployment(page, SLOW_DEPLOYMENT)
    ask(page, LONG)
    stop = page.get_by_role("button", name="Stop")
    expect(answers(page).last).to_contain_text(re.compile(r"\w{3,}"))
    stop.click()
    expect(badge(page, "Stopped")).to_be_visible()
    kept = answers(page).last.inner_text()
    page.reload()
    expect(badge(page, "Stopped")).to_be_visible()
    expect(answers(page).last).to_contain_text(kept.split("\n")[0])

    other = context.new_page()
    other.goto(demo_app.url)
    expect(question_box(other)).to_be_visible()
    page.get_by_role("button", name="Ben Carter").click()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(re.compile("signed-out|logout"))
    other.wait_for_url(re.compile("/auth/signed-out"))
    page.goto(demo_app.url)
    page.wait_for_url(re.compile("/welcome"))


def test_an_answer_goes_on_through_refresh_page_switch_and_back(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    choose_deployment(page, SLOW_DEPLOYMENT)
    ask(page, LONG)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("link", name="Demo directory").click()
    expect(page.get_by_role("heading", name="Demo directory")).to_be_visible()
    page.go_back()
    expect(answers(page).last).to_contain_text("done", timeout=60_000)


def test_a_signed_out_deep_link_goes_to_sign_in_and_comes_back(page: Page, demo_app: AppProcess) -> None:
    page.goto(f"{demo_app.url}/demo")
    choose_account(page, "tester@contoso.example")
    expect(page.get_by_role("heading", name="Demo directory")).to_be_visible()
    assert page.url == f"{demo_app.url}/demo"


def test_the_process_restarted_in_mid_answer_keeps_what_had_streamed(chromium: Browser, tmp_path: Path) -> None:
    context = chromium.new_context()
    page = context.new_page()
    with running_app(tmp_path) as app:
        sign_in(page, app.url)
        choose_deployment(page, SLOW_DEPLOYMENT)
        ask(page, LONG)
        expect(answers(page).last).to_contain_text(re.compile(r"(\S+\s+){40}"), timeout=30_000)
        words = answers(page).last.inner_text().split()[:20]
        while stored_words(tmp_path) < 40:  # a number or two for every line among them
            page.wait_for_timeout(100)
        address, port = page.url, app.port
        app.kill()
    with running_app(tmp_path, port=port):
        again = context.new_page()
        again.goto(address)
        expect(badge(again, "Incomplete")).to_be_visible()
        assert answers(again).last.inner_text().split()[:20] == words
    context.close()


def stored_words(folder: Path) -> int:
    """How many words of the first answer are in the database."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'keyless.sqlite3'}?mode=ro", uri=True)) as database:
        ((text,),) = database.execute("SELECT text FROM runs")
        return len(text.split())


def test_escape_stops_an_answer(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    choose_deployment(page, SLOW_DEPLOYMENT)
    ask(page, LONG)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(badge(page, "Stopped")).to_be_visible()


def test_the_new_joiner_gets_in_when_the_role_is_given_without_signing_in_again(
    chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    with running_app(tmp_path) as app:
        sign_in(page, app.url, "new.joiner@contoso.example")
        page.get_by_role("button", name=ICE_CREAM).click()
        expect(page.get_by_text("az role assignment create")).to_be_visible()
        administrator = chromium.new_context().new_page()
        sign_in(administrator, app.url, "admin@contoso.example")
        administrator.get_by_role("link", name="Demo directory").click()
        switch(administrator, "Nora Falk (New joiner)", 0, "has the role on contoso-sweden")
        page.get_by_role("button", name="Try again").click()
        expect(answers(page).last).to_contain_text("done")
        switch(administrator, "Nora Falk (New joiner)", 0, "no longer has the role on contoso-sweden")
        page.get_by_role("button", name="Regenerate").click()
        expect(page.get_by_text("az role assignment create")).to_be_visible()
        administrator.context.close()
    context.close()


def test_settings_of_one_conversation_never_reach_the_next(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("spinbutton", name="Longest answer").fill("200")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Settings (1)")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, ICE_CREAM)
    expect(answers(page).last).to_contain_text("output tokens 200")
    page.get_by_role("button", name="New").click()
    expect(page.get_by_role("button", name="Settings (1)")).to_be_hidden()
    ask(page, ICE_CREAM)
    expect(answers(page).last).to_contain_text("done")
    expect(answers(page).last).not_to_contain_text("output tokens 200")
