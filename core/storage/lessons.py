"""What deployments were learned to refuse, so that the next call does not ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from sqlalchemy import bindparam, delete, select, text

from core.storage.tables import lessons

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.storage.engine import Database

# SQLAlchemy has this statement once per database; the words are the same in both.
_REPLACE = text(
    "INSERT INTO lessons (deployment_id, operation, parameter, action, replacement, learned_at) "
    "VALUES (:deployment_id, :operation, :parameter, :action, :replacement, :learned_at) "
    "ON CONFLICT (deployment_id, operation, parameter) DO UPDATE "
    "SET action = excluded.action, replacement = excluded.replacement, learned_at = excluded.learned_at"
).bindparams(*(bindparam(column.name, type_=column.type) for column in lessons.columns))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A parameter that a deployment does not take for an operation: to be dropped, or sent as ``replacement``."""

    deployment_id: str
    operation: str
    parameter: str
    action: Literal["drop", "rename"]
    replacement: str = ""


class LessonStore:
    """All lessons; there are few, and they concern no person.

    Every method raises ``StorageError`` when the database fails.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Lesson]:
        """Every lesson, by deployment, operation and parameter."""
        by_key = select(lessons).order_by(lessons.c.deployment_id, lessons.c.operation, lessons.c.parameter)
        with self._database.read() as connection:
            return [
                Lesson(
                    row.deployment_id,
                    row.operation,
                    row.parameter,
                    cast("Literal['drop', 'rename']", row.action),
                    row.replacement,
                )
                for row in connection.execute(by_key)
            ]

    def add(self, lesson: Lesson) -> None:
        """Learn, or learn anew: a deployment has one lesson per operation and parameter."""
        row = {
            "deployment_id": lesson.deployment_id,
            "operation": lesson.operation,
            "parameter": lesson.parameter,
            "action": lesson.action,
            "replacement": lesson.replacement,
            "learned_at": self._clock(),
        }
        self._database.write(lambda connection: connection.execute(_REPLACE, row).rowcount)

    def forget(self, deployment_id: str) -> None:
        """Forget what was learned about a deployment, such as when its model was changed."""
        gone = delete(lessons).where(lessons.c.deployment_id == deployment_id)
        self._database.write(lambda connection: connection.execute(gone).rowcount)
