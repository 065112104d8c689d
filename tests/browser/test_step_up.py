"""Conditional Access asks for more in the middle of the work: one sign-in, and the prompt goes out by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.people import ICE_CREAM, answers, ask, choose_account, sign_in, switch
from tests.support.app_process import running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

WITH_ROLE = "business.user@contoso.example"


def test_a_prompt_that_a_claims_challenge_interrupts_is_sent_again_by_itself_after_signing_in(
    chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    with running_app(tmp_path) as app:
        sign_in(page, app.url, WITH_ROLE)
        page.get_by_role("link", name="Demo directory").click()
        switch(page, "Ben Carter (Business user)", 2, "has to sign in once more")
        page.get_by_role("link", name="Prompt").click()
        ask(page, ICE_CREAM)
        expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
        conversation = page.url
        assert "?id=" in conversation

        page.get_by_role("link", name="Sign in again").click()
        choose_account(page, WITH_ROLE)
        expect(answers(page).last).to_contain_text("done")
        assert page.url == conversation
        # Sent again, not written again.
        expect(page.get_by_text(ICE_CREAM, exact=True)).to_have_count(1)
        expect(page.get_by_role("link", name="Sign in again")).to_have_count(0)

        ask(page, "Another one, please")
        expect(answers(page)).to_have_count(2)
        expect(answers(page).last).to_contain_text("done")
    context.close()
