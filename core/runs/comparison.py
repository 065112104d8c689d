"""A comparison as it is read: columns, rounds, and an answer in each cell that was begun."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.runs.comparison_plan import plan_from
from core.storage.comparison_records import EVERYTHING, Cell, ComparisonHeading, Verdict, Vote
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from core.runs.comparison_plan import Arm, Plan
    from core.storage.comparison_records import StoredComparison, StoredVote
    from core.storage.records import Owner, RunRecord

__all__ = [
    "ALONE",
    "EVERYTHING",
    "FINISHED",
    "Cell",
    "Comparison",
    "ComparisonHeading",
    "Verdict",
    "Vote",
    "VoteInContext",
    "comparison_of",
    "starting_order",
    "votes_in_context",
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

    def run(self, round: int, arm: int) -> RunRecord | None:  # noqa: A002 - what it is called everywhere
        """The answer in this cell."""
        return next((cell.run for cell in self.cells if (cell.round, cell.arm) == (round, arm)), None)

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


@dataclass(frozen=True, slots=True)
class VoteInContext:
    """A vote with what it was about."""

    vote: Vote
    tags: tuple[str, ...]
    first: Arm
    second: Arm


def votes_in_context(stored: Iterable[StoredVote]) -> list[VoteInContext]:
    """Votes with the columns they are about, without those that only say SEEN."""
    votes = [each for each in stored if each.vote.verdict is not Verdict.SEEN]
    plans = {each.vote.comparison_id: each.plan for each in votes}
    arms = {comparison_id: plan_from(plan).arms for comparison_id, plan in plans.items()}
    return [
        VoteInContext(each.vote, each.tags, of_it[each.vote.first_arm], of_it[each.vote.second_arm])
        for each in votes
        for of_it in (arms[each.vote.comparison_id],)
    ]


def starting_order(comparison_id: str, round: int, arms: Sequence[int]) -> list[int]:  # noqa: A002 - as above
    """In which order the columns of a round start: shuffled, and the same whenever it is asked for."""
    order = sorted(arms)
    random.Random(f"{comparison_id}:{round}").shuffle(order)  # noqa: S311 - fairness, no secret
    return order
