"""All figures of a comparison as tables: one row for each answer, one for each column, and the plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from core.comparisons.amounts import amount, amounts
from core.comparisons.measures import (
    COST,
    INPUT_TOKENS,
    MEASURES,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    TOKENS_PER_SECOND,
    left_out,
)
from core.comparisons.spread import spreads
from core.deployments.parameters import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.core import Locale

    from core.comparisons.measures import Measure
    from core.comparisons.reading import Reading
    from core.comparisons.spread import Spread
    from core.documents.cells import Cell
    from core.runs.comparison_plan import Arm
    from core.storage.records import RunRecord

UNKNOWN: Final = "unknown"
CALLED_AS: Final = {"user": "the person", "app": "the app"}

RUN_HEADER: Final = (
    *("Round", "Column", "Deployment", "Endpoint", "Model as answered", "Region", "Called as", "Identity"),
    *("Started (UTC)", "Ended", "Finish reason", "First token (s)", "Total (s)", "Tokens per second"),
    *("Tokens in", "Tokens out", "Reasoning tokens", "Tokens are", "Cost (USD)", "Cost is", "Characters", "Words"),
    *("Prompt", "System message", "Parameters", "Answer", "Failure", "What to do", "Reference", "Request id"),
    *("Notices", "Withheld"),
)
SUMMARY_HEADER: Final = (
    *("Column", "Deployment", "Called as", "Identity", "Model as answered", "Region", "Complete", "Not counted"),
    *(f"{measure.name} ({measure.unit}), {which}" for measure in MEASURES for which in ("median", "5 %", "95 %")),
    "Withheld",
)
PLAN_HEADER: Final = ("What", "Column", "Value")


def run_rows(reading: Reading) -> Iterator[list[Cell]]:
    """A row under ``RUN_HEADER`` for each answer that may be read, and one for each column that is withheld."""
    for cell in reading.comparison.cells:
        yield _run_row(cell.round, reading.comparison.plan.arms[cell.arm], cell.run)
    for withheld in reading.withheld:
        known: list[Cell] = [None, reading.comparison.plan.arms[withheld.arm].label, withheld.deployment_id]
        yield [*known, *[None] * (len(RUN_HEADER) - 4), withheld.title]


def summary_rows(reading: Reading) -> list[list[Cell]]:
    """A row under ``SUMMARY_HEADER`` for each column; what is not known is empty."""
    by_measure = [spreads(reading.comparison, measure) for measure in MEASURES]
    rows: list[list[Cell]] = []
    for number, arm in enumerate(reading.comparison.plan.arms):
        withheld = reading.is_withheld(number)
        numbers = [
            value for found in by_measure for value in (found[number].median, found[number].low, found[number].high)
        ]
        about = _about(reading, number, arm)
        counted: list[Cell] = [None, None] if withheld else [_complete(reading, number), not_counted(reading, number)]
        rows.append([*about, *counted, *numbers, withheld.title if withheld else None])
    return rows


def plan_rows(reading: Reading) -> Iterator[list[Cell]]:
    """Rows under ``PLAN_HEADER``: what was asked of whom, and how often."""
    comparison = reading.comparison
    yield ["Title", None, comparison.title]
    yield ["Tags", None, ", ".join(comparison.tags)]
    yield ["Repeats", None, comparison.plan.repeats]
    yield ["Begun (UTC)", None, comparison.created_at]
    yield ["Compared blindly", None, comparison.plan.is_blind]
    for arm in comparison.plan.arms:
        yield ["Deployment", arm.label, arm.deployment_id]
        yield ["Called as", arm.label, CALLED_AS[arm.identity_kind]]
        yield ["Prompt", arm.label, arm.prompt]
        yield ["System message", arm.label, arm.system or None]
        yield ["Parameters", arm.label, parameters_of(arm) or None]
    for notice in comparison.notices:
        yield ["Notice", None, notice]


def summary_texts(reading: Reading, arm: int, locale: Locale) -> list[tuple[str, str]]:
    """Name and value of every measure of a column as people read them: the median, and 5 to 95 % in brackets."""
    return [(measure.name, _spread_text(spreads(reading.comparison, measure)[arm], locale)) for measure in MEASURES]


def facts_of(run: RunRecord, locale: Locale) -> list[tuple[str, str]]:
    """Name and value of everything known of one answer, in words."""
    facts = [
        ("Ended", str(run.state)),
        ("Model as answered", run.model or UNKNOWN),
        ("Region", run.region or UNKNOWN),
    ]
    facts += [("Called as", f"{CALLED_AS[run.identity_kind]}: {run.identity}")]
    facts += [("Started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC")]
    return facts + [(measure.name, _fact(run, measure, locale)) for measure in MEASURES]


def _fact(run: RunRecord, measure: Measure, locale: Locale) -> str:
    """A number of one answer, estimated ones too: they are said to be."""
    counts = {
        INPUT_TOKENS: run.input_tokens,
        OUTPUT_TOKENS: run.output_tokens,
        REASONING_TOKENS: run.reasoning_tokens,
    }
    if measure is COST:
        value, remark = None if run.cost_usd is None else float(run.cost_usd), " (estimate)"
    elif measure in counts:
        value, remark = counts[measure], " (estimated)" if run.usage_estimated else ""
    else:
        value, remark = measure.read(run), ""
    return UNKNOWN if value is None else f"{amount(measure.unit, value, locale)}{remark}"


def parameters_of(arm: Arm) -> str:
    """What was set for a column: "Temperature 0.7, Top p 1", or ""."""
    return ", ".join(f"{LABELS[name]} {value}" for name, value in arm.parameters.as_dict().items())


def not_counted(reading: Reading, arm: int) -> str:
    """What of a column is not in its numbers, rounds that were never asked included."""
    begun = sum(cell.arm == arm for cell in reading.comparison.cells)
    unasked = reading.comparison.plan.repeats - begun
    parts = [left_out(reading.comparison, arm), f"{unasked} not asked" if unasked else ""]
    return ", ".join(part for part in parts if part)


def _complete(reading: Reading, arm: int) -> int:
    return sum(cell.arm == arm and cell.run.state == "complete" for cell in reading.comparison.cells)


def _about(reading: Reading, number: int, arm: Arm) -> list[Cell]:
    runs = [cell.run for cell in reading.comparison.cells if cell.arm == number]

    def all_of(name: str) -> str | None:
        return ", ".join(dict.fromkeys(value for run in runs if (value := getattr(run, name)))) or None

    called = CALLED_AS[arm.identity_kind]
    return [arm.label, arm.deployment_id, called, all_of("identity"), all_of("model"), all_of("region")]


def _run_row(number: int, arm: Arm, run: RunRecord) -> list[Cell]:
    counted = any(count is not None for count in (run.input_tokens, run.output_tokens))
    error = run.error
    return [
        *(number + 1, arm.label, run.deployment_id, run.endpoint_name, run.model or None, run.region or None),
        *(CALLED_AS[run.identity_kind], run.identity, run.started_at, str(run.state), run.finish_reason or None),
        *(run.first_token_seconds, run.total_seconds, TOKENS_PER_SECOND.read(run)),
        *(run.input_tokens, run.output_tokens, run.reasoning_tokens),
        ("estimated" if run.usage_estimated else "reported") if counted else UNKNOWN,
        *(run.cost_usd, UNKNOWN if run.cost_usd is None else "an estimate from the catalogue's prices"),
        *(len(run.text), len(run.text.split())),
        *(arm.prompt, run.system or None, json.dumps(run.parameters, ensure_ascii=False), run.text),
        *((error.title, error.remedy, error.reference) if error else (None, None, None)),
        *(run.request_id or None, " ".join(run.notices) or None, None),
    ]


def _spread_text(found: Spread, locale: Locale) -> str:
    if found.median is None or found.low is None or found.high is None:
        return UNKNOWN
    median = amount(found.measure.unit, found.median, locale)
    return (
        median
        if found.low == found.high
        else f"{median} ({amounts(found.measure.unit, (found.low, found.high), locale)})"
    )
