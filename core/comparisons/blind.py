"""Judging answers without knowing whose they are: what is asked in which order, and what may be seen when.

Order, sides and letters follow from the comparison, the person and the round alone, so that opening the page again
neither reshuffles nor reveals anything. Nothing of a round is shown before all of it has ended: who comes first would
tell who is fast. No name is shown before the last pair is judged: whoever learns how a deployment writes in one round
knows it again in the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations
from string import ascii_uppercase
from typing import TYPE_CHECKING

from core.runs.comparison import EVERYTHING
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.runs.comparison import Comparison, Vote
    from core.runs.comparison_plan import Plan
    from core.storage.records import Owner


@dataclass(frozen=True, slots=True)
class BlindAnswer:
    """All that may be known of an answer before the vote; ``text`` is None when it did not end complete."""

    letter: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two answers to choose between. The arms are for whoever stores the vote, not for the screen."""

    round: int
    left_arm: int
    right_arm: int
    left: BlindAnswer
    right: BlindAnswer


def prompt_of_all(plan: Plan) -> str:
    """The prompt, when all columns have the same; "" when it would tell them apart and must be hidden."""
    prompts = {arm.prompt for arm in plan.arms}
    return prompts.pop() if len(prompts) == 1 else ""


def letters(comparison: Comparison, person: Owner, round_number: int) -> tuple[str, ...]:
    """What each column is called in a round, by column; shuffled anew for every round."""
    arms = range(len(comparison.plan.arms))
    order = sorted(arms, key=lambda arm: _draw(comparison, person, "letter", round_number, arm))
    return tuple(ascii_uppercase[order.index(arm)] for arm in arms)


def blind_row(comparison: Comparison, person: Owner, round_number: int) -> tuple[BlindAnswer, ...]:
    """The answers of a round in the order of their letters; nothing until all of them have ended."""
    if not _has_ended(comparison, round_number):
        return ()
    texts = _complete_texts(comparison, round_number)
    named = letters(comparison, person, round_number)
    return tuple(sorted((BlindAnswer(named[arm], texts.get(arm)) for arm in range(len(named))), key=_by_letter))


def judgements(comparison: Comparison, person: Owner) -> tuple[Judgement, ...]:
    """Every pair that can be judged now, round by round, in this person's order."""
    turned = _turned(comparison, person)
    found = []
    for number in range(comparison.plan.repeats):
        texts = _complete_texts(comparison, number) if _has_ended(comparison, number) else {}
        named = letters(comparison, person, number)
        answers = {arm: BlindAnswer(named[arm], text) for arm, text in texts.items()}
        pairs = [(number, *pair) for pair in combinations(sorted(answers), 2)]
        for pair in sorted(pairs, key=lambda pair: _draw(comparison, person, "order", *pair)):
            left, right = pair[:0:-1] if pair in turned else pair[1:]
            found.append(Judgement(number, left, right, answers[left], answers[right]))
    return tuple(found)


def next_judgement(comparison: Comparison, person: Owner, votes: Iterable[Vote]) -> Judgement | None:
    """The first pair that this person has not judged; None when there is none, or they gave up blindness."""
    judged = {(vote.round, vote.first_arm, vote.second_arm) for vote in votes}
    if not comparison.plan.is_blind or (EVERYTHING, EVERYTHING, EVERYTHING) in judged:
        return None
    return next((one for one in judgements(comparison, person) if _key(one) not in judged), None)


def _key(one: Judgement) -> tuple[int, int, int]:
    first, second = sorted((one.left_arm, one.right_arm))
    return one.round, first, second


def _turned(comparison: Comparison, person: Owner) -> set[tuple[int, int, int]]:
    """The pairs whose later column stands on the left: by lot, in half of the rounds of every two columns."""
    turned = set()
    for pair in combinations(range(len(comparison.plan.arms)), 2):
        rounds = [(number, *pair) for number in range(comparison.plan.repeats)]
        by_lot = sorted(rounds, key=lambda one: _draw(comparison, person, "side", *one))
        turned.update(by_lot[_draw(comparison, person, "first side", *pair)[0] % 2 :: 2])
    return turned


def _has_ended(comparison: Comparison, number: int) -> bool:
    """Whether nothing of a round is on its way or still to be asked."""
    states = [cell.run.state for cell in comparison.cells if cell.round == number]
    is_begun = len(states) == len(comparison.plan.arms) or (bool(states) and not comparison.goes_on)
    return is_begun and RunState.RUNNING not in states


def _complete_texts(comparison: Comparison, number: int) -> dict[int, str]:
    return {
        cell.arm: cell.run.text
        for cell in comparison.cells
        if cell.round == number and cell.run.state is RunState.COMPLETE
    }


def _by_letter(answer: BlindAnswer) -> str:
    return answer.letter


def _draw(comparison: Comparison, person: Owner, *about: object) -> bytes:
    """A number drawn by lot, the same whenever the same is asked."""
    return hashlib.sha256(repr((comparison.id, person, about)).encode()).digest()
