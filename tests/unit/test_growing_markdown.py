"""Cutting growing Markdown never changes what it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.markdown.growing import split_finished_blocks

PIECES = st.sampled_from(
    ["a paragraph", "\n", "\n\n", "```\n", "~~~~\n", "1. one\n", "- item\n", "    code\n", "> q\n", "é\u2028"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_is_lost_or_moved(text: str) -> None:
    blocks, rest = split_finished_blocks(text)
    assert "".join(blocks) + rest == text


@given(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=10).map("".join))
def test_a_finished_block_stays_as_it_is_whatever_follows(text: str, more: str) -> None:
    blocks, _ = split_finished_blocks(text)
    later, _ = split_finished_blocks(text + more)
    assert later[: len(blocks)] == blocks


def test_a_paragraph_is_finished_when_the_next_has_begun() -> None:
    assert split_finished_blocks("One.\n\nTwo begins here") == (["One.\n\n"], "Two begins here")
    assert split_finished_blocks("One.\n\nTwo") == ([], "One.\n\nTwo")


def test_a_code_fence_is_never_cut() -> None:
    text = "```python\na = 1\n\nb = 2\n```\n\nAnd then some more"
    assert split_finished_blocks(text)[0] == ["```python\na = 1\n\nb = 2\n```\n\n"]
    assert split_finished_blocks("```\na = 1\n\nprint(a + 1)\n")[0] == []


def test_a_loose_list_keeps_its_numbers() -> None:
    assert split_finished_blocks("1. one\n\n2. two two two\n\n3. three three")[0] == []
