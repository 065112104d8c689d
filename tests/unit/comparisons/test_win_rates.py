from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.win_rates import tags_of, wilson, win_rates
from core.deployments.parameters import Parameters
from core.runs.comparison import Verdict
from tests.unit.comparisons.answered import arms, voted

if TYPE_CHECKING:
    from core.runs.comparison_plan import Arm

A, B, C, D = arms(4)
LEFT, RIGHT, TIE, BOTH_BAD, SEEN = Verdict


@pytest.mark.parametrize(
    ("wins", "votes", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_as_newcombe_printed_it(wins: int, votes: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 1998, table I, method 3."""
    found = wilson(wins, votes)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@settings(deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda votes: st.tuples(st.integers(0, 2 * votes), st.just(votes))))
def test_a_share_lies_in_its_interval_and_losing_mirrors_winning(counted: tuple[int, int]) -> None:
    halves, votes = counted
    found, mirrored = wilson(halves / 2, votes), wilson(votes - halves / 2, votes)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high))


def test_wins_losses_ties_and_both_bad_are_counted_and_ties_are_half() -> None:
    votes = voted(A, B, LEFT, 3) + voted(A, B, RIGHT) + voted(A, B, TIE, 2) + voted(A, B, BOTH_BAD, 4)
    first, second = win_rates(votes).standings
    assert (first.name, first.wins, first.losses, first.ties, first.both_bad, first.votes) == (
        "Model 0",
        3,
        1,
        2,
        4,
        10,
    )
    assert (second.name, second.wins, second.losses, second.ties, second.both_bad) == ("Model 1", 1, 3, 2, 4)
    assert (first.win_rate.value, second.win_rate.value) == (0.6, 0.4)
    assert first.win_rate == wilson(6, 10)


def test_two_contestants_have_win_rates_and_no_strengths() -> None:
    found = win_rates(voted(A, B, LEFT))
    assert [one.strength for one in found.standings] == [None, None]
    assert found.note == ""


def test_nobody_has_met_without_votes_and_looking_is_no_vote() -> None:
    assert win_rates([]).standings == ()
    found = win_rates(voted(A, B, SEEN, 5))
    assert (found.standings, found.votes) == ((), 0)


def test_three_who_met_are_ordered_by_strength_with_an_interval() -> None:
    # C beat only the weak one and so has the better win rate; B lost only to the strongest.
    votes = voted(A, B, LEFT, 18) + voted(A, B, RIGHT, 6) + voted(B, C, LEFT, 5) + voted(B, C, RIGHT, 1)
    votes += voted(C, D, LEFT, 28) + voted(D, C, LEFT, 2)
    found = win_rates(votes)
    assert [one.name for one in found.standings] == ["Model 0", "Model 1", "Model 2", "Model 3"]
    by_rate = sorted(found.standings, key=lambda one: -one.win_rate.value)
    assert by_rate[0].name == "Model 2"
    for one in found.standings:
        assert one.strength is not None
        assert one.strength.low < one.strength.value < one.strength.high
    assert win_rates(votes) == found


def test_groups_that_never_met_are_not_held_against_each_other_and_the_note_says_who() -> None:
    found = win_rates(voted(A, B, LEFT, 2) + voted(C, D, LEFT))
    assert all(one.strength is None for one in found.standings)
    assert found.note == (
        "Model 0 and Model 2 have not met, not even through others: their strengths cannot be held against each "
        "other. Compare them, or choose tags under which they met."
    )
    assert win_rates(voted(A, B, LEFT, 2) + voted(C, D, LEFT) + voted(B, C, TIE)).note == ""


def test_only_votes_on_comparisons_with_all_the_tags_count() -> None:
    votes = voted(A, B, LEFT, 2, ("ice cream", "German")) + voted(A, B, RIGHT, 1, ("ice cream",)) + voted(A, B, TIE)
    assert win_rates(votes).votes == 4
    assert win_rates(votes, ["ice cream"]).votes == 3
    assert win_rates(votes, ["German", "ice cream"]).votes == 2
    assert win_rates(votes, ["coffee"]).votes == 0
    assert tags_of(votes) == ("German", "ice cream")


def test_a_contestant_is_known_again_under_another_prompt_and_label() -> None:
    elsewhere = dataclasses.replace(A, prompt="Write a slogan", label="Model 0 (lab)")
    other = dataclasses.replace(B, prompt="Write a slogan")
    found = win_rates(voted(A, B, LEFT) + voted(elsewhere, other, LEFT, 3, comparison_id="another"))
    assert [(one.name, one.wins) for one in found.standings] == [("Model 0 (lab)", 4), ("Model 1", 0)]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"parameters": Parameters(temperature=0.7)}, "Model 0 (temperature 0.7)"),
        ({"identity_kind": "app"}, "Model 0 (as the app)"),
        ({"system": "Be brief."}, "Model 0 (with a system message)"),
    ],
)
def test_what_was_set_and_who_called_makes_another_contestant_with_a_name_of_its_own(
    changes: dict[str, object], name: str
) -> None:
    found = win_rates(voted(A, B, LEFT) + voted(dataclasses.replace(A, **changes), B, LEFT))  # type: ignore[arg-type]
    assert {one.name for one in found.standings} == {"Model 0 (as deployed)", name, "Model 1"}


def test_two_prompts_held_against_each_other_are_two_contestants() -> None:
    other = dataclasses.replace(A, prompt="Write a slogan", label="Model 0 · prompt B")
    first, second = win_rates(voted(A, other, RIGHT)).standings
    assert (first.name, second.name) == ("Model 0 · prompt B", "Model 0")


def test_where_prompts_are_compared_every_column_keeps_its_prompt() -> None:
    first, second = (
        dataclasses.replace(arm, prompt="Write a slogan", label=f"{arm.label} · prompt B") for arm in (A, B)
    )
    found = win_rates(voted(A, first, LEFT) + voted(A, B, LEFT) + voted(first, second, LEFT))
    assert {one.name for one in found.standings} == {"Model 0", "Model 1", "Model 0 · prompt B", "Model 1 · prompt B"}
    assert found.note == ""


def test_different_contestants_of_one_name_are_numbered() -> None:
    names = [one.name for one in win_rates(voted(A, dataclasses.replace(A, prompt="other"), LEFT)).standings]
    assert sorted(names) == ["Model 0 (as deployed) (1)", "Model 0 (as deployed) (2)"]


def test_the_same_contestant_twice_is_no_contest() -> None:
    assert win_rates(voted(A, dataclasses.replace(A, label="Model 0 (2)"), LEFT)).votes == 0


contests = st.lists(st.tuples(st.sampled_from(arms(5)), st.sampled_from(arms(5)), st.sampled_from(list(Verdict))))


@settings(max_examples=40, deadline=None)
@given(contests)
def test_changing_the_sides_of_every_vote_changes_nothing(found: list[tuple[Arm, Arm, Verdict]]) -> None:
    as_asked = win_rates([one for first, second, verdict in found for one in voted(first, second, verdict)])
    turned = win_rates([one for first, second, verdict in found for one in voted(second, first, verdict.turned())])
    as_counted = [
        {one.name: (one.wins, one.losses, one.win_rate) for one in each.standings} for each in (as_asked, turned)
    ]
    assert as_counted[0] == as_counted[1]
    assert sum(one.wins for one in as_asked.standings) == sum(one.losses for one in as_asked.standings)
    for one in as_asked.standings:
        if one.strength:
            assert 0 <= one.strength.low <= one.strength.value <= one.strength.high <= 1
