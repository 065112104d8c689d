"""A PostgreSQL database that several processes of the app may share."""

from __future__ import annotations

import contextlib
import secrets
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from core.storage.migrating import migrate
from core.storage.translating import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

_MIGRATION_LOCK = 0x6B65796C657373
_AUDIT_LOCK = _MIGRATION_LOCK + 1

_REMEDY = "Check that the server runs, and host, database, user and password in KEYLESS_DATABASE_URL."
_OPTIONS = "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
_NOT_LASTING = text("SET LOCAL synchronous_commit = off")
_LIVE_PROCESSES = text(
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class PostgresqlServer:
    """The database behind a ``postgresql://`` URL, migrated and ready.

    Each process holds an advisory lock on its own number for as long as it lives: the server lets go of it as soon
    as the process is gone, so that the others know whose running runs are orphans.

    Raises:
        StorageError: The server does not answer, refuses the sign-in, or the schema is from a newer version.
    """

    one_writer = False

    def __init__(self, url: URL) -> None:
        self.process = secrets.randbits(62)
        self.warnings: list[str] = []
        self._presence_guard = threading.Lock()
        options = f"{url.query.get('options', '')} {_OPTIONS}".strip()
        engine = create_engine(
            url.set(drivername="postgresql+psycopg").update_query_dict({"options": options}),
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=8,
            pool_timeout=5,
            connect_args={"connect_timeout": 5, "application_name": "keyless"},
        )
        self.writes = engine
        self.reads = engine.execution_options(postgresql_readonly=True)
        try:
            with translated("The PostgreSQL server does not let the app in.", _REMEDY):
                with engine.begin() as connection:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                    migrate(connection)
                self._presence = self._announce()
        except BaseException:
            engine.dispose()
            raise

    @contextmanager
    def transaction(self, *, lasting: bool) -> Iterator[Connection]:
        """A transaction that writes; one that is not ``lasting`` may be lost when the server itself breaks down."""
        with self.writes.begin() as connection:
            if not lasting:
                connection.execute(_NOT_LASTING)
            yield connection

    def check(self) -> None:
        """Announce this process again when the server has lost its connection."""
        with self._presence_guard:
            try:
                self._presence.execute(text("SELECT 1"))
            except SQLAlchemyError:
                self._leave()
                self._presence = self._announce()

    def live_processes(self, connection: Connection) -> set[int]:
        """Numbers of the processes that are connected now."""
        return set(connection.execute(_LIVE_PROCESSES).scalars())

    def lock_audit(self, connection: Connection) -> None:
        """Wait for the other processes' audit rows: two rows cannot continue the same one."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _AUDIT_LOCK})

    def close(self) -> None:
        """Close every connection. The others know at once that this process is gone."""
        with self._presence_guard:
            # Of a closed connection the server lets the lock go only when it comes to it.
            with contextlib.suppress(SQLAlchemyError):
                self._presence.execute(text("SELECT pg_advisory_unlock(:process)"), {"process": self.process})
            self._leave()
        self.writes.dispose()

    def _announce(self) -> Connection:
        connection = self.writes.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_advisory_lock(:process)"), {"process": self.process})
        return connection

    def _leave(self) -> None:
        # Given back to the pool, the connection would keep the lock.
        with contextlib.suppress(SQLAlchemyError):
            self._presence.invalidate()
            self._presence.close()
