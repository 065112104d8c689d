"""The database: reading, writing in transactions, and closing, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from core.errors import StorageError
from core.storage.translating import NOT_READ, NOT_SAVED, can_be_repeated, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

T = TypeVar("T")

_WRITER = "storage-writer"
_WAITING_WRITES = 1000
_WAIT_FOR_ROOM_SECONDS = 10
_ATTEMPTS = 3


class Backend(Protocol):
    """What ``Database`` needs of SQLite or PostgreSQL."""

    one_writer: bool
    process: int
    warnings: list[str]
    writes: Engine

    @property
    def reads(self) -> Engine: ...  # noqa: D102 - see SqliteFile and PostgresqlServer

    def transaction(self, *, lasting: bool) -> AbstractContextManager[Connection]: ...  # noqa: D102 - see SqliteFile and PostgresqlServer
    def check(self) -> None: ...  # noqa: D102 - the same
    def live_processes(self, connection: Connection) -> set[int]: ...  # noqa: D102 - the same
    def lock_audit(self, connection: Connection) -> None: ...  # noqa: D102 - the same
    def close(self) -> None: ...  # noqa: D102 - the same


class Database:
    """An open, migrated database. All methods are for threads that may wait, except ``submit``, which never waits.

    A *work* is a function that takes a connection, does all of one transaction and returns a result; it may be run
    again when the database rolled it back, so it has no other effects. Works handed to ``submit`` are done one after
    the other, in the order they came.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=_WRITER)
        self._room = threading.BoundedSemaphore(_WAITING_WRITES)
        self._closed = False

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Self:
        """Open and migrate the database of a SQLAlchemy URL (``sqlite:///…`` or ``postgresql://…``).

        Raises:
            StorageError: The URL is of another kind, the database does not answer, another process uses the same
                SQLite file, or the schema is newer than this code.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise _wrong_url() from None
        if parsed.get_backend_name() == "sqlite":
            from core.storage.sqlite_file import SqliteFile

            return cls(SqliteFile(parsed.set(drivername="sqlite"), clock))
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            from core.storage.postgresql_server import PostgresqlServer

            return cls(PostgresqlServer(parsed))
        raise _wrong_url()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an administrator should know about the database, one sentence each."""
        return tuple(self._backend.warnings)

    @property
    def process(self) -> int:
        """The number by which this process is known to others that share the database."""
        return self._backend.process

    def live_processes(self, connection: Connection) -> set[int]:
        """Numbers of all processes that use the database now, this one included."""
        return self._backend.live_processes(connection) | {self.process}

    def lock_audit(self, connection: Connection) -> None:
        """Until the transaction of this connection ends, nobody else appends to the audit log."""
        self._backend.lock_audit(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that can only read, within one transaction.

        Raises:
            StorageError: The database could not be read.
        """
        if self._closed:
            raise _shutting_down(NOT_READ)
        with translated(NOT_READ), self._backend.reads.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T], *, lasting: bool = True) -> T:
        """Do the work in a transaction and wait until it is committed.

        What is not ``lasting`` survives the end of this process, but not a power cut of the next instant, and nobody
        waits for a disk.

        Raises:
            StorageError: It could not be saved; nothing of it was.
        """
        if self._closed:
            raise _shutting_down(NOT_SAVED)
        if threading.current_thread().name.startswith(_WRITER):
            raise RuntimeError("A submitted work or its callback cannot wait for another write.")
        if not self._backend.one_writer:
            return self._transact(work, lasting=lasting)
        if not self._room.acquire(timeout=_WAIT_FOR_ROOM_SECONDS):
            raise _too_busy()
        return self._enqueue(work, lasting=lasting).result()

    def submit(self, work: Callable[[Connection], T], *, lasting: bool = True) -> Future[T]:
        """Have the work done in a transaction later; the future holds its result or the ``StorageError``."""
        if self._room.acquire(blocking=False):
            return self._enqueue(work, lasting=lasting)
        refused: Future[T] = Future()
        refused.set_exception(_too_busy())
        return refused

    def check(self) -> None:
        """Raise ``StorageError`` unless the database can be read and is still the one that was opened."""
        with translated(NOT_READ):
            self._backend.check()
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Finish the submitted works, then close every connection. Closing twice is fine."""
        self._writer.shutdown(wait=True)
        if self._closed:
            return
        self._closed = True
        self._backend.close()

    def _enqueue(self, work: Callable[[Connection], T], *, lasting: bool) -> Future[T]:
        try:
            future = self._writer.submit(self._transact, work, lasting=lasting)
        except RuntimeError:
            self._room.release()
            future = Future()
            future.set_exception(_shutting_down(NOT_SAVED))
            return future
        future.add_done_callback(lambda _: self._room.release())
        return future

    def _transact(self, work: Callable[[Connection], T], *, lasting: bool) -> T:
        with translated(NOT_SAVED):
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._attempt(work, lasting=lasting)
                except DBAPIError as error:
                    if not can_be_repeated(error):
                        raise
            return self._attempt(work, lasting=lasting)

    def _attempt(self, work: Callable[[Connection], T], *, lasting: bool) -> T:
        with self._backend.transaction(lasting=lasting) as connection:
            return work(connection)


def _too_busy() -> StorageError:
    return StorageError(NOT_SAVED, "The database is busy. Wait a moment and try again.")


def _shutting_down(title: str) -> StorageError:
    return StorageError(title, "The app is shutting down; try again when it is back.")


def _wrong_url() -> StorageError:
    # The URL itself is not repeated: it may hold a password.
    return StorageError(
        "This kind of database is not supported.",
        "Set KEYLESS_DATABASE_URL to sqlite:///path/to/file or postgresql://user@host/database.",
        retryable=False,
    )
