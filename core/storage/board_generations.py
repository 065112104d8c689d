"""How the making of cards goes: told by the process that makes them, seen and stopped from every other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, or_, select, update

from core.storage.board_records import StoredGeneration
from core.storage.board_rights import require_editor, role_of
from core.storage.tables import board_generations as generations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from core.storage.engine import Database
    from core.storage.records import Owner


class BoardGenerations:
    """Generations in the database. All methods raise ``StorageError`` when it fails."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def tell(
        self, person: Owner, board_id: str, generation_id: str, told: Mapping[str, Any], *, has_ended: bool = False
    ) -> bool:
        """Store how far a generation of this process is; whether somebody asked to stop it.

        The first time, what had ended before on this board is forgotten.

        Raises:
            NotFound: The board is not there, or its person may not change it any more.
        """
        now = self._clock()
        mine = generations.c.id == generation_id
        change = update(generations).where(mine).values(told=told, ended_at=now if has_ended else None)
        row = {
            "id": generation_id,
            "board_id": board_id,
            "process": self._database.process,
            "tenant_id": person[0],
            "object_id": person[1],
            "told": told,
            "is_stopping": False,
            "began_at": now,
            "ended_at": now if has_ended else None,
        }

        def work(connection: Connection) -> bool:
            if connection.execute(change).rowcount:
                return bool(connection.execute(select(generations.c.is_stopping).where(mine)).scalar_one())
            require_editor(connection, person, board_id)
            connection.execute(delete(generations).where(self._is_over(connection, board_id)))
            connection.execute(insert(generations).values(row))
            return False

        return self._database.write(work, lasting=has_ended)

    def is_stopping(self, generation_id: str) -> bool:
        """Whether somebody asked to stop it."""
        statement = select(generations.c.is_stopping).where(generations.c.id == generation_id)
        with self._database.read() as connection:
            return bool(connection.execute(statement).scalar_one_or_none())

    def of_board(self, person: Owner, board_id: str) -> tuple[StoredGeneration, ...]:
        """What is known of the board's latest generations, oldest first; for those who may read it."""
        in_order = (
            select(generations)
            .where(generations.c.board_id == board_id)
            .order_by(generations.c.began_at, generations.c.id)
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            rows = connection.execute(in_order).all()
            alive = self._database.live_processes(connection) if rows else set()
        return tuple(
            StoredGeneration(
                id=row.id,
                board_id=row.board_id,
                owner=(row.tenant_id, row.object_id),
                told=row.told,
                began_at=row.began_at,
                ended_at=row.ended_at,
                process_is_gone=row.process not in alive,
            )
            for row in rows
        )

    def stop(self, person: Owner, board_id: str) -> None:
        """Ask the processes that make cards for the board to stop; for those who may edit it."""
        change = update(generations).where(generations.c.board_id == board_id, generations.c.ended_at.is_(None))

        def work(connection: Connection) -> None:
            require_editor(connection, person, board_id)
            connection.execute(change.values(is_stopping=True))

        self._database.write(work)

    def _is_over(self, connection: Connection, board_id: str) -> ColumnElement[bool]:
        is_gone = generations.c.process.not_in(self._database.live_processes(connection))
        return and_(generations.c.board_id == board_id, or_(generations.c.ended_at.is_not(None), is_gone))
