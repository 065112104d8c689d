"""Votes of an audience on cards of a board: one for each person."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, insert, select, update

from core.errors import KeylessError, NotFound
from core.storage.board_records import Choice, Poll
from core.storage.board_rights import require_editor, role_of
from core.storage.ownership import is_of
from core.storage.tables import board_polls, board_votes, boards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from core.storage.engine import Database
    from core.storage.records import Owner


_ID_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH: Final = 10


class BoardPolls:
    """Votes in the database. The id of a poll cannot be guessed, and whoever has it may look and vote."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def open(self, person: Owner, board_id: str, question: str, choices: Sequence[Choice]) -> Poll:
        """Open a vote; for those who may edit the board, ``NotFound`` for others.

        Raises:
            KeylessError: Another one is open: an audience with one link must not be counted apart from another.
        """
        poll = Poll(_new_id(), board_id, question, tuple(choices), self._clock(), None, {})

        # Locks the board until the transaction ends: of two votes opened in the same moment one is the first.
        lock = update(boards).where(boards.c.id == board_id).values(version=boards.c.version)
        still_open = select(board_polls.c.id).where(
            board_polls.c.board_id == board_id, board_polls.c.closed_at.is_(None)
        )

        def work(connection: Connection) -> None:
            require_editor(connection, person, board_id)
            connection.execute(lock)
            if connection.execute(still_open).first() is not None:
                raise KeylessError("A vote on this board is open already.", "Close it before you open another one.")
            row = {"id": poll.id, "board_id": board_id, "question": question, "opened_at": poll.opened_at}
            connection.execute(
                insert(board_polls).values(**row, choices=[asdict(choice) for choice in choices], closed_at=None)
            )

        self._database.write(work)
        return poll

    def get(self, poll_id: str) -> Poll:
        """The vote with what was cast so far."""
        with self._database.read() as connection:
            row = connection.execute(select(board_polls).where(board_polls.c.id == poll_id)).one_or_none()
            if row is None:
                raise NotFound
            return _poll(connection, row)

    def of_board(self, person: Owner, board_id: str) -> tuple[Poll, ...]:
        """Every vote of the board, the newest first; for those who may read it."""
        newest_first = (
            select(board_polls)
            .where(board_polls.c.board_id == board_id)
            .order_by(board_polls.c.opened_at.desc(), board_polls.c.id)
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            return tuple(_poll(connection, row) for row in connection.execute(newest_first).all())

    def vote_of(self, person: Owner, poll_id: str) -> str:
        """The card that this person voted for, or ""."""
        mine = select(board_votes.c.card_id).where(_of(poll_id, person))
        with self._database.read() as connection:
            return connection.execute(mine).scalar_one_or_none() or ""

    def cast(self, person: Owner, poll_id: str, card_id: str) -> bool:
        """Vote, or change the vote; False when the vote is closed.

        Raises:
            NotFound: There is no such vote, or no such card in it.
        """
        now = self._clock()
        is_open = and_(board_polls.c.id == poll_id, board_polls.c.closed_at.is_(None))
        # Locks the vote until the transaction ends: nothing is counted after it was closed, nor twice.
        lock = update(board_polls).where(is_open).values(question=board_polls.c.question)
        change = update(board_votes).where(_of(poll_id, person)).values(card_id=card_id, voted_at=now)
        row = {"poll_id": poll_id, "tenant_id": person[0], "object_id": person[1]}

        def work(connection: Connection) -> bool:
            choices = connection.execute(
                select(board_polls.c.choices).where(board_polls.c.id == poll_id)
            ).scalar_one_or_none()
            if card_id not in {choice["card_id"] for choice in choices or ()}:
                raise NotFound
            if not connection.execute(lock).rowcount:
                return False
            if not connection.execute(change).rowcount:
                connection.execute(insert(board_votes).values(**row, card_id=card_id, voted_at=now))
            return True

        return self._database.write(work)

    def close(self, person: Owner, poll_id: str) -> None:
        """Take no more votes; for those who may edit the board. Closing twice keeps the first moment."""
        now = self._clock()
        still_open = and_(board_polls.c.id == poll_id, board_polls.c.closed_at.is_(None))

        def work(connection: Connection) -> None:
            board_id = connection.execute(
                select(board_polls.c.board_id).where(board_polls.c.id == poll_id)
            ).scalar_one_or_none()
            require_editor(connection, person, board_id or "")
            connection.execute(update(board_polls).where(still_open).values(closed_at=now))

        self._database.write(work)


def _new_id() -> str:
    """Short enough to be typed from a screen, without letters that look alike, and not to be guessed: 49 bits."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))


def _of(poll_id: str, person: Owner) -> ColumnElement[bool]:
    return and_(board_votes.c.poll_id == poll_id, is_of(board_votes, person))


def _poll(connection: Connection, row: Row[Any]) -> Poll:
    counted = select(board_votes.c.card_id, func.count()).where(board_votes.c.poll_id == row.id).group_by("card_id")
    votes = {card_id: int(count) for card_id, count in connection.execute(counted)}
    choices = tuple(Choice(**choice) for choice in row.choices)
    return Poll(row.id, row.board_id, row.question, choices, row.opened_at, row.closed_at, votes)
