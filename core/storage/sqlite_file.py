"""One SQLite file, owned by one process: permissions, lock, integrity, and the settings of every connection."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

from core.errors import StorageError
from core.storage.file_lock import FileLock
from core.storage.migrating import migrate
from core.storage.tables import SCHEMA_VERSION
from core.storage.translating import code, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import URL, Connection, Engine

_log = logging.getLogger(__name__)

_WITHOUT_WAL_RESET_BUG = (3, 51, 3)
_BUSY_MILLISECONDS = 5000
_REMEDY = "Check the disk and the permissions of the file and its folder, then start again."
_NORMAL, _FULL = 1, 2
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": _FULL,  # a commit that was acknowledged survives a power cut
    "foreign_keys": 1,
    "trusted_schema": 0,
    "busy_timeout": _BUSY_MILLISECONDS,
}


class SqliteFile:
    """The file behind a ``sqlite:///path`` URL, migrated and ready.

    One connection writes (and checkpoints), the others can only read. ``warnings`` tells what an administrator
    should know about the file, one sentence each.

    Raises:
        StorageError: Another process uses the file, it is from a newer version, or it cannot be opened.
    """

    one_writer = True

    def __init__(self, url: URL, clock: Callable[[], datetime]) -> None:
        self.path = _path(url)
        self.process = secrets.randbits(62)
        self.warnings: list[str] = []
        with ExitStack() as undo, translated(f"The database file {self.path} cannot be opened.", _REMEDY):
            self._prepare_folder()
            self._lock = FileLock(self.path)
            undo.callback(self._lock.release)
            self._warn_about_version()
            self._set_aside_if_damaged(clock)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self.path.chmod(0o600)
            self._inode = self.path.stat().st_ino
            url = url.set(database=str(self.path))
            self.writes = _engine(url, "BEGIN IMMEDIATE", query_only=False, pool_size=1)
            undo.callback(self.writes.dispose)
            with self.writes.begin() as connection:
                migrate(connection, before_change=lambda: self._back_up(clock))
            self.reads = _engine(url, "BEGIN", query_only=True, pool_size=8)
            undo.pop_all()

    @contextmanager
    def transaction(self, *, lasting: bool) -> Iterator[Connection]:
        """A transaction that writes; one that is not ``lasting`` is in the file when it ends, not yet on the disk."""
        with self.writes.connect() as connection:
            # SQLite takes this outside of transactions only; SQLAlchemy would begin one for a statement of its own.
            driver = connection.connection.driver_connection
            if driver is not None and not lasting:
                driver.execute(f"PRAGMA synchronous={_NORMAL}")
            try:
                with connection.begin():
                    yield connection
            finally:
                if driver is not None and not lasting:
                    driver.execute(f"PRAGMA synchronous={_FULL}")

    def check(self) -> None:
        """Raise ``StorageError`` when the file was removed or replaced under the running app."""
        try:
            same = self.path.stat().st_ino == self._inode
        except OSError:
            same = False
        if not same:
            raise StorageError(
                "The database file was removed or replaced while the app was running.",
                f"Put {self.path.name} back and restart the app.",
                retryable=False,
            )

    def live_processes(self, connection: Connection) -> set[int]:  # noqa: ARG002 - PostgreSQL has to ask
        """Only this one: the lock keeps all others out."""
        return {self.process}

    def lock_audit(self, connection: Connection) -> None:
        """Nothing to do: only one transaction writes at a time."""

    def close(self) -> None:
        """Close every connection, the writing one last: it checkpoints."""
        self.reads.dispose()
        self.writes.dispose()
        self._lock.release()

    def _prepare_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self.path.parent, os.W_OK):
                raise PermissionError
        except OSError:
            raise StorageError(
                f"The folder of the database cannot be written: {self.path.parent}.",
                "Let the app's user write there, or set KEYLESS_DATABASE_URL to another place.",
                retryable=False,
            ) from None

    def _warn_about_version(self) -> None:
        if sqlite3.sqlite_version_info < _WITHOUT_WAL_RESET_BUG:
            self._warn(
                f"SQLite {sqlite3.sqlite_version} can damage a database when several connections write; Keyless "
                "writes through one. SQLite 3.51.3 or PostgreSQL is the safer ground."
            )

    def _warn(self, sentence: str) -> None:
        self.warnings.append(sentence)
        _log.warning(sentence)

    def _set_aside_if_damaged(self, clock: Callable[[], datetime]) -> None:
        """Keep what cannot be read under a dated name and begin anew; never silently."""
        missing = not self.path.exists() or self.path.stat().st_size == 0
        reason = "" if missing else _damage(self.path)
        if missing and self._lock.existed:
            reason = "it is missing or empty, though the app ran here before"
        if not reason:
            return
        suffix = f".damaged-{clock():%Y%m%dT%H%M%SZ}"
        kept = False
        for part in ("", "-wal", "-shm"):
            file = self.path.with_name(self.path.name + part)
            if file.exists():
                file.rename(file.with_name(file.name + suffix))
                kept = True
        where = f" What is left was kept as {self.path.name}{suffix}." if kept else ""
        self._warn(
            f"The database {self.path} cannot be used: {reason}.{where} A new, empty one begins; restore a backup "
            "to have the old content back."
        )

    def _back_up(self, clock: Callable[[], datetime]) -> None:
        """Copy the file before its schema changes. Nothing can write meanwhile: the caller holds the write lock."""
        copy = self.path.with_name(f"{self.path.name}.before-{SCHEMA_VERSION}-{clock():%Y%m%dT%H%M%SZ}")
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise StorageError(
            "A database in memory cannot keep anything.",
            "Give KEYLESS_DATABASE_URL a file, such as sqlite:////var/lib/keyless/keyless.sqlite3.",
            retryable=False,
        )
    return Path(url.database).resolve()


def _damage(path: Path) -> str:
    """Why SQLite cannot use the file, or "" when it can. Trouble of another kind (busy, no permission) is raised."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_MILLISECONDS / 1000)) as connection:
            result = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if code(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return "it is damaged"
        raise
    return "" if result == "ok" else "it is damaged"


def _engine(url: URL, begin: str, *, query_only: bool, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_BUSY_MILLISECONDS / 1000,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000},
    )
    pragmas = {**_PRAGMAS, "query_only": int(query_only)}

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's pool record
        # Python's sqlite3 would begin transactions by itself, too late and never IMMEDIATE.
        connection.isolation_level = None
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")
            actual = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if actual != value:
                raise StorageError(
                    f"SQLite does not accept {name}={value} for this file (it keeps {actual}).",
                    "Put the database on a local disk, not on a network share.",
                    retryable=False,
                )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
