"""The stage and the audience's vote in Chromium: by keyboard, by phone, on its own, and without scripts."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import expect

from core.storage.board_records import Role
from core.taglines.board import edit
from tests.browser.people import choose_account
from tests.support.audience import LABEL, TEXTS, Audience, Person, audience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from playwright.sync_api import Browser, BrowserContext, Page

    from core.taglines.board import Board

pytestmark = pytest.mark.browser

MANY = (*TEXTS, "Melt.", "مثلجات تذوب في القلب قبل أن تذوب في الفم", "The best part of summer " * 16)


INSIDE = """() => {
    const card = document.querySelector("article[data-current]");
    const [outer, words] = [card, card.querySelector("h2")].map((each) => each.getBoundingClientRect());
    return words.height > 0 && words.top >= outer.top && words.bottom <= outer.bottom && words.left >= outer.left - 1
        && words.right <= outer.right + 1;
}"""
FITS = f"""() => {{
    const words = document.querySelector("article[data-current] h2");
    return ({INSIDE})() && words.scrollWidth <= words.clientWidth + 2;
}}"""


SAYS_WHETHER_IT_IS_WHOLE = """() => {
    const words = document.querySelector("article[data-current] h2");
    const room = words.clientHeight + Number.parseFloat(words.style.fontSize) * 0.2;
    return words.scrollHeight <= room !== words.hasAttribute("data-cut");
}"""


APART = """() => {
    const card = document.querySelector("article[data-current]");
    const boxes = ["h2", ".by", ".stored"].map((part) => card.querySelector(part).getBoundingClientRect());
    return boxes.every((box, place) => place === 0 || box.top >= boxes[place - 1].bottom - 1)
        && boxes.at(-1).bottom <= card.getBoundingClientRect().bottom + 1;
}"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audience]:
    """The gate with real services behind it."""
    with audience(tmp_path_factory.mktemp("shown"), brand_name="Frost & Co") as running:
        yield running


@pytest.fixture
def owner(shown: Audience) -> Person:
    return shown.person("Ann")


def come_in(context: BrowserContext, shown: Audience, person: Person) -> None:
    context.add_cookies([{"name": shown.front.cookie_name, "value": person.cookie, "url": shown.url}])


def on_stage(context: BrowserContext, shown: Audience, owner: Person, texts: tuple[str, ...] = TEXTS) -> Board:
    """The board that the context's page shows."""
    board = shown.board(owner, texts)
    come_in(context, shown, owner)
    context.pages[0].goto(f"{shown.url}/stage/{board.id}")
    return board


def expect_shown(page: Page, text: str) -> None:
    expect(page.locator("article[data-current] h2")).to_have_text(text)


def test_everything_on_stage_is_done_by_keyboard(page: Page, shown: Audience, owner: Person) -> None:
    board = on_stage(page.context, shown, owner)
    expect_shown(page, TEXTS[0])
    for key, text in (
        ("ArrowRight", TEXTS[1]), (" ", TEXTS[2]), ("ArrowRight", TEXTS[2]), ("PageUp", TEXTS[1]),
        ("Home", TEXTS[0]), ("End", TEXTS[2]), ("Shift+ ", TEXTS[1]), ("ArrowLeft", TEXTS[0]),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect_shown(page, text)
    expect(page.locator("article[data-current] h2")).to_be_in_viewport()
    expect(page.locator("#counter")).to_have_text("1 / 3")

    expect(page.locator(".by").first).to_be_empty()
    page.keyboard.press("n")
    expect(page.get_by_text(LABEL).first).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_text(LABEL)).to_have_count(0)

    page.keyboard.press("g")
    for text in TEXTS:
        expect(page.get_by_role("heading", name=text)).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_shown(page, TEXTS[1])
    expect(page.locator("html")).to_have_attribute("data-view", "one")

    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")

    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.keyboard.press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light

    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Open the vote")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open the vote")).to_be_hidden()
    page.keyboard.press("Escape")
    page.wait_for_url(f"{shown.url}/taglines?id={board.id}")


def test_controls_do_the_same_by_touch(chromium: Browser, shown: Audience, owner: Person) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    on_stage(context, shown, owner)
    page.get_by_role("button", name="Grid").tap()
    page.get_by_role("link", name="Show tagline 3 of 3 alone").tap()
    expect_shown(page, TEXTS[2])
    page.get_by_role("button", name="Names").tap()
    expect(page.locator("article[data-current] .by")).to_have_text(LABEL)
    page.locator("#cards").evaluate("cards => cards.scrollTo({left: 0, behavior: 'instant'})")  # as a swipe does
    expect(page.locator("article[data-current] h2")).to_have_text(TEXTS[0])
    page.get_by_role("link", name="Close").tap()
    page.wait_for_url("**/taglines?id=*")
    context.close()


def test_changes_appear_by_themselves_and_the_place_is_kept(page: Page, shown: Audience, owner: Person) -> None:
    board = on_stage(page.context, shown, owner)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    expect(page.locator("article[data-current] .by")).to_have_text(LABEL)
    second = board.cards[1].id
    shown.taglines.change(owner.user, board.id, board.version, lambda now: edit(now, second, "Quite other words."))
    expect(page.locator("article[data-current] h2")).to_have_text("Quite other words.")
    expect(page.locator("article[data-current] .by")).to_have_text(LABEL)


def test_no_name_of_a_deployment_reaches_the_browser_before_it_is_revealed(
    page: Page, shown: Audience, owner: Person
) -> None:
    bodies = list[str]()
    page.on("response", lambda answer: bodies.append(answer.text()) if "/stage/" in answer.url else None)
    on_stage(page.context, shown, owner)
    with page.expect_response("**/state"):
        for key in ("g", "ArrowRight", "v", "Escape"):
            page.keyboard.press(key)
    assert len(bodies) >= 1
    assert not any(LABEL in body for body in bodies)
    assert LABEL not in page.content()


def test_a_colleague_scans_the_code_signs_in_votes_and_the_stage_counts(
    chromium: Browser, page: Page, shown: Audience, owner: Person
) -> None:
    on_stage(page.context, shown, owner)
    page.keyboard.press("v")
    page.get_by_role("button", name="Open the vote").click()
    expect(page.get_by_role("img", name="QR code of the address")).to_be_visible()
    address = page.locator(".address a").get_attribute("href") or ""
    assert re.fullmatch(rf"{shown.url}/vote/[a-z0-9]{{10}}", address)

    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    colleague = phone.new_page()
    colleague.goto(address)
    choose_account(colleague, "tester@contoso.example")
    colleague.wait_for_url(address)
    colleague.get_by_role("button", name=TEXTS[1]).tap()
    expect(colleague.get_by_text("Your vote is counted")).to_be_visible()
    expect(colleague.get_by_role("button", name=TEXTS[1])).to_have_attribute("aria-pressed", "true")

    expect(page.locator(".cast")).to_have_text("1 vote")
    expect(page.locator("#vote li", has_text=TEXTS[1]).locator("progress")).to_have_js_property("value", 1)
    page.get_by_role("button", name="Close the vote").click()
    expect(page.get_by_text("The vote is closed.")).to_be_visible()
    expect(page.locator("li.ahead")).to_contain_text(TEXTS[1])
    expect(colleague.get_by_text("This vote is closed. 1 vote counted.")).to_be_visible()
    phone.close()


def test_stage_and_vote_work_without_scripts(chromium: Browser, shown: Audience, owner: Person) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    board = on_stage(context, shown, owner)
    expect(page.get_by_role("heading", name=TEXTS[0])).to_be_visible()
    page.get_by_role("button", name="Open the vote").click()
    page.locator(".address a").click()
    page.get_by_role("button", name=TEXTS[2]).click()
    expect(page.get_by_text("Your vote is counted")).to_be_visible()
    assert shown.taglines.voting.of_board(owner.user, board.id)[0].votes_cast == 1
    context.close()


def test_an_invitation_is_accepted_after_signing_in(page: Page, shown: Audience, owner: Person) -> None:
    board = shown.board(owner)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.VIEWER)
    page.goto(f"{shown.url}/join/{share.id}")
    choose_account(page, "tester@contoso.example")
    page.get_by_role("button", name="Open the board").click()
    page.wait_for_url(f"{shown.url}/taglines?id={board.id}")
    assert len(shown.taglines.sharing.members(owner.user, board.id)) == 1


def test_a_session_that_ends_on_stage_is_said_and_what_is_shown_stays(
    page: Page, shown: Audience, owner: Person
) -> None:
    on_stage(page.context, shown, owner)
    page.context.clear_cookies()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect_shown(page, TEXTS[1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_are_accessible_fit_the_screen_and_ask_no_other_host(
    chromium: Browser, shown: Audience, owner: Person, scheme: Literal["light", "dark"], width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, complaints, hosts = context.new_page(), list[str](), set[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    board = on_stage(context, shown, owner, MANY)
    poll = shown.taglines.voting.open(owner.user, board.id, [card.id for card in board.cards])
    for path in (f"/stage/{board.id}", f"/stage/{board.id}#grid", f"/stage/{board.id}#vote", f"/vote/{poll.id}"):
        page.goto("about:blank")
        page.goto(shown.url + path)
        page.wait_for_function("document.fonts.check('16px \"Source Sans\"')")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        findings = Axe().run(page).response["violations"]
        assert [(finding["id"], finding["impact"]) for finding in findings] == [], path
    assert complaints == []
    assert hosts == {shown.url.partition("://")[2]}
    context.close()


def test_what_is_said_of_stored_answers_overlaps_nothing(page: Page, shown: Audience, owner: Person) -> None:
    board = on_stage(page.context, shown, owner, (*TEXTS, *(f"{text} {text}" for text in TEXTS), "Melt."))
    again = tuple(replace(card, how="replayed") for card in board.cards)
    shown.taglines.change(owner.user, board.id, board.version, lambda now: replace(now, cards=again))
    page.reload()
    page.keyboard.press("n")
    expect(page.get_by_text(LABEL).first).to_be_visible()
    for view in ("one", "grid"):
        if view == "grid":
            page.keyboard.press("g")
        for _ in again:
            page.wait_for_function(APART)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")


def test_four_are_shown_as_two_by_two(page: Page, shown: Audience, owner: Person) -> None:
    on_stage(page.context, shown, owner, (*TEXTS, "Melt."))
    page.keyboard.press("g")
    places = [each.bounding_box() for each in page.locator("article").all()]
    assert len({place["x"] for place in places if place}) == len({place["y"] for place in places if place}) == 2


@pytest.mark.parametrize("size", [(1440, 810), (390, 844), (844, 390)])
def test_every_tagline_fits_alone_and_in_the_grid(
    chromium: Browser, shown: Audience, owner: Person, size: tuple[int, int]
) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page = context.new_page()
    on_stage(context, shown, owner, MANY)
    page.wait_for_function("document.fonts.status === 'loaded'")
    for view in ("one", "grid"):
        page.keyboard.press("Home")
        if view == "grid":
            page.keyboard.press("g")
        for _ in MANY:
            page.wait_for_function(FITS)
            page.keyboard.press("ArrowRight")
    context.close()


@pytest.mark.parametrize("size", [(1024, 768), (390, 844), (844, 390)])
def test_what_is_too_long_for_its_card_says_so_and_is_whole_alone(
    chromium: Browser, shown: Audience, owner: Person, size: tuple[int, int]
) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page = context.new_page()
    on_stage(context, shown, owner, tuple("The best part of summer. " * times for times in (80, 17, 16, 1)))
    for view in ("one", "grid"):
        if view == "grid":
            page.keyboard.press("g")
        page.keyboard.press("Home")
        for _ in range(4):
            page.wait_for_function(FITS)
            page.wait_for_function(SAYS_WHETHER_IT_IS_WHOLE)
            is_cut, scrolls = page.locator("article[data-current] h2").evaluate(
                """words => [words.hasAttribute("data-cut"), getComputedStyle(words).overflowY === "auto"]"""
            )
            assert scrolls is (is_cut and view == "one")
            page.keyboard.press("ArrowRight")
    assert page.locator("h2[data-cut]").count() >= 1
    context.close()


def test_words_are_not_broken_where_smaller_type_keeps_them_whole(page: Page, shown: Audience, owner: Person) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    on_stage(page.context, shown, owner, ("Geschmacksexplosionen für alle!", "x" * 200))
    for number, wrapping in enumerate(("normal", "anywhere")):
        expect(page.locator("h2").nth(number)).to_have_css("overflow-wrap", wrapping)
    assert page.locator("h2").first.evaluate("words => words.scrollWidth <= words.clientWidth + 1")


@pytest.mark.parametrize("size", [(1024, 768), (1920, 1080)])
@pytest.mark.parametrize("count", [7, 12, 24])
def test_every_choice_of_a_vote_is_in_sight(
    page: Page, shown: Audience, owner: Person, size: tuple[int, int], count: int
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    board = on_stage(page.context, shown, owner, tuple(f"{number} {MANY[-1]}" for number in range(count)))
    shown.taglines.voting.open(owner.user, board.id, [card.id for card in board.cards])
    page.reload()
    page.keyboard.press("v")
    overlapping = page.locator(".tally").evaluate(
        """tally => {
            const rows = [...tally.querySelectorAll("li")], frame = tally.getBoundingClientRect();
            return rows.filter((row) => {
                const [words, bar] = [row.querySelector("p"), row.querySelector("progress")].map(
                    (part) => part.getBoundingClientRect());
                return bar.bottom > frame.bottom + 1 || words.top < frame.top || bar.top < words.bottom - 1
                    || words.right > frame.right + 1 || bar.bottom > row.getBoundingClientRect().bottom + 1;
            }).length;
        }"""
    )
    assert overlapping == 0
    assert page.locator("#vote").evaluate("vote => vote.scrollHeight <= vote.clientHeight")


def test_every_tagline_is_printed_whichever_is_shown(page: Page, shown: Audience, owner: Person) -> None:
    on_stage(page.context, shown, owner, MANY)
    page.emulate_media(media="print")
    boxes = [box for card in page.locator("article h2").all() if (box := card.bounding_box())]
    assert len(boxes) == len(MANY)
    assert all(above["y"] + above["height"] <= below["y"] for above, below in pairwise(boxes))
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["height"] > 10 for box in boxes)
    assert page.locator("nav").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).overflowY") == "visible"


def test_a_board_of_hundreds_of_cards_is_turned_at_once(page: Page, shown: Audience, owner: Person) -> None:
    on_stage(page.context, shown, owner, tuple(f"Tagline number {number} about ice cream." for number in range(300)))
    page.keyboard.press("g")
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="Tagline number 299 about")).to_be_in_viewport()
    page.keyboard.press("Enter")
    taken = page.evaluate(
        """async () => {
            const start = performance.now();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return performance.now() - start;
        }"""
    )
    expect_shown(page, "Tagline number 298 about ice cream.")
    assert taken < 1000
