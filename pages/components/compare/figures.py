"""What the answers of a comparison measure: a table to sort, spreads, and which differences mean something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.comparisons.amounts import amount, amounts
from core.comparisons.differences import Conclusion, differences
from core.comparisons.measures import (
    COST,
    FIRST_TOKEN,
    MEASURES,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    TOKENS_PER_SECOND,
    TOTAL,
    WORDS,
    Unit,
    endings,
    left_out,
)
from core.comparisons.sentences import sentence
from core.comparisons.spread import spreads
from core.markdown import as_label
from core.storage.records import RunState
from pages.components.compare.intervals import IntervalRow, draw_intervals
from pages.components.readable import choice
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from babel.core import Locale
    from streamlit.elements.lib.column_types import ColumnConfig

    from core.comparisons.differences import Difference
    from core.comparisons.measures import Measure
    from core.comparisons.reading import Reading
    from core.comparisons.spread import Spread

_MILLI: Final = 1000
_IN_WORDS: Final = 6
"""So many pairs are told in sentences at once; of more, first those that differ."""

_OFFERED: Final = (FIRST_TOKEN, TOTAL, TOKENS_PER_SECOND, OUTPUT_TOKENS, COST, WORDS)
_GLANCE: Final = (*_OFFERED, REASONING_TOKENS)
_HEADINGS: Final = {
    FIRST_TOKEN.key: "First token, ms",
    TOTAL.key: "Total, s",
    TOKENS_PER_SECOND.key: "Speed, tokens/s",
    OUTPUT_TOKENS.key: "Tokens out",
    COST.key: "Cost of 1,000, USD (estimate)",
    WORDS.key: "Words",
    REASONING_TOKENS.key: "Reasoning tokens",
}


def draw_glance(reading: Reading) -> None:
    """Draw one row for each column, with bars, to sort."""
    comparison = reading.comparison
    st.subheader("At a glance", anchor=False)
    medians = {
        measure.key: [_scaled(measure, each.median) for each in spreads(comparison, measure)] for measure in _GLANCE
    }
    table: dict[str, list[object]] = {"Column": [arm.label for arm in comparison.plan.arms]}
    config: dict[str, ColumnConfig] = {}
    for key, numbers in medians.items():
        known = [number for number in numbers if number is not None]
        if not known or (not any(known) and key == REASONING_TOKENS.key):
            continue
        heading = _HEADINGS[key]
        table[heading] = list(numbers)
        # A bar needs a largest value above the smallest.
        config[heading] = st.column_config.ProgressColumn(
            format="localized", min_value=0.0, max_value=max(known) or 1.0
        )
    table["Ended"] = [_ended(reading, number) for number in range(len(comparison.plan.arms))]
    st.dataframe(table, column_config=config, hide_index=True, alt="The figures of every column of this comparison")
    if comparison.plan.repeats > 1:
        st.caption("The middle one (median) of all rounds. Only complete answers are measured.")


def draw_spread(reading: Reading) -> None:
    """Draw how far the rounds lie apart in one measure, and what may be concluded."""
    comparison = reading.comparison
    labels = [arm.label for arm in comparison.plan.arms]
    measure = _choose_measure()
    locale = reader_locale()
    found = spreads(comparison, measure)
    rows = [
        IntervalRow(
            labels[each.arm],
            _scaled(measure, each.low) or 0.0,
            _scaled(measure, each.median) or 0.0,
            _scaled(measure, each.high) or 0.0,
            tuple(_scaled(measure, number) or 0.0 for number in _numbers(reading, measure, each.arm)),
        )
        for each in found
        if each.n
    ]
    if not rows:
        st.caption("No complete answer was measured in this.")
        return
    told = [_in_words(each, labels[each.arm], locale) for each in found if each.n]
    draw_intervals(rows, _HEADINGS[measure.key], " ".join(told))
    st.caption("The dot is the median, the band holds 90 % of the rounds (5 % to 95 %), each tick is one answer.")
    left = [f"{labels[number]}: {what}" for number in range(len(labels)) if (what := left_out(comparison, number))]
    if left:
        st.caption(f"Not measured. {as_label('; '.join(left))}.")
    _draw_differences(reading, measure, labels)


def _draw_differences(reading: Reading, measure: Measure, labels: list[str]) -> None:
    locale = reader_locale()
    found = [each for each in differences(reading.comparison, measure) if each.n]
    if not found:
        return
    st.markdown("**Does it mean anything?**")
    if all(each.conclusion is Conclusion.TOO_FEW for each in found):
        needed, most = (format_decimal(number, locale=locale) for number in (found[0].least_rounds, _most(found)))
        st.markdown(f"Too early to tell: at least {needed} rounds can show a difference, and there are {most}.")
        return
    found.sort(key=lambda each: each.conclusion is not Conclusion.SHOWN)
    told = [f"- {_mark(each.conclusion)} {as_label(sentence(each, labels, locale))}" for each in found]
    st.markdown("\n".join(told[:_IN_WORDS]))
    if len(told) > _IN_WORDS:
        with st.expander(f"{len(told) - _IN_WORDS} more pairs"):
            st.markdown("\n".join(told[_IN_WORDS:]))


def _most(found: list[Difference]) -> int:
    return max(each.n for each in found)


def _choose_measure() -> Measure:
    by_key = {measure.key: measure for measure in MEASURES}
    offered = [measure.key for measure in _OFFERED]
    chosen = st.segmented_control(
        "Measure",
        offered,
        default=offered[0],
        format_func=lambda key: choice(by_key[key].name),
        key="compare-measure",
        required=True,
        label_visibility="collapsed",
    )
    return by_key[chosen]


def _mark(conclusion: Conclusion) -> str:
    return ":green[:material/check_circle:]" if conclusion is Conclusion.SHOWN else ":gray[:material/help:]"


def _numbers(reading: Reading, measure: Measure, arm: int) -> list[float]:
    runs = (cell.run for cell in reading.comparison.cells if cell.arm == arm)
    return [number for run in runs if (number := measure.of(run)) is not None]


def _in_words(spread: Spread, label: str, locale: Locale) -> str:
    if spread.median is None or spread.low is None or spread.high is None:
        return ""
    unit = spread.measure.unit
    return (
        f"{label}: median {amount(unit, spread.median, locale)}, {amounts(unit, (spread.low, spread.high), locale)}."
    )


def _scaled(measure: Measure, number: float | None) -> float | None:
    """In the unit of the heading, without digits that say nothing."""
    if number is None:
        return None
    if measure is FIRST_TOKEN:
        return round(number * _MILLI)
    return round(number * _MILLI, 4) if measure.unit is Unit.USD else round(number, 2)


def _ended(reading: Reading, arm: int) -> str:
    if reading.is_withheld(arm):
        return "withheld"
    ended = endings(reading.comparison, arm)
    done = f"{ended[RunState.COMPLETE]} done" if ended[RunState.COMPLETE] else ""
    return ", ".join(part for part in (done, left_out(reading.comparison, arm)) if part) or "not asked"
