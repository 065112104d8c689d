"""A comparison as it is read: columns, rounds, and an answer in each cell that was begun."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from core.runs.comparison_plan import plan_from
from core.storage.comparison_records import EVERYTHING, Cell, ComparisonHeading, Verdict, Vote
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from core.runs.comparison_plan import Arm, Plan
    from core.storage.comparison_records import StoredComparison, StoredVotes
    from core.storage.records import Owner, RunRecord

__all__ = [
    "ALONE",
    "EVERYTHING",
    "FINISHED",
    "BlindVotes",
    "Cell",
    "Comparison",
    "ComparisonHeading",
    "Verdict",
    "Vote",
    "VoteInContext",
    "blind_votes",
    "comparison_of",
    "is_decided",
    "starting_order",
]

FINISHED: Final = frozenset({RunState.COMPLETE, RunState.FILTERED})
"""Answers that are not asked for again when a comparison is continued."""

ALONE: Final = "Asked later than the other columns of its round."
"""The notice of an answer that did not start together with all others; its times are less fair to compare."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of a comparison.

    Attributes:
        previous_id: The comparison that this one repeats, or "".
        cells: By round and column, only those begun; ``run.conversation_id`` is the comparison's id.
        is_running: Whether it goes on in this process.
        is_running_elsewhere: Whether it goes on in another process of the app; it cannot be watched here.
        notices: What to tell beside it, a sentence each.
    """

    id: str
    owner: Owner
    title: str
    plan: Plan
    tags: tuple[str, ...]
    is_shared: bool
    previous_id: str
    created_at: datetime
    updated_at: datetime
    cells: tuple[Cell, ...]
    is_running: bool = False
    notices: tuple[str, ...] = ()
    is_running_elsewhere: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether more answers come, here or elsewhere."""
        return self.is_running or self.is_running_elsewhere

    def run(self, round_number: int, arm: int) -> RunRecord | None:
        """The answer in this cell."""
        return next((cell.run for cell in self.cells if (cell.round, cell.arm) == (round_number, arm)), None)

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Round and column of every answer that was not asked for or did not come to its end."""
        done = {(cell.round, cell.arm) for cell in self.cells if cell.run.state in FINISHED}
        every = ((number, arm) for number in range(self.plan.repeats) for arm in range(len(self.plan.arms)))
        return tuple(cell for cell in every if cell not in done)


def comparison_of(
    stored: StoredComparison, in_memory: Mapping[str, RunRecord], *, is_running: bool, notices: tuple[str, ...]
) -> Comparison:
    """What is stored, put right by the runs that are in memory, by id."""
    return Comparison(
        id=stored.id,
        owner=stored.owner,
        title=stored.title,
        plan=plan_from(stored.plan),
        tags=stored.tags,
        is_shared=stored.is_shared,
        previous_id=stored.previous_id,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        cells=tuple(Cell(cell.round, cell.arm, in_memory.get(cell.run.id, cell.run)) for cell in stored.cells),
        is_running=is_running,
        notices=notices,
        is_running_elsewhere=stored.is_running_elsewhere,
    )


def is_decided(complete: Iterable[tuple[int, int]], votes: Iterable[Vote], *, goes_on: bool) -> bool:
    """Whether the person who cast ``votes`` on a blind comparison may know its names, and their votes count.

    That is once they have judged every two complete answers of a round, and no more answers come, or once they gave
    up blindness. Before that, a count of their votes would tell by whom the answers are that they are still to judge.

    Args:
        complete: Round and column of every complete answer.
        votes: What this person said of the comparison.
        goes_on: Whether more answers come.
    """
    judged = {(vote.round, vote.first_arm, vote.second_arm) for vote in votes}
    if (EVERYTHING, EVERYTHING, EVERYTHING) in judged:
        return True
    by_round = groupby(sorted(complete), key=itemgetter(0))
    pairs = {pair for _, cells in by_round for pair in combinations(cells, 2)}
    return not goes_on and {(number, first, second) for (number, first), (_, second) in pairs} <= judged


@dataclass(frozen=True, slots=True)
class VoteInContext:
    """A vote with what it was about."""

    vote: Vote
    tags: tuple[str, ...]
    first: Arm
    second: Arm


@dataclass(frozen=True, slots=True)
class BlindVotes:
    """One person's votes on all comparisons.

    Attributes:
        counted: Those on decided comparisons, oldest first, without those that only say SEEN; see ``is_decided``.
        waiting: How many there are on comparisons that are not decided.
    """

    counted: tuple[VoteInContext, ...]
    waiting: int


def blind_votes(stored: Iterable[StoredVotes], is_running: Callable[[str], bool]) -> BlindVotes:
    """What a person's votes on each comparison come to; ``is_running`` tells which of them go on in this process."""
    counted: list[VoteInContext] = []
    waiting = 0
    for one in stored:
        goes_on = one.is_running_elsewhere or is_running(one.comparison_id)
        votes = [vote for vote in one.votes if vote.verdict is not Verdict.SEEN]
        if is_decided(one.complete, one.votes, goes_on=goes_on):
            arms = plan_from(one.plan).arms
            counted += (VoteInContext(vote, one.tags, arms[vote.first_arm], arms[vote.second_arm]) for vote in votes)
        else:
            waiting += len(votes)
    return BlindVotes(tuple(sorted(counted, key=lambda one: one.vote.voted_at)), waiting)


def starting_order(comparison_id: str, round_number: int, arms: Sequence[int]) -> list[int]:
    """In which order the columns of a round start: shuffled, and the same whenever it is asked for."""
    order = sorted(arms)
    random.Random(f"{comparison_id}:{round_number}").shuffle(order)  # noqa: S311 - fairness, no secret
    return order
