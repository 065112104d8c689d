from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.documents.file_names import file_name
from core.documents.markdown_files import (
    markdown_answer,
    markdown_document,
    markdown_facts,
    markdown_heading,
    markdown_paragraph,
    markdown_table,
    markdown_verbatim,
)
from tests.support.hostile_markdown import IMAGES, MARKUP

VIEWER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>&`[](){}!*_#|~>\n "), max_size=60)


def document(text: str) -> str:
    return markdown_document(
        text,
        [
            markdown_paragraph(text),
            markdown_answer(text),
            markdown_verbatim(text),
            markdown_table([text, "b"], [[text, text]], numbers=[1]),
            markdown_facts([(text, text)]),
            markdown_heading("The end"),
        ],
    )


@pytest.mark.parametrize("text", [*IMAGES, *MARKUP])
def test_no_text_loads_an_image_or_writes_html_in_any_viewer(text: str) -> None:
    tokens = VIEWER.parse(document(text.replace("{canary}", "https://canary.example")))
    kinds = {child.type for token in tokens for child in [token, *(token.children or ())]}
    assert kinds.isdisjoint({"image", "html_block", "html_inline"})


@given(ANYTHING)
@settings(max_examples=150, deadline=None)
def test_no_text_swallows_what_comes_after_it(text: str) -> None:
    tokens = VIEWER.parse(document(text))
    assert [token.content for token in tokens[-3:]] == ["", "The end", ""]
    assert tokens[-3].tag == "h2"
    assert tokens[-3].level == 0
    assert [token.type for token in tokens].count("table_open") >= 1


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_a_text_to_the_letter_is_exactly_that(text: str) -> None:
    clean = text.replace("\x00", "").replace("\r", "")
    fence = VIEWER.parse(markdown_verbatim(clean))[0]
    assert (fence.type, fence.content) == ("fence", clean + "\n")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ice cream", "comparison-ice-cream.csv"),
        ("", "comparison.csv"),
        ("CON", "comparison-con.csv"),
        ('../../"\r\nSet-Cookie: a=b', "comparison-set-cookie-a-b.csv"),
        ("Crème brûlée 🍨 \u202egpj.exe", "comparison-creme-brulee-gpj-exe.csv"),
        ("アイス", "comparison.csv"),
        ("a" * 300, f"comparison-{'a' * 60}.csv"),
    ],
)
def test_a_title_makes_a_file_name_that_every_system_takes(title: str, name: str) -> None:
    assert file_name("comparison", title, "csv") == name
