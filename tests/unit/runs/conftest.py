from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.runs.core_loop import CoreLoop
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from tests.support.databases import postgresql_with_tables, sqlite_with_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def core_loop() -> Iterator[CoreLoop]:
    loop = CoreLoop()
    loop.start()
    yield loop
    loop.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return sqlite_with_tables(tmp_path / "keyless.sqlite3")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with postgresql_with_tables() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database.open(request.getfixturevalue(f"{request.param}_url"))
    yield database
    database.close()


@pytest.fixture
def conversations(database: Database) -> ConversationStore:
    return ConversationStore(database, lambda: datetime.now(UTC))
