"""The button that copies, under the policy that every page has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from core.web.headers import content_security_policy
from tests.support.streamlit_script import running_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

pytestmark = pytest.mark.browser

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
HARMFUL: Final = "line one\n\tvec![1](x) <img src=x onerror=alert(1)> </script> \u202e👩‍💻 \u4e2d\u6587\n"

SCRIPT: Final = f"""
import streamlit as st

from pages.components.copy_button import copy_button

with st.container(horizontal=True):
    copy_button({HARMFUL!r}, key="first")
    copy_button("second text", key="second", label="Copy <b>this</b>")
    st.button("Copy", key="streamlit", type="tertiary", icon=":material/content_copy:")
st.text_input("Pasted")
st.button("Run again")
st.text(f"drawn {{st.session_state.setdefault('times', 0)}}")
st.session_state.times += 1
"""

LOOKS: Final = """(it) => {
  const style = getComputedStyle(it)
  return [style.color, style.fontSize, style.fontFamily, style.fontWeight, style.backgroundColor, style.borderStyle,
          style.cursor, it.getBoundingClientRect().height, Math.round(it.getBoundingClientRect().width)]
}"""


@pytest.fixture(scope="module")
def script_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    policy = (("content-security-policy", content_security_policy()),)
    with running_script(tmp_path_factory.mktemp("script"), SCRIPT, policy) as url:
        yield url


@pytest.fixture
def complaints(page: Page, script_url: str, context: BrowserContext) -> Iterator[list[str]]:
    """What the browser's console complains about while the page is used."""
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=script_url)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(script_url)
    expect(page.get_by_text("drawn 0")).to_be_visible()
    yield said
    assert not [line for line in said if "Content Security Policy" in line]


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}").get_by_role("button")


@pytest.mark.usefixtures("complaints")
def test_a_click_copies_the_text_byte_for_byte_and_says_so_for_two_seconds(page: Page) -> None:
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(hours=1))
    button(page, "first").click()
    expect(button(page, "first")).to_have_text("Copied")
    expect(page.locator(".st-key-first").get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == HARMFUL
    page.clock.run_for(1_900)
    expect(button(page, "first")).to_have_text("Copied")
    page.clock.run_for(200)
    expect(button(page, "first")).to_have_text("Copy")


@pytest.mark.usefixtures("complaints")
def test_the_keyboard_reaches_and_presses_it(page: Page) -> None:
    button(page, "first").focus()
    page.keyboard.press("Tab")
    expect(button(page, "second")).to_be_focused()
    page.keyboard.press("Enter")
    expect(button(page, "second")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == "second text"


@pytest.mark.usefixtures("complaints")
def test_label_and_text_are_data_and_not_html(page: Page) -> None:
    expect(button(page, "second")).to_have_text("Copy <b>this</b>")
    assert page.locator(".st-key-second b, .st-key-first img").count() == 0


@pytest.mark.usefixtures("complaints")
def test_a_rerun_in_between_changes_nothing(page: Page) -> None:
    button(page, "first").click()
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("drawn 1")).to_be_visible()
    expect(button(page, "first")).to_have_text("Copied")
    button(page, "second").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == "second text"


def test_without_leave_to_write_it_copies_the_older_way(page: Page, script_url: str) -> None:
    page.add_init_script("delete Navigator.prototype.clipboard")
    page.goto(script_url)
    button(page, "second").click()
    expect(button(page, "second")).to_have_text("Copied")
    page.get_by_label("Pasted").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Pasted")).to_have_value("second text")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_like_the_tertiary_buttons_beside_it(chromium: Browser, script_url: str, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(script_url)
    expect(button(page, "first")).to_be_visible()
    assert button(page, "first").evaluate(LOOKS) == button(page, "streamlit").evaluate(LOOKS)
    hovered = []
    for key in ("first", "streamlit"):
        resting = button(page, key).evaluate(LOOKS)
        button(page, key).hover()
        expect(button(page, key)).not_to_have_css("color", resting[0])
        button(page, key).evaluate("(it) => Promise.all(it.getAnimations().map((one) => one.finished))")
        hovered.append(button(page, key).evaluate(LOOKS))
    assert hovered[0] == hovered[1]
    context.close()
