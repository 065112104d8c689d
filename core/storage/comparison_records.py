"""What a stored comparison consists of. Light: needs no database library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from core.storage.records import Owner, RunRecord


class Verdict(StrEnum):
    """What a person said of two answers; SEEN is no vote: they looked at the names, and may not vote any more."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both bad"
    SEEN = "seen"

    def turned(self) -> Verdict:
        """The same with the sides changed."""
        return {Verdict.LEFT: Verdict.RIGHT, Verdict.RIGHT: Verdict.LEFT}.get(self, self)


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer: the latest attempt of a column in a round, both counted from 0."""

    round: int
    arm: int
    run: RunRecord


EVERYTHING: Final = -1
"""Round and columns of the vote with which a person gives up blindness."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's verdict on two columns of a round, with ``first_arm < second_arm``; LEFT is the first.

    That of SEEN with ``EVERYTHING`` for round and columns is about the whole comparison.
    """

    comparison_id: str
    round: int
    first_arm: int
    second_arm: int
    verdict: Verdict
    voted_at: datetime


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A comparison as its rows tell it; ``plan`` is JSON that the store does not look into.

    ``cells`` are in order of round and column; ``is_running_elsewhere`` says that another living process carries it.
    """

    id: str
    owner: Owner
    title: str
    plan: dict[str, Any]
    tags: tuple[str, ...]
    is_shared: bool
    previous_id: str
    notices: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    cells: tuple[Cell, ...] = ()
    is_running_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonHeading:
    """A comparison as it stands in a list."""

    id: str
    title: str
    tags: tuple[str, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVotes:
    """One person's votes on one comparison, oldest first, with what they are about.

    ``complete`` are round and column of its complete answers; ``is_running_elsewhere`` as in ``StoredComparison``.
    """

    comparison_id: str
    votes: tuple[Vote, ...]
    tags: tuple[str, ...]
    plan: dict[str, Any]
    complete: tuple[tuple[int, int], ...]
    is_running_elsewhere: bool
