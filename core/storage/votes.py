"""Votes on the answers of comparisons: one of each person on each pair of each round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, insert, or_, select

from core.errors import KeylessError, NotFound
from core.storage.comparison_records import EVERYTHING, StoredVotes, Verdict, Vote
from core.storage.comparisons import goes_on_in, readable
from core.storage.ownership import is_of
from core.storage.records import RunState
from core.storage.tables import comparison_runs as runs
from core.storage.tables import comparison_votes as votes
from core.storage.tables import comparisons

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from core.storage.engine import Database
    from core.storage.records import Owner

_FACTS: Final = tuple(field.name for field in fields(Vote))


class VoteStore:
    """Votes in the database. ``NotFound`` and ``StorageError`` as in ``ComparisonStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, voter: Owner, vote: Vote) -> None:
        """Keep a vote on the voter's own comparison or a shared one. SEEN after a vote changes nothing.

        Raises:
            KeylessError: The voter said it before, or has seen the names.
        """
        row = {name: getattr(vote, name) for name in _FACTS}
        row |= {"tenant_id": voter[0], "object_id": voter[1]}
        same = and_(*(votes.c[name] == row[name] for name in ("round", "first_arm", "second_arm")))

        def work(connection: Connection) -> None:
            # The comparison stays locked until the end, so that nothing comes between looking and adding.
            found = select(comparisons.c.id).where(readable(voter, vote.comparison_id)).with_for_update()
            if connection.execute(found).one_or_none() is None:
                raise NotFound
            before = select(votes.c.verdict).where(
                is_of(votes, voter),
                votes.c.comparison_id == vote.comparison_id,
                or_(same, votes.c.round == EVERYTHING),
            )
            said = set(connection.execute(before).scalars())
            if said and vote.verdict is Verdict.SEEN:
                return
            if said:
                raise _seen() if Verdict.SEEN in said else _voted()
            connection.execute(insert(votes).values(row))

        self._database.write(work)

    def of_comparison(self, voter: Owner, comparison_id: str) -> tuple[Vote, ...]:
        """This person's votes on a comparison, oldest first."""
        with self._database.read() as connection:
            return _find(connection, and_(is_of(votes, voter), votes.c.comparison_id == comparison_id))

    def of_person(self, voter: Owner) -> tuple[StoredVotes, ...]:
        """This person's votes on all comparisons that they may still read."""
        judged = select(votes.c.comparison_id).where(is_of(votes, voter))
        about = select(comparisons.c.id, comparisons.c.tags, comparisons.c.plan, comparisons.c.process).where(
            comparisons.c.id.in_(judged), or_(is_of(comparisons, voter), comparisons.c.is_shared)
        )
        # Not the texts of the answers, which may be long: only how they ended.
        told = (runs.c[name] for name in ("comparison_id", "round", "arm", "state", "process"))
        answered = select(*told).where(runs.c.comparison_id.in_(judged)).order_by(runs.c.attempt)
        with self._database.read() as connection:
            rows = connection.execute(about).all()
            answers = connection.execute(answered).all()
            found = _find(connection, is_of(votes, voter))
            others = self._database.live_processes(connection) - {self._database.process}
        said: defaultdict[str, list[Vote]] = defaultdict(list)
        for vote in found:
            said[vote.comparison_id].append(vote)
        latest: defaultdict[str, dict[tuple[int, int], Row[Any]]] = defaultdict(dict)
        for answer in answers:
            latest[answer.comparison_id][answer.round, answer.arm] = answer
        return tuple(
            StoredVotes(
                row.id,
                tuple(said[row.id]),
                tuple(row.tags),
                row.plan,
                tuple(cell for cell, answer in latest[row.id].items() if answer.state == RunState.COMPLETE),
                goes_on_in(others, row.process, latest[row.id].values()),
            )
            for row in rows
        )


def _find(connection: Connection, which: ColumnElement[bool]) -> tuple[Vote, ...]:
    oldest = votes.c.voted_at, votes.c.comparison_id, votes.c.round, votes.c.first_arm, votes.c.second_arm
    rows = connection.execute(select(*(votes.c[name] for name in _FACTS)).where(which).order_by(*oldest))
    return tuple(Vote(**{**row._mapping, "verdict": Verdict(row.verdict)}) for row in rows)  # noqa: SLF001 - its public name


def _voted() -> KeylessError:
    return KeylessError("You have voted on these two answers already.", "Go on with the next pair.")


def _seen() -> KeylessError:
    return KeylessError(
        "You have seen the names of these answers, so that a vote would not be blind any more.",
        "Repeat the comparison to vote again.",
    )
