"""Exports for a person who still compares blindly: answers under letters, and nothing that tells whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.comparisons.blind import prompt_of_all
from core.comparisons.interchange import FORMAT, VERSION, safe_json
from core.documents import html_pages, markdown_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.comparisons.reading import Reading
    from core.documents.cells import Cell

HEADER: Final = ("Round", "Answer", "Prompt", "Text")
HIDDEN: Final = (
    "Names and figures are hidden: not all answers were judged yet. The letters are mixed anew in every round."
)
PROMPTS_DIFFER: Final = "The columns have different prompts, which are hidden."
NO_TEXT: Final = "There is no complete answer to show."


def rows(reading: Reading) -> Iterator[list[Cell]]:
    """A row under ``HEADER`` for each answer of a round that has ended."""
    prompt = prompt_of_all(reading.comparison.plan) or None
    for number, row in enumerate(reading.blind_rows(), 1):
        for answer in row:
            yield [number, answer.letter, prompt, answer.text]


def as_json(reading: Reading) -> bytes:
    """Answers by round and letter; it is no comparison that could be read again."""
    answers = [
        {"round": number, "letter": answer.letter, "text": answer.text}
        for number, row in enumerate(reading.blind_rows())
        for answer in row
    ]
    prompt = prompt_of_all(reading.comparison.plan) or None
    head = {"format": FORMAT, "version": VERSION, "names_hidden": True}
    return safe_json({**head, "title": reading.comparison.title, "prompt": prompt, "answers": answers})


def markdown(reading: Reading) -> str:
    """Answers by round and letter as a document."""
    prompt = prompt_of_all(reading.comparison.plan)
    parts = [markdown_files.markdown_paragraph(HIDDEN)]
    parts += [
        markdown_files.markdown_verbatim(prompt) if prompt else markdown_files.markdown_paragraph(PROMPTS_DIFFER)
    ]
    for number, row in enumerate(reading.blind_rows(), 1):
        for answer in row:
            parts += [markdown_files.markdown_heading(f"Round {number}: answer {answer.letter}")]
            parts += [markdown_files.markdown_answer(NO_TEXT if answer.text is None else answer.text)]
    return markdown_files.markdown_document(reading.comparison.title or "Comparison", parts)


def html(reading: Reading) -> bytes:
    """Answers by round and letter as a page."""
    prompt = prompt_of_all(reading.comparison.plan)
    parts = [html_pages.note(HIDDEN)]
    parts += [html_pages.verbatim(prompt) if prompt else html_pages.paragraph(PROMPTS_DIFFER)]
    for number, row in enumerate(reading.blind_rows(), 1):
        cards = (
            html_pages.section(
                html_pages.heading(f"Answer {answer.letter}", 3),
                html_pages.paragraph(NO_TEXT, soft=True)
                if answer.text is None
                else html_pages.formatted(answer.text),
            )
            for answer in row
        )
        parts += [html_pages.heading(f"Round {number}"), html_pages.grid(*cards)]
    return html_pages.html_page(reading.comparison.title or "Comparison", parts)
