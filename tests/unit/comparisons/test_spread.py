from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.measures import FIRST_TOKEN
from core.comparisons.spread import quantile, spreads
from core.storage.records import RunState
from tests.unit.comparisons.answered import answer, compared, first_tokens


def test_the_spread_of_one_to_twenty_one_is_eleven_between_two_and_twenty() -> None:
    one, other = spreads(first_tokens([float(number) for number in range(21, 0, -1)], [3.0] * 21), FIRST_TOKEN)
    assert (one.n, one.low, one.median, one.high) == (21, 2.0, 11.0, 20.0)
    assert (other.arm, other.low, other.median, other.high) == (1, 3.0, 3.0, 3.0)


def test_rounds_without_a_number_are_left_out() -> None:
    comparison = compared([[answer(1.0), answer(state=RunState.FAILED), answer(None), None], [None] * 3 + [answer()]])
    one, other = spreads(comparison, FIRST_TOKEN)
    assert (one.n, one.low, one.median, one.high) == (1, 1.0, 1.0, 1.0)
    assert other.n == 1


def test_a_column_without_numbers_has_no_spread() -> None:
    one = spreads(compared([[answer(state=RunState.FILTERED)], [answer()]]), FIRST_TOKEN)[0]
    assert (one.n, one.low, one.median, one.high) == (0, None, None, None)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_quantiles_are_those_of_numpy_and_of_spreadsheets(numbers: list[float], share: float) -> None:
    assert quantile(sorted(numbers), share) == pytest.approx(float(np.quantile(numbers, share)), abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50))
def test_a_spread_is_in_order_whatever_the_numbers(numbers: list[float]) -> None:
    one = spreads(first_tokens(numbers, [1.0] * len(numbers)), FIRST_TOKEN)[0]
    if one.low is not None and one.median is not None and one.high is not None:
        assert one.low <= one.median <= one.high
