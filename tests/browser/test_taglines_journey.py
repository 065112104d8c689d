"""Taglines in a real browser: from a brief to the stage, to a vote from another browser, to slides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect
from pptx import Presentation

from tests.browser.people import choose_account, come_to_rest, sign_in

if TYPE_CHECKING:
    from typing import Literal

    from playwright.sync_api import Browser, Locator, Page

    from tests.support.app_process import AppProcess

pytestmark = pytest.mark.browser

TESTER = "tester@contoso.example"


def taglines_page(page: Page, app: AppProcess, username: str = "business.user@contoso.example") -> None:
    sign_in(page, app.url, username)
    page.get_by_role("link", name="Taglines").click()
    expect(generate(page)).to_be_visible()


def generate(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Generate"))


def cards(page: Page) -> Locator:
    """The texts on the board."""
    return page.locator(".st-key-taglines-grid h2")


def board_of_eight(page: Page, app: AppProcess) -> None:
    taglines_page(page, app)
    generate(page).click()
    expect_finished(page, 8)


def expect_finished(page: Page, count: int) -> None:
    """So many cards that are all made: those on their way have no buttons yet."""
    expect(page.get_by_role("button", name="Shortlist", exact=True)).to_have_count(count, timeout=60_000)
    expect(cards(page)).to_have_count(count)
    expect(generate(page)).to_be_enabled()


def shortlist(page: Page, count: int) -> None:
    for number in range(1, count + 1):
        page.get_by_role("button", name="Shortlist", exact=True).first.click()
        expect(page.get_by_role("button", name="Shortlisted")).to_have_count(number)


def choose(page: Page, card: int, option: str) -> None:
    """In the menu of a card."""
    page.locator("[class*=st-key-taglines-menu] button:visible").nth(card).click()
    page.get_by_role("menuitem", name=option).click()


def test_from_a_brief_to_the_stage_to_a_vote_from_another_browser_to_slides(
    chromium: Browser, page: Page, demo_app: AppProcess
) -> None:
    taglines_page(page, demo_app)
    generate(page).click()
    expect(cards(page).first).to_be_visible()
    expect(generate(page)).to_be_disabled()
    page.reload()
    expect_finished(page, 8)
    texts = cards(page).all_inner_texts()
    shortlist(page, 2)
    board = page.url

    page.get_by_role("link", name="Stage").click()
    page.wait_for_url(re.compile("/stage/"))
    expect(page.locator("article[data-current] h2")).to_have_text(texts[0])
    page.keyboard.press("Escape")
    page.wait_for_url(board)

    page.get_by_role("button", name="Vote").click()
    page.get_by_role("button", name="Open the vote").click()
    expect(page.get_by_role("img", name="QR code of the address at which to vote")).to_be_visible()
    address = page.get_by_role("dialog").locator("code").inner_text()
    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    colleague = phone.new_page()
    colleague.goto(address)
    choose_account(colleague, TESTER)
    colleague.get_by_role("button", name=texts[1]).tap()
    expect(colleague.get_by_text("Your vote is counted")).to_be_visible()
    phone.close()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(f"{texts[1]} · 1 vote")).to_be_visible()
    drawer.get_by_role("button", name="Close the vote").click()
    expect(drawer.get_by_text("Closed")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Export").click()
    page.get_by_text("Only the shortlist").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PowerPoint slides").click()
    assert download.value.suggested_filename.endswith(".pptx")
    slides = Presentation(str(download.value.path())).slides
    said = [shape.text_frame.text for slide in slides for shape in slide.shapes if shape.has_text_frame]
    assert texts[0] in said
    assert texts[1] in said
    assert texts[2] not in said


def test_two_editors_change_one_card_and_lose_nothing(chromium: Browser, page: Page, demo_app: AppProcess) -> None:
    board_of_eight(page, demo_app)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Link to edit").click()
    link = page.get_by_role("dialog").locator("code").inner_text()
    page.keyboard.press("Escape")
    context = chromium.new_context(locale="en-GB")
    other = context.new_page()
    other.goto(link)
    choose_account(other, TESTER)
    other.get_by_role("button", name="Open the board").click()
    expect(cards(other)).to_have_count(8)

    for each, text in ((page, "Mine, by the scoop."), (other, "Theirs, by the cone.")):
        choose(each, 0, "Edit")
        each.get_by_role("textbox", name="Text", exact=True).fill(text)
    page.get_by_role("button", name="Save").click()
    expect(cards(page).first).to_have_text("Mine, by the scoop.")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Both texts are kept")).to_be_visible()
    expect(cards(other).nth(0)).to_have_text("Mine, by the scoop.")
    expect(cards(other).nth(1)).to_have_text("Theirs, by the cone.")
    context.close()


def test_a_card_is_edited_shortened_moved_and_brought_back_by_keyboard(page: Page, demo_app: AppProcess) -> None:
    taglines_page(page, demo_app)
    page.get_by_role("textbox", name="Brief").press("Control+Enter")
    expect_finished(page, 8)
    texts = cards(page).all_inner_texts()
    page.get_by_role("button", name="Shorter", exact=True).first.press("Enter")
    expect_finished(page, 9)
    later = page.get_by_role("button", name="Move later").first
    later.focus()
    later.press("Enter")
    expect(cards(page).nth(1)).to_have_text(texts[0])
    page.get_by_role("button", name="Undo").press("Enter")
    expect(cards(page).nth(0)).to_have_text(texts[0])
    page.get_by_role("button", name="Undo").press("Enter")
    expect(cards(page)).to_have_text(texts)


def test_more_like_this_bolder_and_a_translation_are_one_click_away(page: Page, demo_app: AppProcess) -> None:
    board_of_eight(page, demo_app)
    page.get_by_role("button", name="Bolder").first.click()
    expect_finished(page, 9)
    page.get_by_role("button", name="More like this").first.click()
    expect_finished(page, 13)
    page.get_by_role("button", name="Translate").first.click()
    expect(page.get_by_role("combobox", name="Translate to")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Translate")).to_have_count(13)


def test_a_filter_says_what_it_keeps_back_and_one_click_shows_all(page: Page, demo_app: AppProcess) -> None:
    board_of_eight(page, demo_app)
    page.get_by_role("button", name="View").click()
    page.get_by_test_id("stButtonGroup").filter(has_text="Only from").get_by_role("button").first.click()
    some = page.get_by_text(re.compile(r"[1-7] of 8 shown"))
    expect(some).to_be_visible()
    expect(cards(page)).not_to_have_count(8)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all").click()
    expect(cards(page)).to_have_count(8)
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(0)
    expect(some).to_have_count(0)


def test_a_dialog_that_fails_stays_open_with_what_was_typed(page: Page, demo_app: AppProcess) -> None:
    board_of_eight(page, demo_app)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Rename").click()
    dialog = page.get_by_role("dialog")
    title = dialog.get_by_role("textbox", name="Title")
    title.fill(" ")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_text("A board needs a title.")).to_be_visible()
    expect(title).to_have_value(" ")
    title.fill("For grown-ups")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("For grown-ups")


def test_details_of_one_board_never_reach_the_next(page: Page, demo_app: AppProcess) -> None:
    taglines_page(page, demo_app)
    page.get_by_role("button", name="Details").click()
    page.get_by_role("spinbutton", name="How many").fill("3")
    page.keyboard.press("Enter")
    expect(generate(page)).to_contain_text("3")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New").click()
    expect(generate(page)).to_contain_text("8")
    page.get_by_role("textbox", name="Brief").fill("A line for {{whom}}.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="whom")).to_be_visible()
    expect(generate(page)).to_contain_text("8")


def test_escape_stops_and_the_cards_that_were_born_stay(page: Page, demo_app: AppProcess) -> None:
    taglines_page(page, demo_app)
    page.get_by_role("button", name="Details").click()
    page.get_by_role("spinbutton", name="How many").fill("40")
    page.keyboard.press("Enter")
    expect(generate(page)).to_contain_text("40")
    page.keyboard.press("Escape")
    generate(page).click()
    expect(cards(page).nth(1)).to_be_visible()
    page.keyboard.press("Escape")
    expect(generate(page)).to_be_enabled()
    expect(page.locator(".st-key-taglines-grid [data-testid=stSkeleton]")).to_have_count(0)
    count = cards(page).count()
    assert 2 <= count < 40
    page.reload()
    expect(cards(page)).to_have_count(count)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_is_accessible_fits_the_screen_and_asks_no_other_host(
    chromium: Browser, demo_app: AppProcess, scheme: Literal["light", "dark"], width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-GB")
    context.set_default_timeout(20_000)
    page, hosts = context.new_page(), set[str]()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    taglines_page(page, demo_app) if width > 1000 else phone_page(page, demo_app)
    assert serious(page) == []
    generate(page).click()
    expect_finished(page, 8)
    shortlist(page, 2)
    page.mouse.move(0, 0)
    come_to_rest(page)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("Only those that keep to the brief")).to_be_visible()
    come_to_rest(page)
    assert serious(page) == []
    assert hosts == {demo_app.url.partition("://")[2]}
    context.close()


def phone_page(page: Page, app: AppProcess) -> None:
    sign_in(page, app.url)
    page.goto(f"{app.url}/taglines")
    expect(generate(page)).to_be_visible()


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe calls serious or critical, with where it is."""
    findings = Axe().run(page).response["violations"]
    return [
        (finding["id"], finding["nodes"][0]["html"])
        for finding in findings
        if finding["impact"] in {"serious", "critical"}
    ]
