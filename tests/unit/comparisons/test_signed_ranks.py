from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.signed_ranks import (
    LEVEL,
    differences,
    estimate,
    holm,
    interval,
    least_rounds,
    p_value,
    rounds_needed,
)

DEPRESSION_BEFORE = (1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
DEPRESSION_AFTER = (0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
"""Hollander and Wolfe, Nonparametric Statistical Methods, table 3.1; also the example of R's wilcox.test."""

CRITICAL_VALUES = {6: 0, 7: 2, 8: 3, 9: 5, 10: 8, 11: 10, 12: 13, 13: 17, 14: 21, 15: 25, 20: 52, 25: 89, 30: 137}
"""Wilcoxon's table: the largest rank sum refused at 5 %, two-sided, by the number of pairs."""

# In steps of a sixteenth, so that sums are exact and ties and zeros come up.
steps = st.integers(-160, 160).map(lambda number: number / 16)
samples = st.lists(steps, min_size=1, max_size=25)
untied = st.lists(st.integers(1, 400), min_size=1, max_size=40, unique=True).flatmap(
    lambda sizes: st.tuples(*(st.sampled_from((size, -size)) for size in sizes))
)


def test_the_published_example_is_met_in_estimate_interval_and_probability() -> None:
    found = differences(DEPRESSION_BEFORE, DEPRESSION_AFTER)
    assert estimate(found) == pytest.approx(0.46)
    assert interval(found) == pytest.approx((0.010, 0.786))
    assert p_value(found) == pytest.approx(0.03906, abs=5e-6)


@pytest.mark.parametrize(("n", "critical"), CRITICAL_VALUES.items())
def test_the_test_refuses_exactly_up_to_the_value_of_the_published_table(n: int, critical: int) -> None:
    assert p_value(_with_rank_sum(n, critical)) <= LEVEL
    assert p_value(_with_rank_sum(n, critical + 1)) > LEVEL


@pytest.mark.parametrize("n", range(1, 6))
def test_below_six_rounds_there_is_no_interval_and_nothing_can_be_refused(n: int) -> None:
    assert interval([1.0] * n) is None
    assert p_value([1.0] * n) == 2 * 0.5**n > LEVEL
    assert least_rounds() == 6


def test_the_interval_of_six_reaches_from_the_smallest_to_the_largest() -> None:
    assert interval([3, 1, 2, 6, 5, 4]) == (1, 6)


def test_the_fewest_rounds_grow_with_the_number_of_pairs() -> None:
    assert [least_rounds(LEVEL / pairs) for pairs in (1, 3, 28, 120)] == [6, 7, 11, 13]


@pytest.mark.parametrize("number", [0.0, 2.5, -2.5])
@pytest.mark.parametrize("n", [1, 5, 6, 50])
def test_differences_that_are_all_equal_are_their_own_estimate(number: float, n: int) -> None:
    found = [number] * n
    assert estimate(found) == number
    assert interval(found) == ((number, number) if n > 5 else None)
    assert p_value(found) == (1.0 if number == 0 else 2 * 0.5**n)


def test_only_rounds_with_both_numbers_are_paired_and_what_only_rounding_separates_is_a_tie() -> None:
    assert differences([0.3, None, 0.2, 1e308], [0.1, 0.5, 0.0, -1e308]) == (0.2, 0.2)


@settings(deadline=None)
@given(untied)
def test_without_ties_the_probability_is_scipys(found: tuple[int, ...]) -> None:
    assert p_value(found) == pytest.approx(float(scipy.stats.wilcoxon(found, method="exact").pvalue))


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9).filter(any))
def test_with_ties_and_zeros_the_probability_is_that_of_all_sign_patterns(found: list[int]) -> None:
    ranks = scipy.stats.rankdata(np.abs(found))
    kept = [float(rank) for rank, number in zip(ranks, found, strict=True) if number]
    seen = sum(rank for rank, number in zip(ranks, found, strict=True) if number > 0)
    sums = [
        sum(rank for rank, sign in zip(kept, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(kept))
    ]
    tails = [sum(one <= seen for one in sums), sum(one >= seen for one in sums)]
    assert p_value(found) == pytest.approx(min(1.0, 2 * min(tails) / len(sums)))


@settings(deadline=None)
@given(untied)
def test_the_interval_leaves_out_zero_just_when_the_test_refuses(found: tuple[int, ...]) -> None:
    # Sums that are exactly zero stand on the edge of an interval that is closed.
    halves = [number + 0.25 for number in found]
    reached = interval(halves)
    assert (reached is not None and not reached[0] <= 0 <= reached[1]) == (p_value(halves) <= LEVEL)


@settings(deadline=None)
@given(samples)
def test_changing_sides_changes_signs_and_nothing_else(found: list[float]) -> None:
    turned = [-number for number in found]
    assert estimate(turned) == -estimate(found)
    assert p_value(turned) == p_value(found)
    assert rounds_needed(turned) == rounds_needed(found)
    reached = interval(found)
    assert interval(turned) == (reached and (-reached[1], -reached[0]))


@settings(deadline=None)
@given(samples, steps)
def test_a_shift_shifts_estimate_and_interval(found: list[float], shift: float) -> None:
    shifted = [number + shift for number in found]
    assert estimate(shifted) == estimate(found) + shift
    reached = interval(found)
    assert interval(shifted) == (reached and (reached[0] + shift, reached[1] + shift))


@settings(deadline=None)
@given(samples, st.randoms())
def test_the_order_of_rounds_does_not_matter(found: list[float], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert (estimate(shuffled), interval(shuffled), p_value(shuffled)) == (
        estimate(found),
        interval(found),
        p_value(found),
    )


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(), min_size=1, max_size=60))
def test_no_numbers_break_it(numbers: list[float | None]) -> None:
    found = differences(numbers, [0.0] * len(numbers))
    if found:
        reached = interval(found)
        assert reached is None or reached[0] <= estimate(found) <= reached[1]
        assert 0 < p_value(found) <= 1
        rounds_needed(found)


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_interval_holds_the_true_shift_at_least_95_times_in_100(n: int) -> None:
    random = np.random.default_rng(7)
    trials = 1500
    held = 0
    for _ in range(trials):
        # Waiting times lean to the right; their differences do not, whatever the shift.
        found = (0.3 + random.lognormal(0, 1, n) - random.lognormal(0, 1, n)).tolist()
        low, high = interval(found) or (0.0, 0.0)
        held += low <= 0.3 <= high
    assert held / trials >= 0.95 - 2 * (0.95 * 0.05 / trials) ** 0.5


def test_where_nothing_differs_a_difference_is_refused_in_at_most_5_of_100_even_with_ties() -> None:
    random = np.random.default_rng(11)
    trials = 1500
    refused = sum(
        p_value((random.integers(0, 4, 12) - random.integers(0, 4, 12)).tolist()) <= LEVEL for _ in range(trials)
    )
    assert refused / trials <= 0.05 + 2 * (0.95 * 0.05 / trials) ** 0.5


def test_as_many_rounds_as_estimated_show_the_difference_about_80_times_in_100() -> None:
    random = np.random.default_rng(3)
    needed = rounds_needed((0.5 + random.normal(0, 1, 2000)).tolist())
    assert needed is not None
    assert 30 <= needed <= 42  # A t-test would take 34.
    shown = sum(p_value((0.5 + random.normal(0, 1, needed)).tolist()) <= LEVEL for _ in range(500))
    assert 0.75 <= shown / 500 <= 0.9


def test_noethers_formula_by_hand() -> None:
    # All pairs of rounds lean one way: p = 1 and (1.960 + 0.842)² / (3 / 4) = 10.5.
    assert rounds_needed([1, 2, 3]) == 11
    # Means of two: -1, 0.5 and 1.5, so p = 2/3 and 7.849 / (3 / 36) = 94.2.
    assert rounds_needed([-3, 1, 4]) == 95
    assert rounds_needed([1]) is None
    assert rounds_needed([-1, 1]) is None


def test_holms_correction_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.5, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=30))
def test_correcting_never_makes_a_probability_smaller_nor_changes_which_is_more_likely(found: list[float]) -> None:
    corrected = holm(found)
    assert all(before <= after <= 1 for before, after in zip(found, corrected, strict=True))
    by_size = sorted(range(len(found)), key=found.__getitem__)
    assert [corrected[index] for index in by_size] == sorted(corrected)


def _with_rank_sum(n: int, total: int) -> list[int]:
    """The numbers 1 to n, with those positive that add up to ``total``."""
    positive = set()
    for rank in range(n, 0, -1):
        if rank <= total:
            positive.add(rank)
            total -= rank
    return [rank if rank in positive else -rank for rank in range(1, n + 1)]
