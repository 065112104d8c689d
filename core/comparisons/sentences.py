"""Differences between columns, said so that nobody has to know statistics to read them right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.numbers import format_decimal

from core.comparisons.amounts import amount, amounts, percent
from core.comparisons.differences import Conclusion
from core.comparisons.signed_ranks import CONFIDENCE
from core.runs.comparison_plan import MOST_REPEATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babel.core import Locale

    from core.comparisons.differences import Difference


def sentence(difference: Difference, labels: Sequence[str], locale: Locale) -> str:
    """What one difference means, in plain text; ``labels`` are the columns' and stand in it as they are."""
    both = f"{labels[difference.first]} and {labels[difference.second]}"
    name = difference.measure.name.lower()
    match difference.conclusion:
        case Conclusion.UNMEASURED:
            said = f"No round in which both {both} were measured in {name}."
        case Conclusion.EQUAL:
            said = f"{both} had the same {name} in each of {_rounds(difference.n, locale)}."
        case Conclusion.TOO_FEW:
            said = _too_few(difference, both, locale)
        case Conclusion.NOT_SHOWN:
            said = _not_shown(difference, both, labels, locale)
        case Conclusion.SHOWN:
            said = _shown(difference, labels, locale)
    return said + _left_out(difference, locale)


def _shown(difference: Difference, labels: Sequence[str], locale: Locale) -> str:
    """Told from the better side; where neither is better, from the lower one."""
    unit = difference.measure.unit
    verb, less, more = difference.measure.words
    estimate, low, high = difference.estimate or 0.0, difference.low or 0.0, difference.high or 0.0
    is_lower_told = difference.measure.lower_is_better is not False
    is_first_told = (estimate < 0) is is_lower_told
    told, other = (difference.first, difference.second) if is_first_told else (difference.second, difference.first)
    ends = sorted((abs(low), abs(high)))
    return (
        f"{labels[told]} {verb} {amount(unit, abs(estimate), locale)} {less if is_lower_told else more} than "
        f"{labels[other]} ({percent(CONFIDENCE, locale)} interval {amounts(unit, ends, locale)}, "
        f"{_rounds(difference.n, locale)})."
    )


def _not_shown(difference: Difference, both: str, labels: Sequence[str], locale: Locale) -> str:
    said = (
        f"No difference in {difference.measure.name.lower()} shown between {both} in {_rounds(difference.n, locale)}"
    )
    if difference.low is not None and difference.high is not None:
        low, high = (_directed(difference, end, locale) for end in (difference.low, difference.high))
        said += (
            f": {labels[difference.first]} {difference.measure.words[0]} between {low} and {high} "
            f"({percent(CONFIDENCE, locale)} interval)"
        )
        if difference.low > 0 or difference.high < 0:
            said += f", which is not sure enough among {format_decimal(difference.pairs, locale=locale)} pairs"
    return f"{said}. {_more_rounds(difference, locale)}"


def _too_few(difference: Difference, both: str, locale: Locale) -> str:
    among = f" among {format_decimal(difference.pairs, locale=locale)} pairs" if difference.pairs > 1 else ""
    return (
        f"Too few rounds to tell {both} apart in {difference.measure.name.lower()}: at least "
        f"{_rounds(difference.least_rounds, locale)} are needed for any test to show a difference at "
        f"{percent(CONFIDENCE, locale)}{among}; there are {format_decimal(difference.n, locale=locale)}."
    )


def _more_rounds(difference: Difference, locale: Locale) -> str:
    needed = difference.rounds_needed
    if needed is None:
        return "What was seen leans to neither side."
    if needed > MOST_REPEATS:
        return (
            f"If it is as small as it looks, showing it takes more than the {_rounds(MOST_REPEATS, locale)} that a "
            "comparison can have."
        )
    return f"About {_rounds(needed, locale)} would show one of this size."


def _directed(difference: Difference, value: float, locale: Locale) -> str:
    _, less, more = difference.measure.words
    return f"{amount(difference.measure.unit, abs(value), locale)} {less if value < 0 else more}"


def _left_out(difference: Difference, locale: Locale) -> str:
    if not difference.rounds_left_out:
        return ""
    was = "was" if difference.rounds_left_out == 1 else "were"
    return f" {_rounds(difference.rounds_left_out, locale)} {was} left out: not both answers were measured."


def _rounds(number: int, locale: Locale) -> str:
    return f"{format_decimal(number, locale=locale)} round{'' if number == 1 else 's'}"
