"""The plain-HTML pages and the colours they share with Streamlit."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.errors import KeylessError
from core.web import html

ROOT = Path(__file__).parents[3]
PAGES = {
    "welcome": html.welcome(demo=True, by_link=False),
    "by link": html.welcome(demo=False, by_link=True),
    "sign out": html.sign_out(username="<b>&\"'", form_token='t"><script>', from_microsoft_too=True),
    "signed out": html.signed_out(),
    "error": html.error(KeylessError("<script>alert(1)</script>", "a & b", command="az <x>")),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_language_one_heading_a_title_and_no_script(name: str) -> None:
    page = PAGES[name]
    assert page.startswith('<!doctype html><html lang="en">')
    assert page.count("<h1>") == 1
    assert "Keyless</title>" in page
    assert "<script" not in page
    assert "://" not in page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_closes_what_it_opens(name: str) -> None:
    class Balance(HTMLParser):
        """Keeps the open elements."""

        def __init__(self) -> None:
            super().__init__()
            self.opened: list[str] = []

        def handle_starttag(self, tag: str, _attrs: object) -> None:
            if tag not in {"meta", "link", "input"}:
                self.opened.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            """Nothing stays open."""

        def handle_endtag(self, tag: str) -> None:
            assert self.opened.pop() == tag

    balance = Balance()
    balance.feed(PAGES[name])
    assert balance.opened == []


def test_what_comes_from_outside_is_text() -> None:
    assert "&lt;b&gt;&amp;&quot;&#x27;" in PAGES["sign out"]
    assert "t&quot;&gt;&lt;script&gt;" in PAGES["sign out"]
    assert "az &lt;x&gt;" in PAGES["error"]


def test_the_colours_are_those_of_the_theme() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    style = (ROOT / "core" / "web" / "page.css").read_text(encoding="utf-8")
    light, dark = style.split("prefers-color-scheme: dark", 1)
    names = {
        "primary": "primaryColor",
        "background": "backgroundColor",
        "raised": "secondaryBackgroundColor",
        "text": "textColor",
        "soft": "grayColor",
        "border": "borderColor",
        "link": "linkColor",
        "green": "greenColor",
        "orange": "orangeColor",
    }
    for part, scheme in ((light, "light"), (dark, "dark")):
        found = dict(re.findall(r"--(\w+): (#\w+);", part))
        assert {name: found[name] for name in names} == {name: theme[scheme][key] for name, key in names.items()}
