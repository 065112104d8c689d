"""A comparison to take away. Every file is made of a ``Reading``, so that it holds what its reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from babel.core import Locale

from core.comparisons import blind_exports
from core.comparisons.differences import Conclusion, differences
from core.comparisons.figures import (
    PLAN_HEADER,
    RUN_HEADER,
    SUMMARY_HEADER,
    facts_of,
    not_counted,
    parameters_of,
    plan_rows,
    run_rows,
    summary_rows,
    summary_texts,
)
from core.comparisons.interchange import JSON_MIME, comparison_as_json
from core.comparisons.measures import MEASURES, TOLD
from core.comparisons.sentences import sentence
from core.documents import html_pages, markdown_files
from core.documents.csv_files import CSV_MIME, csv_of, encoded
from core.documents.excel_files import EXCEL_MIME, Sheet, excel_of
from core.documents.file_names import file_name

if TYPE_CHECKING:
    from datetime import datetime

    from core.comparisons.reading import Reading
    from core.documents.html_pages import Html
    from core.runs.comparison import Cell

ENGLISH: Final = Locale("en", "US")
HOW_TO_READ: Final = (
    "Numbers of several rounds are medians, with 5 to 95 % in brackets. Costs are estimates from the catalogue's "
    "prices; what is not known is called unknown. Answers that needed a second attempt, or were asked later than the "
    "others of their round, are not timed: their times are left out of the medians. Times are UTC."
)


class Format(StrEnum):
    """What a comparison can be exported to."""

    CSV = "CSV"
    EXCEL = "Excel"
    MARKDOWN = "Markdown"
    HTML = "HTML"
    JSON = "JSON"


_ENDINGS: Final = {
    Format.CSV: ("csv", CSV_MIME),
    Format.EXCEL: ("xlsx", EXCEL_MIME),
    Format.MARKDOWN: ("md", markdown_files.MARKDOWN_MIME),
    Format.HTML: ("html", html_pages.HTML_MIME),
    Format.JSON: ("json", JSON_MIME),
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file: its name, media type and bytes."""

    name: str
    mime: str
    data: bytes


def export_name(reading: Reading, kind: Format) -> tuple[str, str]:
    """Name and media type of a file, without making it."""
    ending, mime = _ENDINGS[kind]
    return file_name("comparison", reading.comparison.title, ending), mime


def export(
    reading: Reading,
    kind: Format,
    *,
    written_at: datetime,
    locale: Locale = ENGLISH,
) -> Export:
    """The file, of all that ``reading`` lets its reader see; without names while they compare blindly.

    Args:
        reading: The comparison as its reader may see it.
        kind: Which file.
        written_at: Now; it stands in the file.
        locale: How Markdown and HTML write numbers, and say what differences mean.
    """
    name, mime = export_name(reading, kind)
    if reading.hides_names:
        return Export(name, mime, _blind(reading, kind))
    match kind:
        case Format.CSV:
            data = csv_of(RUN_HEADER, run_rows(reading))
        case Format.EXCEL:
            data = _excel(reading)
        case Format.MARKDOWN:
            data = encoded(_markdown(reading, written_at, locale))
        case Format.HTML:
            data = _html(reading, written_at, locale)
        case Format.JSON:
            withheld = [{"arm": one.arm, "title": one.title} for one in reading.withheld]
            data = comparison_as_json(reading.comparison, exported_at=written_at, withheld=withheld)
    return Export(name, mime, data)


def _blind(reading: Reading, kind: Format) -> bytes:
    match kind:
        case Format.CSV:
            return csv_of(blind_exports.HEADER, blind_exports.rows(reading))
        case Format.EXCEL:
            sheet = Sheet("Answers", blind_exports.HEADER, list(blind_exports.rows(reading)))
            return excel_of([sheet], title=reading.comparison.title)
        case Format.MARKDOWN:
            return encoded(blind_exports.markdown(reading))
        case Format.HTML:
            return blind_exports.html(reading)
        case Format.JSON:
            return blind_exports.as_json(reading)


def _excel(reading: Reading) -> bytes:
    sheets = [
        Sheet("Summary", SUMMARY_HEADER, summary_rows(reading)),
        Sheet("Runs", RUN_HEADER, list(run_rows(reading))),
        Sheet("Plan", PLAN_HEADER, list(plan_rows(reading))),
    ]
    return excel_of(sheets, title=reading.comparison.title)


def _at_a_glance(reading: Reading, locale: Locale) -> tuple[list[str], list[list[str]]]:
    header = ["Column", *(measure.name for measure in MEASURES), "Not counted"]
    rows = []
    for number, arm in enumerate(reading.comparison.plan.arms):
        if reading.is_withheld(number):
            rows.append([arm.label, *["withheld"] * (len(header) - 1)])
        else:
            figures = [value for _, value in summary_texts(reading, number, locale)]
            rows.append([arm.label, *figures, not_counted(reading, number)])
    return header, rows


def _sentences(reading: Reading, locale: Locale) -> list[str]:
    """What the differences mean, as far as there were rounds enough to say."""
    labels = [arm.label for arm in reading.comparison.plan.arms]
    found = (each for measure in TOLD for each in differences(reading.comparison, measure))
    said = {Conclusion.SHOWN, Conclusion.NOT_SHOWN}
    return [sentence(each, labels, locale) for each in found if each.conclusion in said]


def _about(reading: Reading, written_at: datetime) -> list[tuple[str, str]]:
    comparison = reading.comparison
    return [
        ("Begun", f"{comparison.created_at:%Y-%m-%d %H:%M} UTC"),
        ("Exported", f"{written_at:%Y-%m-%d %H:%M} UTC"),
        ("Repeats", str(comparison.plan.repeats)),
        ("Tags", ", ".join(comparison.tags) or "none"),
    ]


def _prompts(reading: Reading) -> list[tuple[str, str]]:
    """Every prompt and system message once, named after its columns."""
    columns: dict[tuple[str, str], list[str]] = {}
    for arm in reading.comparison.plan.arms:
        columns.setdefault(("Prompt", arm.prompt), []).append(arm.label)
        if arm.system:
            columns.setdefault(("System message", arm.system), []).append(arm.label)
    everyone = len(reading.comparison.plan.arms)
    return [
        (what if len(labels) == everyone else f"{what} of {', '.join(labels)}", text)
        for (what, text), labels in columns.items()
    ]


def _markdown(reading: Reading, written_at: datetime, locale: Locale) -> str:
    comparison = reading.comparison
    parts = [markdown_files.markdown_facts(_about(reading, written_at))]
    parts += [markdown_files.markdown_paragraph(text) for text in (HOW_TO_READ, *comparison.notices)]
    for name, text in _prompts(reading):
        parts += [markdown_files.markdown_heading(name), markdown_files.markdown_verbatim(text)]
    header, rows = _at_a_glance(reading, locale)
    parts += [markdown_files.markdown_heading("At a glance"), markdown_files.markdown_table(header, rows)]
    parts += [markdown_files.markdown_paragraph(sentence) for sentence in _sentences(reading, locale)]
    for withheld in reading.withheld:
        label = comparison.plan.arms[withheld.arm].label
        parts += [markdown_files.markdown_heading(f"{label}: withheld")]
        parts += [markdown_files.markdown_paragraph(f"{withheld.title} {withheld.remedy}")]
    for cell in comparison.cells:
        arm = comparison.plan.arms[cell.arm]
        parts += [markdown_files.markdown_heading(f"Round {cell.round + 1}: {arm.label}")]
        parts += [markdown_files.markdown_facts([("Parameters", parameters_of(arm) or "as deployed")])]
        parts += [markdown_files.markdown_facts(facts_of(cell.run, locale))]
        if cell.run.error:
            parts += [markdown_files.markdown_paragraph(f"{cell.run.error.title} {cell.run.error.remedy}")]
        parts += [markdown_files.markdown_answer(cell.run.text)] if cell.run.text else []
    return markdown_files.markdown_document(comparison.title or "Comparison", parts)


def _html(reading: Reading, written_at: datetime, locale: Locale) -> bytes:
    comparison = reading.comparison
    header, rows = _at_a_glance(reading, locale)
    parts: list[Html] = [html_pages.facts(_about(reading, written_at))]
    parts += [html_pages.note(notice) for notice in comparison.notices]
    for name, text in _prompts(reading):
        parts += [html_pages.heading(name), html_pages.verbatim(text)]
    parts += [html_pages.heading("At a glance")]
    parts += [html_pages.table(header, rows, numbers=range(1, len(header) - 1))]
    parts += [html_pages.paragraph(sentence) for sentence in _sentences(reading, locale)]
    parts += [html_pages.paragraph(HOW_TO_READ, soft=True)]
    parts += [
        html_pages.note(f"{comparison.plan.arms[one.arm].label} is withheld. {one.title} {one.remedy}")
        for one in reading.withheld
    ]
    for number in sorted({cell.round for cell in comparison.cells}):
        cards = [_card(reading, cell, locale) for cell in comparison.cells if cell.round == number]
        parts += [html_pages.heading(f"Round {number + 1}"), html_pages.grid(*cards)]
    return html_pages.html_page(comparison.title or "Comparison", parts)


def _card(reading: Reading, cell: Cell, locale: Locale) -> Html:
    arm, run = reading.comparison.plan.arms[cell.arm], cell.run
    parts = [html_pages.heading(arm.label, 3)]
    parts += [html_pages.formatted(run.text)] if run.text else []
    parts += [html_pages.note(f"{run.error.title} {run.error.remedy}")] if run.error else []
    parts += [html_pages.facts([("Parameters", parameters_of(arm) or "as deployed"), *facts_of(run, locale)])]
    return html_pages.section(*parts)
