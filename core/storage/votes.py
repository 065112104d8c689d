"""Votes on the answers of comparisons: one of each person on each pair of each round."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, insert, or_, select

from core.errors import KeylessError, NotFound
from core.storage.comparison_records import EVERYTHING, StoredVote, Verdict, Vote
from core.storage.comparisons import owned, readable
from core.storage.tables import comparison_votes as votes
from core.storage.tables import comparisons

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
                _by(voter), votes.c.comparison_id == vote.comparison_id, or_(same, votes.c.round == EVERYTHING)
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
            return _find(connection, and_(_by(voter), votes.c.comparison_id == comparison_id))

    def of_person(self, voter: Owner) -> tuple[StoredVote, ...]:
        """This person's votes on all comparisons that they may still read, oldest first."""
        # Thousands of votes may be about one comparison, and its plan may be long: it is read once.
        judged = select(votes.c.comparison_id).where(_by(voter))
        about = select(comparisons.c.id, comparisons.c.tags, comparisons.c.plan).where(
            comparisons.c.id.in_(judged), or_(owned(voter), comparisons.c.is_shared)
        )
        with self._database.read() as connection:
            read = {row.id: row for row in connection.execute(about)}
            found = _find(connection, _by(voter))
        return tuple(
            StoredVote(vote, tuple(row.tags), row.plan) for vote in found if (row := read.get(vote.comparison_id))
        )


def _find(connection: Connection, which: ColumnElement[bool]) -> tuple[Vote, ...]:
    oldest = votes.c.voted_at, votes.c.comparison_id, votes.c.round, votes.c.first_arm, votes.c.second_arm
    rows = connection.execute(select(*(votes.c[name] for name in _FACTS)).where(which).order_by(*oldest))
    return tuple(Vote(**{**row._mapping, "verdict": Verdict(row.verdict)}) for row in rows)  # noqa: SLF001 - its public name


def _by(voter: Owner) -> ColumnElement[bool]:
    return and_(votes.c.tenant_id == voter[0], votes.c.object_id == voter[1])


def _voted() -> KeylessError:
    return KeylessError("You have voted on these two answers already.", "Go on with the next pair.")


def _seen() -> KeylessError:
    return KeylessError(
        "You have seen the names of these answers, so that a vote would not be blind any more.",
        "Repeat the comparison to vote again.",
    )
