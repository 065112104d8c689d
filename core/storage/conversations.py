"""Conversations: what each person asked and was answered, readable by that person alone."""

from __future__ import annotations

import secrets
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select, update

from core.errors import NotFound
from core.storage.columns import storable
from core.storage.records import (
    Conversation,
    ConversationHeading,
    Owner,
    RunError,
    RunRecord,
    RunState,
    Turn,
)
from core.storage.tables import conversations, runs, turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sqlalchemy import Connection, Row, Table

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

_RUN_FIELDS = tuple(field.name for field in fields(RunRecord))


class ConversationStore:
    """Conversations in the database.

    Methods that begin with ``owner`` raise ``NotFound`` for what is not there or belongs to somebody else: the
    owner is part of the statement that finds the conversation, never checked afterwards. All raise ``StorageError``
    (or return a future that does) when the database fails.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def create(self, owner: Owner, *, title: str) -> Conversation:
        """Begin a conversation without turns."""
        now = self._clock()
        begun = Conversation(secrets.token_urlsafe(12), storable(title), created_at=now, updated_at=now, turns=())
        self._database.write(lambda connection: _create(connection, owner, begun))
        return begun

    def ask(
        self, owner: Owner, run: RunRecord, prompt: str, *, title: str | None = None, replaces_turn: str | None = None
    ) -> None:
        """Store a prompt and the run that is about to answer it: all of it or nothing, with one wait for the disk.

        ``run`` brings the ids: of the turn, which is new, and of the conversation, which begins with it when there is
        a ``title`` and otherwise has to be there. ``replaces_turn`` as in ``add_turn``.
        """
        now = self._clock()

        def work(connection: Connection) -> None:
            if title is not None:
                begun = Conversation(run.conversation_id, storable(title), created_at=now, updated_at=now, turns=())
                _create(connection, owner, begun)
            self._add_turn(connection, owner, run.conversation_id, run.turn_id, prompt, replaces_turn)
            self._insert_run(connection, run, position=1)

        self._database.write(work)

    def get(self, owner: Owner, conversation_id: str) -> Conversation:
        """The whole conversation: all turns in order, superseded ones too, each with its runs, the latest last."""
        mine = _mine(owner, conversation_id)
        with self._database.read() as connection:
            row = connection.execute(select(conversations).where(mine)).one_or_none()
            if row is None:
                raise NotFound
            asked = connection.execute(_within(turns, mine).order_by(turns.c.position)).all()
            answered = connection.execute(_within(runs, mine).order_by(runs.c.position)).all()
        of_turn: dict[str, list[RunRecord]] = {}
        for run in answered:
            of_turn.setdefault(run.turn_id, []).append(_run(run))
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
        statement = (
            select(conversations.c.id, conversations.c.title, conversations.c.updated_at)
            .where(_of(owner))
            .order_by(conversations.c.updated_at.desc(), conversations.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(ConversationHeading(*row) for row in connection.execute(statement))

    def rename(self, owner: Owner, conversation_id: str, title: str) -> None:
        """Give the conversation another title."""
        change = update(conversations).where(_mine(owner, conversation_id)).values(title=title)
        if not self._database.write(lambda connection: connection.execute(change).rowcount):
            raise NotFound

    def delete(self, owner: Owner, conversation_id: str) -> None:
        """Delete the conversation with all turns and runs. A run that still streams leaves nothing behind."""
        gone = delete(conversations).where(_mine(owner, conversation_id))
        if not self._database.write(lambda connection: connection.execute(gone).rowcount):
            raise NotFound

    def add_turn(self, owner: Owner, conversation_id: str, prompt: str, *, replaces_turn: str | None = None) -> Turn:
        """Append a prompt. The turn it replaces, and those after that, stay stored but count as superseded."""
        turn_id = secrets.token_urlsafe(12)
        position = self._database.write(
            lambda connection: self._add_turn(connection, owner, conversation_id, turn_id, prompt, replaces_turn)
        )
        return Turn(turn_id, position, storable(prompt), superseded=False, runs=())

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        """Store that a run is about to call its deployment; it has to be stored before the call is made."""

        def work(connection: Connection) -> None:
            self._use(connection, owner, run.conversation_id)
            of_turn = and_(turns.c.id == run.turn_id, turns.c.conversation_id == run.conversation_id)
            if connection.execute(select(turns.c.id).where(of_turn)).one_or_none() is None:
                raise NotFound
            self._insert_run(connection, run, _next_position(connection, runs, runs.c.turn_id == run.turn_id))

        self._database.write(work)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Store the text so far, without waiting. False when the run is over or was deleted."""
        change = update(runs).where(runs.c.id == run_id, runs.c.state == RunState.RUNNING).values(text=text)
        return self._database.submit(lambda connection: connection.execute(change).rowcount == 1)

    def finish_run(self, run: RunRecord) -> Future[bool]:
        """Store how the run ended, with text, timings and usage, without waiting.

        False when it had ended before (the first end stays) or was deleted. A run that another process took for an
        orphan is put right.
        """
        row = {name: value for name, value in _row(run).items() if name not in ("id", "conversation_id", "turn_id")}
        unfinished = runs.c.state.in_((RunState.RUNNING, RunState.INTERRUPTED))
        change = update(runs).where(runs.c.id == run.id, unfinished).values(row)
        return self._database.submit(lambda connection: connection.execute(change).rowcount == 1)

    def interrupt_orphans(self) -> int:
        """Mark the running runs of processes that are gone as interrupted; how many there were. For the start."""

        def work(connection: Connection) -> int:
            alive = self._database.live_processes(connection)
            orphan = and_(runs.c.state == RunState.RUNNING, runs.c.process.not_in(alive))
            return connection.execute(update(runs).where(orphan).values(state=RunState.INTERRUPTED)).rowcount

        return self._database.write(work)

    def _add_turn(  # noqa: PLR0913, PLR0917 - the parts of a turn
        self,
        connection: Connection,
        owner: Owner,
        conversation_id: str,
        turn_id: str,
        prompt: str,
        replaces_turn: str | None,
    ) -> int:
        self._use(connection, owner, conversation_id)
        if replaces_turn is not None:
            _supersede_from(connection, conversation_id, replaces_turn)
        position = _next_position(connection, turns, turns.c.conversation_id == conversation_id)
        connection.execute(
            insert(turns).values(
                id=turn_id, conversation_id=conversation_id, position=position, prompt=prompt, superseded=False
            )
        )
        return position

    def _insert_run(self, connection: Connection, run: RunRecord, position: int) -> None:
        row = {**_row(run), "position": position, "process": self._database.process}
        connection.execute(insert(runs).values(row))

    def _use(self, connection: Connection, owner: Owner, conversation_id: str) -> None:
        """Check the owner, and lock the conversation until the transaction ends: positions must not collide."""
        change = update(conversations).where(_mine(owner, conversation_id)).values(updated_at=self._clock())
        if not connection.execute(change).rowcount:
            raise NotFound


def _create(connection: Connection, owner: Owner, begun: Conversation) -> None:
    connection.execute(
        insert(conversations).values(
            id=begun.id,
            tenant_id=owner[0],
            object_id=owner[1],
            title=begun.title,
            created_at=begun.created_at,
            updated_at=begun.updated_at,
        )
    )


def _of(owner: Owner) -> ColumnElement[bool]:
    return and_(conversations.c.tenant_id == owner[0], conversations.c.object_id == owner[1])


def _mine(owner: Owner, conversation_id: str) -> ColumnElement[bool]:
    return and_(conversations.c.id == conversation_id, _of(owner))


def _within(table: Table, mine: ColumnElement[bool]) -> Select[Any]:
    return select(table).join(conversations, table.c.conversation_id == conversations.c.id).where(mine)


def _supersede_from(connection: Connection, conversation_id: str, turn_id: str) -> None:
    inside = turns.c.conversation_id == conversation_id
    first = connection.execute(select(turns.c.position).where(inside, turns.c.id == turn_id)).scalar()
    if first is None:
        raise NotFound
    connection.execute(update(turns).where(inside, turns.c.position >= first).values(superseded=True))


def _next_position(connection: Connection, table: Table, siblings: ColumnElement[bool]) -> int:
    highest: int | None = connection.execute(select(func.max(table.c.position)).where(siblings)).scalar()
    return 1 if highest is None else highest + 1


def _row(run: RunRecord) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _RUN_FIELDS}
    return {**row, "notices": list(run.notices), "error": None if run.error is None else _error_row(run.error)}


def _run(row: Row[Any]) -> RunRecord:
    facts = {name: getattr(row, name) for name in _RUN_FIELDS}
    facts["state"] = RunState(row.state)
    facts["notices"] = tuple(row.notices)
    facts["error"] = None if row.error is None else _error(row.error)
    return RunRecord(**facts)


def _error_row(error: RunError) -> dict[str, Any]:
    return {**asdict(error), "retry_at": error.retry_at.isoformat() if error.retry_at else None}


def _error(row: dict[str, Any]) -> RunError:
    at = row.get("retry_at")
    return RunError(**{**row, "retry_at": datetime.fromisoformat(at) if at else None})
