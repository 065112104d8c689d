"""Databases made for one test and gone after it, and the clock its stores go by."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text

from tests.support.needs import POSTGRES_URL

if TYPE_CHECKING:
    from collections.abc import Iterator


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Move by a duration, given as to ``timedelta``."""
        self.now += timedelta(**duration)


@contextlib.contextmanager
def postgresql_schema() -> Iterator[str]:
    """The URL of an empty schema of its own on the test server, dropped afterwards."""
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    schema = f"keyless_test_{uuid.uuid4().hex}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        url = make_url(POSTGRES_URL).update_query_dict({"options": f"-c search_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text("SET client_min_messages = error"))
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        server.dispose()
