"""The audit log: who signed in, out, or was refused; rows can be added and never changed."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from core.storage.columns import storable
from core.storage.tables import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from core.storage.engine import Database

_BEFORE_THE_FIRST = bytes(32)


class AuditLog:
    """Events in a chain: each row's ``link`` is the SHA-256 of its content and of the link before.

    Triggers refuse changes through SQL; the chain shows changes made past them. Rows cut off at the end leave no
    trace in the chain itself: keep copies of the newest link elsewhere where that matters.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def record(  # noqa: PLR0913 - an event has that many facts, each named by its caller
        self,
        event: str,
        *,
        tenant_id: str = "",
        object_id: str = "",
        session_id: str = "",
        detail: str = "",
        reference: str = "",
    ) -> None:
        """Append an event such as "sign-in", "sign-in refused" or "sign-out". Never pass a token or a prompt.

        Raises:
            StorageError: It could not be saved.
        """
        texts = {
            "event": event,
            "tenant_id": tenant_id,
            "object_id": object_id,
            "session_id": session_id,
            "detail": detail,
            "reference": reference,
        }
        content = {"at": self._clock(), **{name: storable(text) for name, text in texts.items()}}

        def work(connection: Connection) -> None:
            self._database.lock_audit(connection)
            newest = select(audit.c.position, audit.c.link).order_by(audit.c.position.desc()).limit(1)
            last = connection.execute(newest).one_or_none()
            position, link = (1, _BEFORE_THE_FIRST) if last is None else (last.position + 1, last.link)
            row = {"position": position, **content}
            connection.execute(insert(audit).values(**row, link=_link(row, link)))

        self._database.write(work)

    def verify(self) -> int | None:
        """Position of the first row that does not continue the chain; None when all do.

        A row that was removed shows at the one after it.
        """
        link = _BEFORE_THE_FIRST
        ordered = select(audit).order_by(audit.c.position).execution_options(yield_per=500)
        with self._database.read() as connection, closing(connection.execute(ordered)) as rows:
            for expected, found in enumerate(rows.mappings(), start=1):
                row = dict(found)
                if row["position"] != expected or row["link"] != _link(row, link):
                    return int(row["position"])
                link = row["link"]
        return None

    def __len__(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def _link(row: Mapping[str, Any], before: bytes) -> bytes:
    texts = [row[name] for name in ("event", "tenant_id", "object_id", "session_id", "detail", "reference")]
    content = json.dumps([row["position"], row["at"].isoformat(timespec="microseconds"), *texts])
    return hashlib.sha256(before + content.encode()).digest()
