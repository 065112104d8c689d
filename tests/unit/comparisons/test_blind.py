from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from core.comparisons.blind import (
    BlindAnswer,
    blind_row,
    judgements,
    letters,
    next_judgement,
    prompt_of_all,
)
from core.runs.comparison import EVERYTHING, Verdict
from core.storage.records import RunState
from tests.unit.comparisons.answered import ANNA, BERT, answer, compared, vote

if TYPE_CHECKING:
    from core.comparisons.blind import Judgement
    from core.runs.comparison import Comparison, Vote
    from core.storage.records import RunRecord

GIVEN_UP = vote(EVERYTHING, EVERYTHING, EVERYTHING, Verdict.SEEN)


def blind(arms: int, rounds: int, comparison_id: str = "comparison-1") -> Comparison:
    columns = [[answer(text=f"text {number} of {arm}") for number in range(rounds)] for arm in range(arms)]
    return compared(columns, is_blind=True, comparison_id=comparison_id)


def judged(one: Judgement) -> Vote:
    first, second = sorted((one.left_arm, one.right_arm))
    return vote(one.round, first, second)


def test_every_pair_of_every_round_comes_up_once_round_by_round() -> None:
    asked = judgements(blind(4, 5), ANNA)
    pairs = [(one.round, *sorted((one.left_arm, one.right_arm))) for one in asked]
    assert sorted(pairs) == [(number, *pair) for number in range(5) for pair in combinations(range(4), 2)]
    assert [one.round for one in asked] == sorted(one.round for one in asked)


def test_opening_the_page_again_changes_nothing() -> None:
    assert judgements(blind(4, 5), ANNA) == judgements(blind(4, 5), ANNA)


def test_what_is_drawn_by_lot_is_the_same_in_every_process() -> None:
    asked = judgements(blind(3, 2), ANNA)
    assert [(one.round, one.left_arm, one.right_arm) for one in asked] == [
        (0, 1, 0),
        (0, 1, 2),
        (0, 2, 0),
        (1, 0, 2),
        (1, 2, 1),
        (1, 0, 1),
    ]


def test_two_people_and_two_comparisons_get_orders_of_their_own() -> None:
    def order(comparison_id: str, person: tuple[str, str]) -> list[tuple[int, int]]:
        return [(one.left_arm, one.right_arm) for one in judgements(blind(6, 4, comparison_id), person)]

    assert order("a", ANNA) != order("a", BERT)
    assert order("a", ANNA) != order("b", ANNA)


def test_each_of_two_columns_stands_on_the_left_in_half_of_the_rounds() -> None:
    for rounds in (2, 10, 50):
        sides = Counter((one.left_arm, one.right_arm) for one in judgements(blind(4, rounds), ANNA))
        assert set(sides.values()) == {rounds // 2}


def test_in_a_single_round_the_side_is_drawn_by_lot() -> None:
    lefts = Counter(judgements(blind(2, 1, f"comparison-{number}"), ANNA)[0].left_arm for number in range(400))
    assert 160 < lefts[0] < 240


def test_the_side_of_the_next_round_does_not_follow_from_the_last() -> None:
    repeated = 0
    for number in range(100):
        lefts = [one.left_arm for one in judgements(blind(2, 10, f"comparison-{number}"), ANNA)]
        repeated += sum(one == following for one, following in pairwise(lefts))
    # Of nine steps four repeat on average, since half of ten sides must be each.
    assert 340 < repeated < 460


def test_an_answer_that_comes_or_goes_reshuffles_nothing_else() -> None:
    whole = blind(4, 2)
    without = dataclasses.replace(
        whole, cells=tuple(cell for cell in whole.cells if (cell.round, cell.arm) != (0, 2))
    )
    assert [
        one for one in judgements(whole, ANNA) if one.round == 1 or 2 not in {one.left_arm, one.right_arm}
    ] == list(judgements(without, ANNA))


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.COMPLETE])
def test_only_complete_answers_are_judged(state: RunState) -> None:
    comparison = compared([[answer()], [answer()], [answer(state=state)]], is_blind=True)
    asked = [{one.left_arm, one.right_arm} for one in judgements(comparison, ANNA)]
    assert asked == ([] if state is RunState.RUNNING else [{0, 1}])


def test_nothing_of_a_round_is_shown_before_all_of_it_has_ended_lest_speed_tells_names() -> None:
    columns: list[list[RunRecord | None]] = [
        [answer(text="a"), answer()],
        [answer(text="b"), answer()],
        [answer(text="c"), None],
    ]
    running = compared(columns, is_blind=True, is_running=True)
    assert {one.round for one in judgements(running, ANNA)} == {0}
    assert len(blind_row(running, ANNA, 0)) == 3
    assert blind_row(running, ANNA, 1) == ()
    ended = dataclasses.replace(running, is_running=False)
    assert {one.round for one in judgements(ended, ANNA)} == {0, 1}
    elsewhere = dataclasses.replace(ended, is_running_elsewhere=True)
    assert {one.round for one in judgements(elsewhere, ANNA)} == {0}


def test_a_row_shows_letters_and_complete_texts_and_nothing_else() -> None:
    columns = [[answer(text="Melt")], [answer(text="part", state=RunState.CANCELLED)], [answer(text="Joy")]]
    row = blind_row(compared(columns, is_blind=True), ANNA, 0)
    assert [one.letter for one in row] == ["A", "B", "C"]
    assert {one.text for one in row} == {"Melt", None, "Joy"}
    assert [field.name for field in dataclasses.fields(BlindAnswer)] == ["letter", "text"]


def test_a_row_that_was_not_begun_shows_nothing() -> None:
    assert blind_row(compared([[None], [None]], is_blind=True), ANNA, 0) == ()


def test_letters_belong_to_the_columns_of_a_round_and_are_shuffled_for_the_next() -> None:
    comparison = blind(5, 20)
    named = [letters(comparison, ANNA, number) for number in range(20)]
    assert all(sorted(one) == list("ABCDE") for one in named)
    assert len(set(named)) > 15
    for one in judgements(comparison, ANNA):
        assert one.left == BlindAnswer(named[one.round][one.left_arm], f"text {one.round} of {one.left_arm}")
        assert one.right == BlindAnswer(named[one.round][one.right_arm], f"text {one.round} of {one.right_arm}")


def test_a_judged_pair_does_not_come_up_again_and_after_the_last_there_is_none() -> None:
    comparison = blind(3, 2)
    votes: list[Vote] = []
    while one := next_judgement(comparison, ANNA, votes):
        assert judged(one) not in votes
        votes.append(judged(one))
    assert len(votes) == 6


def test_who_looked_at_a_pair_is_not_asked_about_it_and_who_gave_up_blindness_about_nothing() -> None:
    comparison = blind(2, 2)
    seen = dataclasses.replace(vote(0, 0, 1), verdict=Verdict.SEEN)
    following = next_judgement(comparison, ANNA, [seen])
    assert following is not None
    assert following.round == 1
    assert next_judgement(comparison, ANNA, [GIVEN_UP]) is None


def test_blindness_ends_for_the_person_who_gave_it_up() -> None:
    assert next_judgement(blind(2, 1), ANNA, []) is not None
    assert next_judgement(blind(2, 1), ANNA, [GIVEN_UP]) is None
    assert next_judgement(compared([[answer()], [answer()]]), ANNA, []) is None


def test_a_prompt_that_would_tell_columns_apart_is_not_shown() -> None:
    plan = blind(2, 1).plan
    assert prompt_of_all(plan) == "Write a tagline"
    other = dataclasses.replace(plan.arms[1], prompt="Write a slogan")
    assert prompt_of_all(dataclasses.replace(plan, arms=(plan.arms[0], other))) == ""
