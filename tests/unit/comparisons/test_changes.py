from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.comparisons.changes import Changes, changes
from core.comparisons.reading import reading
from core.deployments.parameters import Parameters
from core.storage.records import RunState
from tests.support.comparisons import ARMS, OWNER, READER, comparison, run
from tests.unit.comparisons.test_reading import NOW, examined, nobody

if TYPE_CHECKING:
    from core.access.findings import Examination
    from core.runs.comparison import Comparison
    from core.runs.comparison_plan import Arm
    from core.storage.records import RunRecord

FIRST, SECOND, THIRD = ARMS


def between(before: Comparison, after: Comparison) -> Changes:
    return changes(reading(before, OWNER, nobody, NOW), reading(after, OWNER, nobody, NOW))


def asked(before: tuple[Arm, ...], after: tuple[Arm, ...]) -> tuple[str, ...]:
    return between(comparison(arms=before), comparison(arms=after)).asked


def test_the_same_again_changes_nothing_that_was_asked() -> None:
    again = between(comparison(), comparison(id="comparison-two"))
    assert again.asked == ()
    assert [result.label for result in again.results] == ["GPT lab", "GPT far", "GPT slow"]
    assert all(result.sentences == () for result in again.results)


def test_columns_that_came_and_went_are_named() -> None:
    assert asked((FIRST, SECOND), (FIRST, THIRD)) == ("GPT slow is new.", "GPT far is not asked any more.")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (replace(FIRST, prompt="Another."), "Another prompt in GPT lab."),
        (replace(FIRST, system="Be brief."), "Another system message in GPT lab."),
        (replace(FIRST, identity_kind="app"), "GPT lab is called as the app, as the person before."),
        (replace(FIRST, label="Lab"), "Lab was called GPT lab."),
        (replace(FIRST, deployment_id="x/y"), "GPT lab: the deployment is x/y, sweden/gpt-lab before."),
        (replace(FIRST, parameters=Parameters(temperature=0.7)), "GPT lab: Temperature 0.7, as deployed before."),
    ],
)
def test_what_of_a_column_changed_is_said(changed: Arm, sentence: str) -> None:
    assert asked((FIRST, SECOND), (changed, SECOND)) == (sentence,)


def test_another_prompt_everywhere_is_said_once() -> None:
    other = tuple(replace(arm, prompt="Another.") for arm in ARMS)
    assert asked(ARMS, other) == ("Another prompt in every column.",)


def test_how_often_and_whether_blindly_is_said() -> None:
    said = between(comparison(repeats=1), comparison(repeats=5, is_blind=True)).asked
    assert said == ("Asked 5 times, once before.", "Compared blindly now.")


def test_medians_stand_side_by_side() -> None:
    def slower(arm: Arm, number: int) -> RunRecord:
        return run(arm, number, first_token_seconds=0.5, cost_usd=None)

    medians = between(comparison(), comparison(make=slower, repeats=3)).results[0].medians
    assert [each.measure.name for each in medians][:: len(medians) - 1] == ["First token", "Cost per answer"]
    assert (medians[0].before, medians[0].after) == pytest.approx((0.3, 0.5))
    assert (medians[-1].before, medians[-1].after) == (0.000415, None)


def test_another_model_and_new_failures_are_said_and_their_end_too() -> None:
    def newer(arm: Arm, number: int) -> RunRecord:
        failed = number == 1 and arm is FIRST
        return run(arm, number, model="gpt-next", state=RunState.FAILED if failed else RunState.COMPLETE)

    worse = between(comparison(), comparison(make=newer))
    assert worse.results[0].sentences == (
        "Answered by gpt-next, by gpt-lab-2026-01-01 before.",
        "1 of 2 answers failed or were filtered; none before.",
    )
    assert between(comparison(make=newer), comparison()).results[0].sentences[1] == "No answer failed; 1 of 2 before."


def test_a_reader_is_told_no_result_of_a_column_that_is_withheld_in_either() -> None:
    def known(asked: str) -> Examination | None:
        return examined(asked) if asked == SECOND.deployment_id else None

    both = [reading(comparison(), READER, known, NOW) for _ in range(2)]
    assert [result.label for result in changes(*both).results] == ["GPT far"]


def test_no_result_is_told_while_names_are_hidden() -> None:
    assert between(comparison(), comparison(is_blind=True)).results == ()
