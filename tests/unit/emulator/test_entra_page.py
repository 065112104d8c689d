"""The HTML of the account picker."""

from __future__ import annotations

import httpx2

from core.emulator.directory import PEOPLE
from tests.support.people import account_picker_url


def test_the_page_needs_no_script_and_offers_everyone(emulator_url: str) -> None:
    page = httpx2.get(account_picker_url(emulator_url, "http://localhost:8501"))
    assert page.status_code == 200
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "form-action 'self' http://localhost:8501;" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    for person in PEOPLE:
        assert person.username in page.text


def test_the_hinted_account_comes_first(emulator_url: str) -> None:
    page = httpx2.get(account_picker_url(emulator_url, "http://localhost", login_hint="TESTER@contoso.example")).text
    assert page.index("tester@contoso.example") < page.index("admin@contoso.example")


def test_what_a_request_says_is_shown_as_text(emulator_url: str) -> None:
    page = httpx2.get(account_picker_url(emulator_url, "http://<script>alert(1)</script>"))
    assert page.status_code == 400
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_an_account_that_does_not_exist_leads_back_to_the_picker(emulator_url: str) -> None:
    page = httpx2.post(account_picker_url(emulator_url, "http://localhost"), data={"account": "nobody"})
    assert page.status_code == 200
    assert "Pick an account" in page.text
