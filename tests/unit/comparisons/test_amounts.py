from __future__ import annotations

import pytest
from babel.core import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.amounts import amount, amounts, percent
from core.comparisons.measures import Unit

EN = Locale("en")


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        (Unit.SECONDS, 0.31, "310 ms"),
        (Unit.SECONDS, 0.0042, "4.2 ms"),
        (Unit.SECONDS, 0.9996, "1,000 ms"),
        (Unit.SECONDS, 1.25, "1.25 s"),
        (Unit.SECONDS, 0, "0 ms"),
        (Unit.SECONDS, 83.4, "83.4 s"),
        (Unit.TOKENS_PER_SECOND, 48.66, "48.7 tokens/s"),
        (Unit.TOKENS_PER_SECOND, 1.5, "1.5 tokens/s"),
        (Unit.TOKENS, 1, "1 token"),
        (Unit.TOKENS, 1.5, "1.5 tokens"),
        (Unit.TOKENS, 12345, "12,345 tokens"),
        (Unit.WORDS, 1, "1 word"),
        (Unit.CHARACTERS, 0, "0 characters"),
        (Unit.USD, 0, "$0.00"),
        (Unit.USD, 1.5, "$1.50"),
        (Unit.USD, 0.0012, "$0.00120"),
        (Unit.USD, 0.00000123, "$0.00000123"),
    ],
)
def test_an_amount_is_written_with_as_many_figures_as_people_compare(unit: Unit, value: float, words: str) -> None:
    assert amount(unit, value, EN) == words


def test_both_ends_of_a_range_are_in_the_unit_of_the_larger() -> None:
    assert amounts(Unit.SECONDS, (0.25, 0.39), EN) == "250\N{EN DASH}390 ms"
    assert amounts(Unit.SECONDS, (0.25, 1.5), EN) == "0.25\N{EN DASH}1.5 s"
    assert amounts(Unit.USD, (0.0001, 0.0012), EN) == "$0.00010\N{EN DASH}$0.00120"


def test_numbers_are_written_as_in_the_readers_language() -> None:
    assert amount(Unit.TOKENS, 12345, Locale("de")) == "12.345 tokens"
    assert percent(0.95, Locale("de")) == "95\N{NO-BREAK SPACE}%"


@settings(deadline=None)
@given(st.sampled_from(list(Unit)), st.floats(-1e15, 1e15), st.sampled_from(["en", "ar", "hi"]))
def test_no_number_breaks_it(unit: Unit, value: float, locale: str) -> None:
    assert amount(unit, value, Locale(locale))
