"""Conversations: what each person asked and was answered, readable by that person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select, update

from core.errors import NotFound
from core.storage.records import (
    Conversation,
    ConversationHeading,
    Owner,
    RunError,
    RunRecord,
    RunState,
    Turn,
)
from core.storage.stored_runs import StoredRuns, run_of
from core.storage.tables import conversations, runs, turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from core.storage.engine import Database

__all__ = [
    "Conversation",
    "ConversationHeading",
    "ConversationStore",
    "Owner",
    "RunError",
    "RunRecord",
    "RunState",
    "Turn",
]

# Built once: building a statement takes longer than SQLite takes to answer it.
_are_mine: ColumnElement[bool] = and_(
    conversations.c.tenant_id == bindparam("tenant"), conversations.c.object_id == bindparam("object")
)
_is_mine: ColumnElement[bool] = and_(conversations.c.id == bindparam("conversation"), _are_mine)
_headings = (
    select(conversations.c.id, conversations.c.title, conversations.c.updated_at)
    .where(_are_mine)
    .order_by(conversations.c.updated_at.desc(), conversations.c.id)
    .limit(bindparam("limit"))
)
_conversation = select(conversations).where(_is_mine)
_turns = select(turns).join(conversations).where(_is_mine).order_by(turns.c.position)
_runs = (
    select(runs)
    .join(conversations, runs.c.conversation_id == conversations.c.id)
    .where(_is_mine)
    .order_by(runs.c.position)
)


class ConversationStore:
    """Conversations in the database.

    Methods that begin with ``owner`` raise ``NotFound`` for what is not there or belongs to somebody else: the
    owner is part of the statement that finds the conversation, never checked afterwards. All raise ``StorageError``
    (or return a future that does) when the database fails.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._runs = StoredRuns(database, runs)
        self._clock = clock

    def ask(
        self, owner: Owner, run: RunRecord, prompt: str, *, title: str | None = None, replaces_turn: str | None = None
    ) -> None:
        """Store a prompt and the run that is about to answer it: all of it or nothing, without waiting for a disk.

        ``run`` brings the ids: of the turn, which is new, and of the conversation, which begins with it when there is
        a ``title`` and otherwise has to be there. ``replaces_turn`` and the turns after it stay stored, but count as
        superseded.
        """

        def work(connection: Connection) -> None:
            position = 1
            if title is not None:
                self._create(connection, owner, run.conversation_id, title)
            else:
                self._use(connection, owner, run.conversation_id)
                if replaces_turn is not None:
                    _supersede_from(connection, run.conversation_id, replaces_turn)
                position = _next_position(connection, turns, turns.c.conversation_id == run.conversation_id)
            turn = {"id": run.turn_id, "conversation_id": run.conversation_id, "position": position, "prompt": prompt}
            connection.execute(insert(turns), {**turn, "superseded": False})
            self._insert_run(connection, run, position=1)

        self._database.write(work, lasting=False)

    def get(self, owner: Owner, conversation_id: str) -> Conversation:
        """The whole conversation: all turns in order, superseded ones too, each with its runs, the latest last."""
        mine = _mine(owner, conversation_id)
        with self._database.read() as connection:
            row = connection.execute(_conversation, mine).one_or_none()
            if row is None:
                raise NotFound
            asked = connection.execute(_turns, mine).all()
            answered = connection.execute(_runs, mine).all()
        of_turn: dict[str, list[RunRecord]] = {}
        for run in answered:
            of_turn.setdefault(run.turn_id, []).append(
                run_of(run, conversation_id=run.conversation_id, turn_id=run.turn_id)
            )
        return Conversation(
            id=row.id,
            title=row.title,
            created_at=row.created_at,
            updated_at=row.updated_at,
            turns=tuple(
                Turn(turn.id, turn.position, turn.prompt, turn.superseded, tuple(of_turn.get(turn.id, ())))
                for turn in asked
            ),
        )

    def list(self, owner: Owner, limit: int = 50) -> tuple[ConversationHeading, ...]:
        """The conversations of this person, the one used last first."""
        mine = {"tenant": owner[0], "object": owner[1], "limit": limit}
        with self._database.read() as connection:
            return tuple(ConversationHeading(*row) for row in connection.execute(_headings, mine))

    def rename(self, owner: Owner, conversation_id: str, title: str) -> None:
        """Give the conversation another title."""
        change, mine = update(conversations).where(_is_mine).values(title=title), _mine(owner, conversation_id)
        if not self._database.write(lambda connection: connection.execute(change, mine).rowcount):
            raise NotFound

    def delete(self, owner: Owner, conversation_id: str) -> None:
        """Delete the conversation with all turns and runs. A run that still streams leaves nothing behind."""
        gone, mine = delete(conversations).where(_is_mine), _mine(owner, conversation_id)
        if not self._database.write(lambda connection: connection.execute(gone, mine).rowcount):
            raise NotFound

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        """Store that a run is about to call its deployment; it has to be stored before the call is made."""

        def work(connection: Connection) -> None:
            self._use(connection, owner, run.conversation_id)
            of_turn = and_(turns.c.id == run.turn_id, turns.c.conversation_id == run.conversation_id)
            if connection.execute(select(turns.c.id).where(of_turn)).one_or_none() is None:
                raise NotFound
            self._insert_run(connection, run, _next_position(connection, runs, runs.c.turn_id == run.turn_id))

        self._database.write(work, lasting=False)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Store the text so far, without waiting. False when the run is over or was deleted."""
        return self._runs.save_progress(run_id, text)

    def finish_run(self, run: RunRecord) -> Future[bool]:
        """Store how the run ended, without waiting; see ``StoredRuns.finish``."""
        return self._runs.finish(run)

    def interrupt_orphans(self) -> int:
        """Mark the running runs of processes that are gone as interrupted; how many there were. For the start."""
        return self._runs.interrupt_orphans()

    def _create(self, connection: Connection, owner: Owner, conversation_id: str, title: str) -> None:
        now = self._clock()
        row = {"id": conversation_id, "tenant_id": owner[0], "object_id": owner[1], "title": title}
        connection.execute(insert(conversations), {**row, "created_at": now, "updated_at": now})

    def _insert_run(self, connection: Connection, run: RunRecord, position: int) -> None:
        belongings = {"conversation_id": run.conversation_id, "turn_id": run.turn_id}
        self._runs.insert(connection, run, position=position, **belongings)

    def _use(self, connection: Connection, owner: Owner, conversation_id: str) -> None:
        """Check the owner, and lock the conversation until the transaction ends: positions must not collide."""
        change = update(conversations).where(_is_mine).values(updated_at=self._clock())
        if not connection.execute(change, _mine(owner, conversation_id)).rowcount:
            raise NotFound


def _mine(owner: Owner, conversation_id: str) -> dict[str, str]:
    """The values of ``_is_mine``."""
    return {"conversation": conversation_id, "tenant": owner[0], "object": owner[1]}


def _supersede_from(connection: Connection, conversation_id: str, turn_id: str) -> None:
    inside = turns.c.conversation_id == conversation_id
    first = connection.execute(select(turns.c.position).where(inside, turns.c.id == turn_id)).scalar()
    if first is None:
        raise NotFound
    connection.execute(update(turns).where(inside, turns.c.position >= first).values(superseded=True))


def _next_position(connection: Connection, table: Table, siblings: ColumnElement[bool]) -> int:
    highest: int | None = connection.execute(select(func.max(table.c.position)).where(siblings)).scalar()
    return 1 if highest is None else highest + 1
