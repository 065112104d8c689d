"""Comparisons: their rows, those of their answers, and the votes on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from core.errors import NotFound
from core.storage.comparison_records import Cell, ComparisonHeading, StoredComparison
from core.storage.ownership import is_of
from core.storage.records import RunState
from core.storage.stored_runs import StoredRuns, run_of
from core.storage.tables import comparison_runs as runs
from core.storage.tables import comparisons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from core.storage.engine import Database
    from core.storage.records import Owner, RunRecord

_AS_IT_IS: Final = ("id", "title", "plan", "is_shared", "previous_id", "created_at", "updated_at")


class ComparisonStore:
    """Comparisons in the database.

    Whoever may not read or change something gets ``NotFound``: the person is part of the statement that finds it,
    never checked afterwards. All methods raise ``StorageError`` (or return a future that does) when the database
    fails.

    A comparison is carried by one process at a time. That process has *claimed* it, and loses the claim when it ends
    in whichever way; so nobody asks a second time for what another process is being answered.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._runs = StoredRuns(database, runs)
        self._clock = clock

    def create(self, begun: StoredComparison) -> None:
        """Store a comparison that begins, without answers, and claim it."""
        row = {
            **{name: getattr(begun, name) for name in _AS_IT_IS},
            "tenant_id": begun.owner[0],
            "object_id": begun.owner[1],
            "tags": list(begun.tags),
            "notices": list(begun.notices),
            "process": self._database.process,
        }
        self._database.write(lambda connection: connection.execute(insert(comparisons).values(row)).rowcount)

    def get(self, reader: Owner, comparison_id: str) -> StoredComparison:
        """All of a comparison: the reader's own, or a shared one."""
        with self._database.read() as connection:
            row = connection.execute(select(comparisons).where(readable(reader, comparison_id))).one_or_none()
            if row is None:
                raise NotFound
            of_it = select(runs).where(runs.c.comparison_id == comparison_id)
            answers = connection.execute(of_it.order_by(runs.c.round, runs.c.arm, runs.c.attempt)).all()
            alive = self._database.live_processes(connection)
        cells = {(answer.round, answer.arm): _cell(answer, alive) for answer in answers}
        is_running_elsewhere = goes_on_in(alive - {self._database.process}, row.process, answers)
        return replace(_stored(row), cells=tuple(cells.values()), is_running_elsewhere=is_running_elsewhere)

    def list(self, owner: Owner, limit: int = 50) -> tuple[ComparisonHeading, ...]:
        """The owner's comparisons, the one used last first."""
        newest = comparisons.c.updated_at.desc(), comparisons.c.id
        # Not the plans: their prompts may be long, and this is read whenever a page is drawn.
        told = select(comparisons.c.id, comparisons.c.title, comparisons.c.tags, comparisons.c.updated_at)
        with self._database.read() as connection:
            rows = connection.execute(told.where(is_of(comparisons, owner)).order_by(*newest).limit(limit)).all()
        return tuple(ComparisonHeading(row.id, row.title, tuple(row.tags), row.updated_at) for row in rows)

    def rename(self, owner: Owner, comparison_id: str, title: str) -> None:
        """Give it another title."""
        self._change(owner, comparison_id, title=title)

    def tag(self, owner: Owner, comparison_id: str, tags: Sequence[str]) -> None:
        """Put these tags in the place of all it had."""
        self._change(owner, comparison_id, tags=[*tags])

    def share(self, owner: Owner, comparison_id: str, *, is_shared: bool) -> None:
        """Let everybody read it, or the owner alone."""
        self._change(owner, comparison_id, is_shared=is_shared)

    def delete(self, owner: Owner, comparison_id: str) -> None:
        """Delete it with its answers and votes."""
        gone = delete(comparisons).where(_mine(owner, comparison_id))
        if not self._database.write(lambda connection: connection.execute(gone).rowcount):
            raise NotFound

    def claim(self, owner: Owner, comparison_id: str) -> bool:
        """Carry it in this process from now on; False when another living process does."""

        def work(connection: Connection) -> bool:
            # The row stays locked: of two processes that want it, the second sees what the first did.
            locked = select(comparisons.c.process).where(_mine(owner, comparison_id)).with_for_update()
            row = connection.execute(locked).one_or_none()
            if row is None:
                raise NotFound
            others = self._database.live_processes(connection) - {self._database.process}
            going_on = select(runs.c.id).where(
                runs.c.comparison_id == comparison_id,
                runs.c.state == RunState.RUNNING,
                runs.c.process.in_(others),
            )
            if row.process in others or connection.execute(going_on).first():
                return False
            ours = update(comparisons).where(comparisons.c.id == comparison_id)
            connection.execute(ours.values(process=self._database.process))
            return True

        return self._database.write(work)

    def is_claimed(self, comparison_id: str) -> bool:
        """Whether this process still carries it: it was neither called off nor deleted elsewhere."""
        with self._database.read() as connection:
            return (
                connection.execute(select(comparisons.c.id).where(self._claimed(comparison_id))).first() is not None
            )

    def release(self, comparison_id: str, notices: Sequence[str]) -> None:
        """This process carries it no longer, and leaves these notices with it."""
        ended = update(comparisons).where(self._claimed(comparison_id)).values(process=None, notices=[*notices])
        self._database.write(lambda connection: connection.execute(ended).rowcount)

    def call_off(self, owner: Owner, comparison_id: str) -> None:
        """Take the claim from whichever process has it: that one stops its answers and begins no more rounds."""
        self._change(owner, comparison_id, process=None)

    def begin_round(self, comparison_id: str, begun: Sequence[RunRecord], notices: Sequence[str]) -> None:
        """Store answers that are about to be asked for, all or none. Each ``turn_id`` is a ``cell_name``.

        Raises:
            NotFound: The comparison was deleted, or the claim was taken away.
        """

        def work(connection: Connection) -> None:
            values = {"updated_at": self._clock(), "notices": [*notices]}
            if not connection.execute(
                update(comparisons).where(self._claimed(comparison_id)).values(values)
            ).rowcount:
                raise NotFound
            for run in begun:
                self._insert(connection, run)

        self._database.write(work)

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        """Store one answer that is about to be asked for."""

        def work(connection: Connection) -> None:
            used = update(comparisons).where(_mine(owner, run.conversation_id)).values(updated_at=self._clock())
            if not connection.execute(used).rowcount:
                raise NotFound
            self._insert(connection, run)

        self._database.write(work)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Store the text so far, without waiting. False when the run is over or was deleted."""
        return self._runs.save_progress(run_id, text)

    def finish_run(self, run: RunRecord) -> Future[bool]:
        """Store how the run ended, without waiting; see ``StoredRuns.finish``."""
        return self._runs.finish(run)

    def interrupt_orphans(self) -> int:
        """Mark the running runs of processes that are gone as interrupted; how many there were. For the start."""
        return self._runs.interrupt_orphans()

    def last_seconds(self, deployment_ids: Sequence[str]) -> dict[str, float]:
        """How long the latest complete answer of each deployment took; those without one are left out."""
        with self._database.read() as connection:
            found = ((each, connection.execute(_latest_seconds(each)).scalar()) for each in set(deployment_ids))
            return {deployment_id: float(seconds) for deployment_id, seconds in found if seconds is not None}

    def _insert(self, connection: Connection, run: RunRecord) -> None:
        number, arm = map(int, run.turn_id.split("-"))
        of_cell = and_(runs.c.comparison_id == run.conversation_id, runs.c.round == number, runs.c.arm == arm)
        attempt = 1 + (connection.execute(select(func.max(runs.c.attempt)).where(of_cell)).scalar() or 0)
        cell = {"round": number, "arm": arm, "attempt": attempt}
        self._runs.insert(connection, run, comparison_id=run.conversation_id, **cell)

    def _claimed(self, comparison_id: str) -> ColumnElement[bool]:
        return and_(comparisons.c.id == comparison_id, comparisons.c.process == self._database.process)

    def _change(self, owner: Owner, comparison_id: str, **values: Any) -> None:  # noqa: ANN401 - of any column
        change = update(comparisons).where(_mine(owner, comparison_id)).values(values)
        if not self._database.write(lambda connection: connection.execute(change).rowcount):
            raise NotFound


def cell_name(number: int, arm: int) -> str:
    """What the ``turn_id`` of an answer is: its round and its column, both counted from 0."""
    return f"{number}-{arm}"


def goes_on_in(processes: set[int], claimed_by: int | None, answers: Iterable[Row[Any]]) -> bool:
    """Whether one of these processes carries a comparison, or still answers what it asked for it."""
    return bool({claimed_by, *(answer.process for answer in answers if _is_running(answer))} & processes)


def readable(reader: Owner, comparison_id: str) -> ColumnElement[bool]:
    """This comparison, if this person may read it."""
    return and_(comparisons.c.id == comparison_id, or_(is_of(comparisons, reader), comparisons.c.is_shared))


def _mine(owner: Owner, comparison_id: str) -> ColumnElement[bool]:
    return and_(comparisons.c.id == comparison_id, is_of(comparisons, owner))


def _stored(row: Row[Any]) -> StoredComparison:
    return StoredComparison(
        id=row.id,
        owner=(row.tenant_id, row.object_id),
        title=row.title,
        plan=row.plan,
        tags=tuple(row.tags),
        is_shared=row.is_shared,
        previous_id=row.previous_id,
        notices=tuple(row.notices),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _is_running(answer: Row[Any]) -> bool:
    return bool(answer.state == RunState.RUNNING)


def _cell(answer: Row[Any], alive: set[int]) -> Cell:
    """An answer as it stands; one that runs in a process that is gone was interrupted."""
    run = run_of(answer, conversation_id=answer.comparison_id, turn_id=cell_name(answer.round, answer.arm))
    if _is_running(answer) and answer.process not in alive:
        run = replace(run, state=RunState.INTERRUPTED)
    return Cell(answer.round, answer.arm, run)


def _latest_seconds(deployment_id: str) -> Select[Any]:
    complete = and_(runs.c.deployment_id == deployment_id, runs.c.state == RunState.COMPLETE)
    return select(runs.c.total_seconds).where(complete).order_by(runs.c.started_at.desc()).limit(1)
