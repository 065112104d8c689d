"""Databases for one test, and the clock its stores go by.

Making all tables takes a database longer than most tests do. So they are made once: a SQLite file is copied, and a
PostgreSQL schema is emptied after a test and handed to the next. What tests the making itself begins with nothing.
"""

from __future__ import annotations

import contextlib
import functools
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, make_url, text

from core.storage.engine import Database
from core.storage.tables import metadata
from tests.support.needs import POSTGRES_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

_MADE: Final = text(
    "SELECT concat_ws(' ', relname, attname, attnotnull) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "WHERE relnamespace = current_schema()::regnamespace UNION ALL "
    "SELECT concat_ws(' ', relname, tgname, tgenabled) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE relnamespace = current_schema()::regnamespace UNION ALL "
    "SELECT version_num FROM alembic_version ORDER BY 1"
)
_spare: dict[str, list[str]] = {}
"""Schemas with all tables and no rows that no test uses now, and what was made in each."""


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Move by a duration, given as to ``timedelta``."""
        self.now += timedelta(**duration)


def sqlite_with_tables(file: Path) -> str:
    """The URL of ``file``, a new database with all tables and no rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_sqlite_file_with_tables())
    return f"sqlite:///{file}"


@functools.cache
def _sqlite_file_with_tables() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "keyless.sqlite3"
        Database.open(f"sqlite:///{file}").close()
        return file.read_bytes()


@contextlib.contextmanager
def postgresql_with_tables() -> Iterator[str]:
    """The URL of a schema of its own on the test server, with all tables and no rows."""
    schema, made = _spare.popitem() if _spare else _schema_with_tables()
    try:
        yield _url(schema)
    finally:
        if _emptied(schema, made):
            _spare[schema] = made
        else:
            _drop(schema)


@contextlib.contextmanager
def postgresql_schema() -> Iterator[str]:
    """The URL of an empty schema of its own on the test server, dropped afterwards."""
    schema = _new_schema()
    try:
        yield _url(schema)
    finally:
        _drop(schema)


def leave_the_server() -> None:
    """Take away what no test will use any more."""
    while _spare:
        _drop(_spare.popitem()[0])
    if _server.cache_info().currsize:
        _server().dispose()


@functools.cache
def _server() -> Engine:
    # What is lost when the server breaks down is not missed.
    options = {"options": "-c synchronous_commit=off -c client_min_messages=error"}
    return create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT", connect_args=options)


def _new_schema() -> str:
    schema = f"keyless_test_{uuid.uuid4().hex}"
    with _server().connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    return schema


def _schema_with_tables() -> tuple[str, list[str]]:
    schema = _new_schema()
    Database.open(_url(schema)).close()
    with _server().connect() as connection:
        connection.execute(text(f"SET search_path = {schema}"))
        return schema, _made(connection)


def _made(connection: Connection) -> list[str]:
    """All columns and triggers, and the version."""
    return list(connection.execute(_MADE).scalars())


def _emptied(schema: str, made: list[str]) -> bool:
    """Remove all rows; False when a test changed more than rows."""
    with _server().connect() as connection:
        connection.execute(text(f"SET search_path = {schema}"))
        if _made(connection) != made:
            return False
        # Triggers guard some of the tables against this.
        connection.execute(text("SET session_replication_role = replica"))
        for table in metadata.tables.values():
            connection.execute(table.delete())
        return True


def _drop(schema: str) -> None:
    with _server().connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


def _url(schema: str) -> str:
    url = make_url(POSTGRES_URL).update_query_dict({"options": f"-c search_path={schema}"})
    return url.render_as_string(hide_password=False)
