"""Rows of runs: alike in every table that keeps runs, whatever they belong to."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, insert, update

from core.storage.records import RunRecord, RunState, run_error_from

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sqlalchemy import Connection, Row, Table, Update

    from core.storage.engine import Database

BELONGINGS: Final = frozenset({"conversation_id", "turn_id"})
"""What a run belongs to; each table keeps that in columns of its own."""

_FACTS: Final = tuple(field.name for field in fields(RunRecord) if field.name not in BELONGINGS)


class StoredRuns:
    """The runs of one table, made with ``run_columns``."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        # Built once: building a statement takes longer than SQLite takes to carry it out.
        is_it = table.c.id == bindparam("run")
        self._progress = update(table).where(is_it, table.c.state == RunState.RUNNING)
        self._end = update(table).where(is_it, table.c.state.in_((RunState.RUNNING, RunState.INTERRUPTED)))

    def insert(self, connection: Connection, run: RunRecord, **belongings: str | int) -> None:
        """Store a run that begins, with the columns that say what it belongs to."""
        row = {**_row(run), **belongings, "process": self._database.process}
        connection.execute(insert(self._table), row)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Store the text so far, without waiting. False when the run is over or was deleted."""
        return self._submit(self._progress, {"run": run_id, "text": text}, lasting=False)

    def finish(self, run: RunRecord) -> Future[bool]:
        """Store how the run ended, with text, timings and usage, without waiting.

        False when it had ended before (the first end stays) or was deleted. A run that another process took for an
        orphan is put right.
        """
        row = {name: value for name, value in _row(run).items() if name != "id"}
        return self._submit(self._end, {**row, "run": run.id}, lasting=True)

    def interrupt_orphans(self) -> int:
        """Mark the running runs of processes that are gone as interrupted; how many there were. For the start."""
        runs = self._table

        def work(connection: Connection) -> int:
            alive = self._database.live_processes(connection)
            orphan = and_(runs.c.state == RunState.RUNNING, runs.c.process.not_in(alive))
            return connection.execute(update(runs).where(orphan).values(state=RunState.INTERRUPTED)).rowcount

        return self._database.write(work)

    def _submit(self, change: Update, values: dict[str, Any], *, lasting: bool) -> Future[bool]:
        return self._database.submit(
            lambda connection: connection.execute(change, values).rowcount == 1, lasting=lasting
        )


def run_of(row: Row[Any], *, conversation_id: str, turn_id: str) -> RunRecord:
    """A row of such a table as a record; what it belongs to is said by who knows the table."""
    facts = {name: getattr(row, name) for name in _FACTS}
    facts["state"] = RunState(row.state)
    facts["notices"] = tuple(row.notices)
    facts["error"] = None if row.error is None else run_error_from(row.error)
    return RunRecord(conversation_id=conversation_id, turn_id=turn_id, **facts)


def _row(run: RunRecord) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _FACTS}
    return {**row, "notices": list(run.notices), "error": None if run.error is None else run.error.as_dict()}
