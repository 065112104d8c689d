from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from core.errors import StorageError
from core.storage import migrating, sqlite_file
from core.storage.audit import AuditLog
from core.storage.engine import Database
from core.storage.tables import SCHEMA_VERSION, metadata
from tests.support.databases import HandClock, postgresql_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEXT_VERSION = """
from alembic import op
revision = "{next}"
down_revision = "{now}"
def upgrade():
    op.execute("CREATE TABLE halfway (id INTEGER)")
    op.execute("{then}")
"""
NEXT = f"{int(SCHEMA_VERSION) + 1:04}"

OPEN_TOGETHER = """
import sys
from core.storage.audit import AuditLog
from core.storage.engine import Database
from datetime import UTC, datetime
print("ready", flush=True)
sys.stdin.readline()
database = Database.open(sys.argv[1])
AuditLog(database, lambda: datetime.now(UTC)).record("sign-in")
database.close()
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that nobody has opened."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'keyless.sqlite3'}"
    else:
        with postgresql_schema() as url:
            yield url


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migration that a newer code would bring; written by the test."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrating._MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrating, "_MIGRATIONS", folder)
    monkeypatch.setattr(migrating, "SCHEMA_VERSION", NEXT)
    monkeypatch.setattr(sqlite_file, "SCHEMA_VERSION", NEXT)
    return folder / "versions" / f"v{NEXT}_next.py"


def next_version_that(then: str) -> str:
    return NEXT_VERSION.format(next=NEXT, now=SCHEMA_VERSION, then=then)


def set_version(database: Database, version: str) -> None:
    database.write(lambda connection: connection.execute(text(f"UPDATE alembic_version SET version_num='{version}'")))  # noqa: S608 - a constant


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_the_code_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrating._MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_VERSION]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str, clock: HandClock) -> None:
    database = Database.open(database_url, clock=clock)
    AuditLog(database, clock).record("sign-in")
    set_version(database, "9999")
    database.close()
    with pytest.raises(StorageError, match="newer version") as refused:
        Database.open(database_url, clock=clock)
    assert "9999" in refused.value.remedy
    assert not refused.value.retryable


def test_a_migration_that_fails_halfway_leaves_the_old_schema_and_can_be_run_again(
    database_url: str, clock: HandClock, next_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrating, "SCHEMA_VERSION", SCHEMA_VERSION)
        old = Database.open(database_url, clock=clock)
        AuditLog(old, clock).record("sign-in")
        old.close()
        next_version.write_text(next_version_that("SELECT nonsense"))
        before.setattr(migrating, "SCHEMA_VERSION", NEXT)
        with pytest.raises(StorageError):
            Database.open(database_url, clock=clock)
        before.setattr(migrating, "SCHEMA_VERSION", SCHEMA_VERSION)
        old = Database.open(database_url, clock=clock)
        with old.read() as connection:
            assert not inspect(connection).has_table("halfway")
        old.close()
    next_version.write_text(next_version_that("SELECT 1"))
    new = Database.open(database_url, clock=clock)
    with new.read() as connection:
        assert inspect(connection).has_table("halfway")
        assert migrating.schema_version(connection) == NEXT
    assert AuditLog(new, clock).verify() is None
    assert len(AuditLog(new, clock)) == 1
    new.close()


def test_a_sqlite_file_is_copied_before_its_schema_changes(
    tmp_path: Path, clock: HandClock, next_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'keyless.sqlite3'}"
    with monkeypatch.context() as before:
        before.setattr(migrating, "SCHEMA_VERSION", SCHEMA_VERSION)
        old = Database.open(url, clock=clock)
        AuditLog(old, clock).record("sign-in")
        old.close()
    assert list(tmp_path.glob("*.before-*")) == []
    next_version.write_text(next_version_that("SELECT 1"))
    Database.open(url, clock=clock).close()
    [copy] = tmp_path.glob("*.before-*")
    assert copy.name == f"keyless.sqlite3.before-{NEXT}-20260301T093000Z"
    assert copy.stat().st_mode & 0o777 == 0o600
    copied = tmp_path / "restored.sqlite3"
    copy.rename(copied)
    with monkeypatch.context() as before:
        before.setattr(migrating, "SCHEMA_VERSION", SCHEMA_VERSION)
        restored = Database.open(f"sqlite:///{copied}", clock=clock)
        assert len(AuditLog(restored, clock)) == 1
        restored.close()


@pytest.mark.postgres
def test_processes_that_start_together_on_an_empty_postgresql_migrate_it_once() -> None:
    with postgresql_schema() as url:
        together = [
            subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, "-W", "error", "-c", OPEN_TOGETHER, url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for process in together:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in together:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in together]
        assert outcomes == [("", 0)] * 3
        database = Database.open(url)
        assert len(AuditLog(database, HandClock())) == 3
        assert AuditLog(database, HandClock()).verify() is None
        database.close()
