"""Measured numbers as people read them, in the number format of their locale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from babel.numbers import format_currency, format_decimal, format_percent

from core.comparisons.measures import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babel.core import Locale

_SINGULAR: Final = {Unit.TOKENS: "token", Unit.CHARACTERS: "character", Unit.WORDS: "word"}
_TO: Final = "\N{EN DASH}"
_FIGURES: Final = 3
_MOST_PLACES: Final = 15


def amount(unit: Unit, value: float, locale: Locale) -> str:
    """A number with its unit: "310 ms", "1.25 s", "48 tokens/s", "$0.0012"."""
    return amounts(unit, (value,), locale)


def amounts(unit: Unit, ends: Sequence[float], locale: Locale) -> str:
    """One number, or a range of two, with the unit said once and fitting the larger: "250 ms", "250-390 ms"."""
    largest = max(abs(end) for end in ends)
    if unit is Unit.USD:
        pattern = f"¤0.{'0' * _places(largest, at_least=2)}"
        return _TO.join(
            format_currency(end, "USD", format=pattern, locale=locale, currency_digits=False) for end in ends
        )
    if unit is Unit.SECONDS and largest < 1:
        return f"{_range([end * 1000 for end in ends], locale)} ms"
    if unit is Unit.SECONDS:
        return f"{_range(ends, locale)} s"
    numbers = _range(ends, locale)
    is_one = numbers == format_decimal(1, locale=locale)
    return f"{numbers} {_SINGULAR.get(unit, unit) if is_one else unit}"


def percent(share: float, locale: Locale) -> str:
    """A share of 1 in whole per cent: "95%", "95 %"."""
    return format_percent(share, format=None, locale=locale)


def _range(ends: Sequence[float], locale: Locale) -> str:
    places = _places(max(abs(end) for end in ends))
    pattern = f"#,##0.{'#' * places}" if places else "#,##0"
    return _TO.join(format_decimal(end, format=pattern, locale=locale) for end in ends)


def _places(value: float, at_least: int = 0) -> int:
    """How many places after the point show the figures that people compare."""
    if not value:
        return at_least
    return min(max(at_least, _FIGURES - 1 - math.floor(math.log10(value))), _MOST_PLACES)
