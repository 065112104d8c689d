from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from core.comparisons.blind import judgements
from core.comparisons.judging import judge
from core.comparisons.reading import reading
from core.errors import NotAllowed
from core.identity.user import User
from core.runs.comparison import Verdict
from tests.support.comparisons import ARMS, OWNER, READER, comparison
from tests.unit.comparisons.test_reading import NOW, everything, examined, nobody

if TYPE_CHECKING:
    from core.access.findings import Examination
    from core.comparisons.reading import Reading

BLIND = comparison(is_blind=True)
SOMEBODY = User(*READER, "reader@contoso.example", "Reader")


@dataclass
class Votes:
    """Keeps what it was given."""

    given: list[tuple[Any, ...]] = field(default_factory=list)

    def vote(self, *vote: Any) -> None:  # noqa: ANN401 - as it was given
        self.given.append(vote)


def all_but_the_last(deployment_id: str) -> Examination | None:
    return None if deployment_id == ARMS[2].deployment_id else examined(deployment_id)


def seen_by_reader(find: Any = everything) -> Reading:  # noqa: ANN401 - any of the finders
    return reading(BLIND, READER, find, NOW)


def test_a_pair_that_is_seen_is_judged_as_it_stood_on_the_page() -> None:
    votes, (pair, *_) = Votes(), judgements(BLIND, READER)
    judge(votes, SOMEBODY, seen_by_reader(), pair, Verdict.LEFT)  # type: ignore[arg-type]  # all of it that is used
    assert votes.given == [(SOMEBODY, BLIND.id, pair.round, pair.left_arm, pair.right_arm, Verdict.LEFT)]


@pytest.mark.parametrize("find", [nobody, all_but_the_last])
def test_a_pair_with_a_withheld_answer_cannot_be_judged_whatever_the_page_sends(find: Any) -> None:  # noqa: ANN401 - as above
    votes = Votes()
    withheld = [pair for pair in judgements(BLIND, READER) if 2 in {pair.left_arm, pair.right_arm}]
    assert withheld
    for pair in withheld:
        with pytest.raises(NotAllowed):
            judge(votes, SOMEBODY, seen_by_reader(find), pair, Verdict.LEFT)  # type: ignore[arg-type]  # as above
    assert votes.given == []


def test_a_pair_that_was_made_up_cannot_be_judged() -> None:
    votes, (pair, *_) = Votes(), judgements(BLIND, READER)
    made_up = (
        replace(pair, round=99),
        replace(pair, left_arm=pair.right_arm),
        replace(pair, left_arm=pair.right_arm, right_arm=pair.left_arm),
        replace(pair, left=replace(pair.left, text="Something else.")),
    )
    for forged in made_up:
        with pytest.raises(NotAllowed):
            judge(votes, SOMEBODY, seen_by_reader(), forged, Verdict.LEFT)  # type: ignore[arg-type]  # as above
    assert votes.given == []


def test_nobody_votes_with_what_somebody_else_may_see() -> None:
    votes, owner = Votes(), reading(BLIND, OWNER, nobody, NOW)
    for pair in judgements(BLIND, OWNER):
        with pytest.raises(NotAllowed):
            judge(votes, SOMEBODY, owner, pair, Verdict.LEFT)  # type: ignore[arg-type]  # as above
    assert votes.given == []
