"""What a person does in the browser, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ICE_CREAM = "Write a tagline for an ice cream brand:"


def sign_in(page: Page, url: str, username: str = "business.user@contoso.example") -> None:
    """Welcome page, account picker, prompt page."""
    page.goto(url)
    page.get_by_role("link", name="Sign in with Microsoft").click()
    choose_account(page, username)
    expect(question_box(page)).to_be_visible()


def choose_account(page: Page, username: str) -> None:
    """At the account picker."""
    page.get_by_role("button", name=username).click()


def question_box(page: Page) -> Locator:
    """Where prompts are typed."""
    return page.get_by_test_id("stChatInputTextArea")


def ask(page: Page, prompt: str) -> None:
    """Type a prompt and send it."""
    question_box(page).fill(prompt)
    question_box(page).press("Enter")


def answers(page: Page) -> Locator:
    """The answers on the page, oldest first."""
    return page.get_by_test_id("stChatMessage").filter(has=page.get_by_test_id("stChatMessageAvatarCustom"))


def choose_deployment(page: Page, label: str) -> None:
    """In the picker."""
    page.get_by_role("combobox", name="Deployment").click()
    page.get_by_role("option", name=label, exact=True).click()


def badge(page: Page, text: str) -> Locator:
    """A mark such as "Stopped" under an answer."""
    return page.locator(".stMarkdownBadge", has_text=text)


def switch(page: Page, name: str, position: int, says: str) -> None:
    """In the Demo directory: the switch of a person, counted from the left; ``says`` is told once it is done."""
    page.get_by_test_id("stCheckbox").filter(has_text=name).nth(position).locator("label").first.click()
    expect(page.get_by_test_id("stToast").filter(has_text=says)).to_be_visible()


def come_to_rest(page: Page) -> None:
    """Wait until nothing on the page moves or fades any more."""
    # Not polled in the page, whose policy forbids that; what goes on for ever, such as a shimmer, is not waited for.
    page.evaluate("""() => Promise.allSettled(document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))""")
