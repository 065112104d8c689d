"""Markdown files: every part shows its text and can do nothing, in any viewer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.markdown import as_label, as_plain, neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARKDOWN_MIME: Final = "text/markdown; charset=utf-8"
_RUN: Final = re.compile("`+")


def markdown_document(title: str, parts: Iterable[str]) -> str:
    """A document of parts that the other functions of this module made."""
    return "\n\n".join([markdown_heading(title, 1), *parts]) + "\n"


def markdown_heading(text: str, level: int = 2) -> str:
    """A heading that shows exactly this text."""
    return f"{'#' * level} {as_label(text)}"


def markdown_paragraph(text: str) -> str:
    """A paragraph that shows exactly this text, its line breaks included."""
    return as_plain(text)


def markdown_answer(text: str) -> str:
    """Markdown of any origin with its formatting: as a quotation, in which all that it leaves open ends.

    Images and raw HTML do nothing, and links name their host.
    """
    return "\n".join(f"> {line}".rstrip() for line in neutralise(text).split("\n"))


def markdown_verbatim(text: str, language: str = "") -> str:
    """Text to the letter, in a fence longer than any inside it."""
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> str:
    """A table of texts, each shown exactly on one line; the columns ``numbers`` are set to the right."""
    right = frozenset(numbers)
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    lines = [[as_label(name) for name in header], rule, *([as_label(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown_facts(facts: Iterable[tuple[str, str]]) -> str:
    """A list of names and values, each shown exactly."""
    return "\n".join(f"- **{as_label(name)}:** {as_label(value)}" for name, value in facts)
