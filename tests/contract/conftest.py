"""Every store is tested on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.storage.audit import AuditLog
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from core.storage.lessons import LessonStore
from core.storage.sealing import Sealer
from core.storage.sessions import FlowStore, SessionStore
from tests.support.databases import HandClock, postgresql_with_tables, sqlite_with_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with all tables and no rows."""
    if request.param == "sqlite":
        yield sqlite_with_tables(tmp_path / "data" / "keyless.sqlite3")
    else:
        with postgresql_with_tables() as url:
            yield url


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(database_url: str, clock: HandClock) -> Iterator[Database]:
    database = Database.open(database_url, clock=clock)
    yield database
    database.close()


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([b"0" * 32])


@pytest.fixture
def sessions(database: Database, sealer: Sealer, clock: HandClock) -> SessionStore:
    return SessionStore(database, sealer, clock)


@pytest.fixture
def flows(database: Database, sealer: Sealer, clock: HandClock) -> FlowStore:
    return FlowStore(database, sealer, clock)


@pytest.fixture
def audit(database: Database, clock: HandClock) -> AuditLog:
    return AuditLog(database, clock)


@pytest.fixture
def conversations(database: Database, clock: HandClock) -> ConversationStore:
    return ConversationStore(database, clock)


@pytest.fixture
def lessons(database: Database, clock: HandClock) -> LessonStore:
    return LessonStore(database, clock)
