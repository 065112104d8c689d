from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
import scipy.optimize
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.comparisons import bradley_terry
from core.comparisons.bradley_terry import PRIOR_GAMES, expected_share, resampled, strengths

Table: TypeAlias = npt.NDArray[np.float64]

BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ],
    dtype=float,
)
"""The American League East of 1987: Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore. Agresti,
Categorical Data Analysis, table 10.10."""
PUBLISHED = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0]
"""The estimates as printed by R's BradleyTerry2 for these games, Baltimore being the reference."""

tables = st.integers(2, 6).flatmap(
    lambda count: arrays.arrays(float, (count, count), elements=st.integers(0, 40).map(lambda half: half / 2)).map(
        lambda table: table * (1 - np.eye(count))
    )
)


def test_the_published_strengths_of_the_baseball_season_are_met() -> None:
    found = strengths(BASEBALL, prior_games=1e-9)
    assert found - found[-1] == pytest.approx(PUBLISHED, abs=6e-5)


def test_the_prior_hardly_moves_what_many_games_say() -> None:
    found = strengths(BASEBALL)
    assert found - found[-1] == pytest.approx(PUBLISHED, abs=0.08)


def test_two_contestants_have_the_log_odds_of_their_games() -> None:
    found = strengths(np.array([[0.0, 30.0], [10.0, 0.0]]), prior_games=1e-9)
    assert found[0] - found[1] == pytest.approx(np.log(3), abs=1e-6)


def test_who_won_all_is_strongest_and_not_infinitely_so() -> None:
    found = strengths(np.array([[0.0, 9, 9], [0, 0, 9], [0, 0, 0]]))
    assert found[0] > found[1] > found[2]
    assert np.abs(found).max() < 5


def test_more_wins_in_a_row_mean_more() -> None:
    few, many = (strengths(np.array([[0.0, wins], [0.0, 0.0]]))[0] for wins in (2, 2000))
    assert 0 < few < many < np.inf


def test_tables_are_reckoned_each_for_itself() -> None:
    both = strengths(np.stack([BASEBALL, BASEBALL.T]))
    assert both[0] == pytest.approx(strengths(BASEBALL))
    assert both[1] == pytest.approx(-both[0], abs=1.0)


@settings(deadline=None)
@given(tables)
def test_no_table_breaks_it_and_at_the_strengths_the_likelihood_is_level(wins: Table) -> None:
    found = strengths(wins)
    assert found.mean() == pytest.approx(0, abs=1e-9)
    # The prior holds the sum of its own slopes at zero; the mean was taken off afterwards.
    found += scipy.optimize.brentq(lambda shift: (0.5 - _chance(found + shift)).sum(), -60, 60, xtol=1e-14)
    chance = _chance(found[:, None] - found[None, :])
    slope = wins.sum(1) - ((wins + wins.T) * chance).sum(1) + PRIOR_GAMES * (0.5 - _chance(found))
    assert slope == pytest.approx(np.zeros(len(wins)), abs=1e-5)


@settings(deadline=None)
@given(tables, st.randoms())
def test_the_order_of_contestants_does_not_matter(wins: Table, random: object) -> None:
    order = list(range(len(wins)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert strengths(wins[np.ix_(order, order)]) == pytest.approx(strengths(wins)[order], abs=1e-6)


@settings(deadline=None)
@given(tables)
def test_turning_every_vote_turns_every_strength(wins: Table) -> None:
    assert strengths(wins.T) == pytest.approx(-strengths(wins), abs=1e-6)


@settings(deadline=None)
@given(tables)
def test_expected_shares_add_up_to_half_of_all(wins: Table) -> None:
    shares = expected_share(strengths(wins))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.mean() == pytest.approx(0.5)


def test_bootstrap_samples_are_the_same_every_time_and_lie_round_the_estimate() -> None:
    samples = resampled(BASEBALL)
    assert (samples == resampled(BASEBALL)).all()
    assert samples.mean(0) == pytest.approx(strengths(BASEBALL), abs=0.1)


def test_the_bootstrap_spread_is_that_of_the_published_standard_errors() -> None:
    samples = resampled(BASEBALL)
    against_baltimore = (samples - samples[:, -1:])[:, :-1].std(0)
    # BradleyTerry2: 0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319.
    assert against_baltimore == pytest.approx([0.343, 0.340, 0.337, 0.336, 0.334, 0.332], rel=0.15)


def test_three_wins_of_three_are_not_certain() -> None:
    samples = resampled(np.array([[0.0, 3, 3], [0, 0, 3], [0, 0, 0]]))
    low, high = np.quantile(samples[:, 0], [0.025, 0.975])
    assert low < high - 0.5


def _chance(ahead: Table) -> Table:
    return np.asarray(scipy.special.expit(ahead))


@pytest.mark.parametrize(("most_chances", "samples"), [(49_000, 1000), (24_500, 500), (49, 200)])
def test_among_many_contestants_fewer_samples_are_drawn(
    monkeypatch: pytest.MonkeyPatch, most_chances: int, samples: int
) -> None:
    monkeypatch.setattr(bradley_terry, "MOST_CHANCES", most_chances)
    assert resampled(BASEBALL).shape == (samples, 7)
