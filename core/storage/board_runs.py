"""Runs that were made for a board, and the good ones among them that may be shown again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from core.storage.board_rights import is_member, require_editor, role_of
from core.storage.ownership import is_of
from core.storage.records import RunRecord, RunState
from core.storage.stored_runs import StoredRuns, run_of
from core.storage.tables import board_members, board_runs, board_shares, boards

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sqlalchemy import Connection, Row

    from core.storage.engine import Database
    from core.storage.records import Owner


class BoardRuns:
    """The runs of boards. A run's ``conversation_id`` is the board's id, its ``turn_id`` the id of its generation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._runs = StoredRuns(database, board_runs)

    def rows(self, fingerprint: str) -> BoardRunRows:
        """Where runs are stored that answer the brief with this fingerprint."""
        return BoardRunRows(self._database, self._runs, fingerprint)

    def of_board(self, person: Owner, board_id: str) -> tuple[RunRecord, ...]:
        """Every run of the board, oldest first; for those who may read it."""
        in_order = (
            select(board_runs)
            .where(board_runs.c.board_id == board_id)
            .order_by(board_runs.c.started_at, board_runs.c.id)
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            return tuple(_run(row) for row in connection.execute(in_order))

    def answers(self, person: Owner, board_id: str, fingerprint: str, limit: int = 20) -> tuple[RunRecord, ...]:
        """Whole answers to the same brief, on boards of the same owner that this person may read; newest first."""
        owner = select(boards.c.tenant_id, boards.c.object_id).where(boards.c.id == board_id)
        joined = (
            select(board_shares.c.board_id)
            .join(board_members, board_members.c.share_id == board_shares.c.id)
            .where(is_member(person))
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            tenant_id, object_id = connection.execute(owner).one()
            statement = (
                select(board_runs)
                .join(boards, boards.c.id == board_runs.c.board_id)
                .where(
                    is_of(boards, (tenant_id, object_id)),
                    or_(is_of(boards, person), boards.c.id.in_(joined)),
                    board_runs.c.fingerprint == fingerprint,
                    board_runs.c.state == RunState.COMPLETE,
                    board_runs.c.text != "",
                )
                .order_by(board_runs.c.started_at.desc(), board_runs.c.id)
                .limit(limit)
            )
            return tuple(_run(row) for row in connection.execute(statement))

    def latest(self, person: Owner, board_id: str, fingerprint: str) -> tuple[RunRecord, ...]:
        """The runs of the last generation of this brief on the board, however they ended."""
        in_order = (
            select(board_runs)
            .where(board_runs.c.board_id == board_id, board_runs.c.fingerprint == fingerprint)
            .order_by(board_runs.c.started_at, board_runs.c.id)
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            runs = [_run(row) for row in connection.execute(in_order)]
        return tuple(run for run in runs if run.turn_id == runs[-1].turn_id)

    def interrupt_orphans(self) -> int:
        """Mark the running runs of processes that are gone as interrupted; how many there were. For the start."""
        return self._runs.interrupt_orphans()


@dataclass(frozen=True, slots=True)
class BoardRunRows:
    """The ``RunRows`` of one generation."""

    _database: Database
    _runs: StoredRuns
    _fingerprint: str

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        """Store that a run is about to call its deployment.

        Raises:
            NotFound: The board is not there, or its person may not change it any more.
        """

        def work(connection: Connection) -> None:
            require_editor(connection, owner, run.conversation_id)
            belongings = {"board_id": run.conversation_id, "generation": run.turn_id}
            self._runs.insert(connection, run, fingerprint=self._fingerprint, **belongings)

        self._database.write(work)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Store the text so far, without waiting; see ``StoredRuns.save_progress``."""
        return self._runs.save_progress(run_id, text)

    def finish_run(self, run: RunRecord) -> Future[bool]:
        """Store how the run ended, without waiting; see ``StoredRuns.finish``."""
        return self._runs.finish(run)


def _run(row: Row[Any]) -> RunRecord:
    return run_of(row, conversation_id=row.board_id, turn_id=row.generation)
