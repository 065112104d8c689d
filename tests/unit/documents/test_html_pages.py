from __future__ import annotations

import base64
import hashlib
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents.html_pages import (
    facts,
    formatted,
    grid,
    heading,
    html_page,
    note,
    paragraph,
    section,
    table,
    verbatim,
)
from tests.support.hostile_markdown import IMAGES, LINKS_NOWHERE, MARKUP

CANARY = "https://canary.example"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\u2028\x00\u202e\ud800'
OURS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "div", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("p", "pre", "code", "em", "strong", "s", "ul", "ol", "li", "blockquote", "hr", "br", "a", "table", "thead"),
    *("tbody", "tr", "th", "td", "dl", "dt", "dd"),
}


class Elements(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.shown = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.shown += data


def everything(text: str) -> bytes:
    parts = (
        heading(text),
        paragraph(text),
        verbatim(text),
        formatted(text),
        table([text], [[text]], numbers=[0]),
        grid(section(facts([(text, text)])), note(text)),
    )
    return html_page(text, parts, language='en"><script>')


def assert_harmless(page: bytes) -> None:
    elements = Elements(page)
    assert elements.tags <= OURS
    for name, value in elements.attributes:
        assert name in {"lang", "charset", "http-equiv", "content", "name", "dir", "class", "scope", "href", "start"}
        assert name != "href" or re.match("(https?://|mailto:)", value), value


def test_what_a_text_says_is_shown_and_does_nothing() -> None:
    page = everything(HOSTILE)
    assert_harmless(page)
    assert "<script>alert(1)</script>" in Elements(page).shown


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("<>&\"'`[](){}!*_#|\n "), max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_text_makes_an_element_of_its_own(text: str) -> None:
    assert_harmless(everything(text))


@pytest.mark.parametrize("text", [*IMAGES, *LINKS_NOWHERE, *MARKUP])
def test_no_markdown_loads_or_runs_anything(text: str) -> None:
    assert_harmless(
        html_page("Answers", [formatted(text.replace("{canary}", CANARY).replace("{host}", "canary.example"))])
    )


def test_the_policy_of_the_page_lets_only_its_own_style_in() -> None:
    page = html_page("Answers", []).decode()
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_an_answer_keeps_its_formatting_below_the_headings_of_the_page() -> None:
    html = formatted("# Title\n\n**bold** `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one")
    for part in ("<h4>Title</h4>", "<strong>bold</strong>", "<code>code</code>", "<td>1</td>", "<li>one</li>"):
        assert part in html


def test_a_link_says_where_it_leads() -> None:
    assert '<a href="https://contoso.example/x">click (contoso.example)</a>' in formatted(
        "[click](https://contoso.example/x)"
    )


@pytest.mark.parametrize(
    "piece", ["[", "![](", "**_", "`", "> ", "- ", "|", "<", "[a][", "\n# ", "*a_b~~", "&#x", "](<"]
)
def test_a_long_hostile_answer_is_formatted_in_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.perf_counter()
    formatted(text)
    assert time.perf_counter() - began < 10


def test_an_endless_answer_is_shown_to_the_letter() -> None:
    assert formatted("*a* " * 60_000).startswith("<pre")
