from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url, text

from core.runs.core_loop import CoreLoop
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from tests.support.needs import POSTGRES_URL

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
    return f"sqlite:///{tmp_path / 'keyless.sqlite3'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    name = f"keyless_runs_{uuid.uuid4().hex[:12]}"
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(POSTGRES_URL).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = Database.open(request.getfixturevalue(f"{request.param}_url"))
    yield database
    database.close()


@pytest.fixture
def conversations(database: Database) -> ConversationStore:
    return ConversationStore(database, lambda: datetime.now(UTC))
