"""What a person takes away reaches the person, and nobody else who learns its address; and it can be brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from playwright.sync_api import expect

from core.emulator.directory import PRODUCT_OWNER
from tests.browser.people import ICE_CREAM, sign_in
from tests.support.streamlit_tab import Browser as OtherBrowser

if TYPE_CHECKING:
    from playwright.sync_api import Download, FilePayload, Page

    from tests.support.app_process import AppProcess

pytestmark = pytest.mark.browser


def test_a_download_reaches_its_person_and_nobody_else_who_learns_its_address(
    page: Page, demo_app: AppProcess
) -> None:
    sign_in(page, demo_app.url)
    compare(page)
    first = exported(page, "CSV")
    assert b"ice cream" in first.path().read_bytes().lower()
    assert first.url.startswith(f"{demo_app.url}/media/")
    path = first.url.removeprefix(demo_app.url)
    for other in (OtherBrowser.signed_in(demo_app.url, PRODUCT_OWNER), OtherBrowser(demo_app.url)):
        assert other.ask(path).status_code == httpx2.codes.NOT_FOUND
    # A page that is loaded again, and another format.
    page.reload()
    expect(page.get_by_text("At a glance")).to_be_visible()
    assert b"<html" in exported(page, "HTML").path().read_bytes()


def test_a_file_that_was_taken_away_is_opened_again(page: Page, demo_app: AppProcess) -> None:
    sign_in(page, demo_app.url)
    compare(page)
    file = exported(page, "JSON").path().read_bytes()
    page.goto(f"{demo_app.url}/compare")
    page.get_by_role("button", name="New", exact=False).first.click()
    page.get_by_role("button", name="Recent").click()
    payload: FilePayload = {"name": "comparison.json", "mimeType": "application/json", "buffer": file}
    page.locator("input[type=file]").set_input_files(payload)
    expect(page.get_by_text("At a glance")).to_be_visible()


def compare(page: Page) -> None:
    """With one click, once the example is that of the page Compare."""
    page.get_by_role("link", name="Compare").first.click()
    page.locator(".st-key-compare-invitation").get_by_role("button", name=ICE_CREAM).click()
    expect(page.get_by_text("At a glance")).to_be_visible()


def exported(page: Page, kind: str) -> Download:
    """The file that the page exports."""
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(f".st-key-compare-export-{kind.lower()} button").click()
    return download.value
