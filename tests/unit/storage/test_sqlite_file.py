from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from core.errors import StorageError
from core.storage import sqlite_file
from core.storage.audit import AuditLog
from core.storage.engine import Database
from core.storage.sealing import Sealer
from core.storage.sessions import FlowStore, SessionStore
from tests.support.databases import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLOCK = HandClock()

OPEN = """
import sys
from core.errors import StorageError
from core.storage.engine import Database
try:
    Database.open(sys.argv[1]).close()
except StorageError as error:
    print(error.title)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keyless.sqlite3"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_BUSY_MILLISECONDS", 50)
    monkeypatch.setitem(sqlite_file._PRAGMAS, "busy_timeout", 50)


def opened(file: Path) -> Database:
    return Database.open(f"sqlite:///{file}", clock=CLOCK)


def used(file: Path) -> None:
    """A database with one audit row, closed again."""
    database = opened(file)
    AuditLog(database, CLOCK).record("sign-in")
    database.close()


def rows(database: Database) -> int:
    return len(AuditLog(database, CLOCK))


def about_this_file(database: Database) -> list[str]:
    return [warning for warning in database.warnings if "3.51.3" not in warning]


def test_folder_and_files_belong_to_the_app_alone(file: Path) -> None:
    database = opened(file)
    AuditLog(database, CLOCK).record("sign-in")
    assert file.parent.stat().st_mode & 0o777 == 0o700
    names = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert names == dict.fromkeys((file.name + end for end in ("", "-wal", "-shm", ".lock")), 0o600)
    database.close()


def test_closing_puts_everything_into_the_one_file(file: Path) -> None:
    used(file)
    assert {path.name for path in file.parent.iterdir()} == {file.name, file.name + ".lock"}


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0), ("busy_timeout", 50)],
)
def test_every_connection_has_the_settings(file: Path, pragma: str, value: object) -> None:
    database = opened(file)
    with database.read() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value
    assert database.write(lambda connection: connection.execute(text(f"PRAGMA {pragma}")).scalar()) == value
    database.close()


def test_a_disk_that_does_not_take_the_settings_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite_file._PRAGMAS, "journal_mode", "off")
    monkeypatch.setitem(sqlite_file._PRAGMAS, "synchronous", "what")
    with pytest.raises(StorageError, match="does not accept") as refused:
        opened(file)
    assert "local disk" in refused.value.remedy


def test_a_second_process_is_refused_and_told_who_has_the_file(file: Path) -> None:
    database = opened(file)
    second = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", OPEN, f"sqlite:///{file}"], capture_output=True, text=True, timeout=30, check=True
    )
    assert f"(process {os.getpid()})" in second.stdout
    assert str(file) in second.stdout
    AuditLog(database, CLOCK).record("sign-in")
    database.close()


def test_a_second_opening_in_the_same_process_is_refused_by_any_name_of_the_file(file: Path) -> None:
    database = opened(file)
    alias = file.parent.parent / "alias.sqlite3"
    alias.symlink_to(file)
    for name in (file, alias, file.parent / ".." / file.parent.name / file.name):
        with pytest.raises(StorageError, match="already uses"):
            opened(name)
    database.close()
    opened(alias).close()


def test_after_a_refused_opening_the_file_can_be_opened(file: Path) -> None:
    used(file)
    database = opened(file)
    database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.close()
    for _ in range(3):
        with pytest.raises(StorageError, match="newer version"):
            opened(file)
    assert {path.name for path in file.parent.iterdir()} == {file.name, file.name + ".lock"}


def test_a_write_transaction_holds_the_lock_before_its_first_statement(file: Path) -> None:
    database = opened(file)

    def work(_: Connection) -> str:
        with closing(sqlite3.connect(file, timeout=0)) as other, pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("BEGIN IMMEDIATE")
        return busy.value.sqlite_errorname

    assert database.write(work) == "SQLITE_BUSY"
    database.close()


def test_readers_see_one_state_while_others_write(file: Path) -> None:
    used(file)
    database = opened(file)
    with database.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM audit")).scalar()
        AuditLog(database, CLOCK).record("sign-out")
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == before
    assert rows(database) == 2
    database.close()


def test_a_lock_held_by_a_backup_is_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_BUSY_MILLISECONDS", 10_000)
    monkeypatch.setitem(sqlite_file._PRAGMAS, "busy_timeout", 10_000)
    database = opened(file)
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as backup:
        backup.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.06, backup.execute, ["ROLLBACK"])
        release.start()
        AuditLog(database, CLOCK).record("sign-in")
        release.join()
    assert rows(database) == 1
    database.close()


def test_a_lock_that_stays_is_an_error_and_the_next_write_works(file: Path) -> None:
    database = opened(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as backup:
        backup.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError) as refused:
            AuditLog(database, CLOCK).record("sign-in")
        assert "SQLITE_BUSY" in refused.value.detail
        assert refused.value.retryable
    AuditLog(database, CLOCK).record("sign-in")
    assert rows(database) == 1
    database.close()


def test_a_full_disk_is_an_error_and_saving_works_once_there_is_space(file: Path) -> None:
    database = opened(file)
    log = AuditLog(database, CLOCK)
    log.record("sign-in")
    database.write(lambda connection: connection.execute(text("PRAGMA max_page_count = 1")).scalar())
    with pytest.raises(StorageError, match="could not be saved") as refused:
        log.record("sign-in", detail="x" * 100_000)
    assert "SQLITE_FULL" in refused.value.detail
    assert rows(database) == 1
    database.write(lambda connection: connection.execute(text("PRAGMA max_page_count = 100000")).scalar())
    log.record("sign-in", detail="x" * 100_000)
    assert log.verify() is None
    database.close()


def garbage(file: Path) -> None:
    file.write_bytes(b"this is no database " * 1000)


def broken_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    file.write_bytes(content)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [garbage, broken_page, truncated, emptied])
def test_a_damaged_file_is_kept_under_a_dated_name_and_told(
    file: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    used(file)
    damage(file)
    left = file.read_bytes()
    with caplog.at_level(logging.WARNING):
        database = opened(file)
    assert rows(database) == 0
    kept = file.with_name("keyless.sqlite3.damaged-20260301T093000Z")
    assert kept.read_bytes() == left
    [warning] = about_this_file(database)
    assert kept.name in warning
    assert "restore a backup" in warning
    assert warning in caplog.text
    database.close()
    again = opened(file)
    assert about_this_file(again) == []
    again.close()


def test_a_deleted_file_is_told(file: Path) -> None:
    used(file)
    file.unlink()
    database = opened(file)
    [warning] = about_this_file(database)
    assert "missing" in warning
    database.close()


def test_the_first_start_of_all_warns_of_no_loss(file: Path) -> None:
    database = opened(file)
    assert about_this_file(database) == []
    database.close()


def test_a_file_that_is_only_busy_is_not_taken_for_damaged(file: Path) -> None:
    used(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError) as refused:
            opened(file)
        assert "SQLITE_BUSY" in refused.value.detail
    database = opened(file)
    assert rows(database) == 1
    database.close()


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_a_file_taken_away_under_the_running_app_fails_the_check(file: Path, change: str) -> None:
    database = opened(file)
    database.check()
    file.rename(file.with_name("elsewhere"))
    if change == "replaced":
        file.touch()
    with pytest.raises(StorageError, match="removed or replaced"):
        database.check()
    database.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StorageError, match="folder of the database") as refused:
        opened(blocked / "keyless.sqlite3")
    assert "KEYLESS_DATABASE_URL" in refused.value.remedy


def test_a_folder_in_the_place_of_the_file_is_told(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be opened"):
        opened(file)


@pytest.mark.parametrize(("version", "warned"), [((3, 51, 2), True), ((3, 51, 3), False), ((3, 60, 0), False)])
def test_a_sqlite_with_the_wal_reset_bug_is_warned_about(
    file: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...],
    warned: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    with caplog.at_level(logging.WARNING):
        database = opened(file)
    assert ("3.51.3" in caplog.text) is warned
    assert bool(database.warnings) is warned
    database.close()


def test_nothing_secret_stands_in_any_file_of_the_database(file: Path) -> None:
    database = opened(file)
    sealer = Sealer([b"k" * 32])
    sessions = SessionStore(database, sealer, CLOCK)
    record = sessions.create(
        cookie="COOKIE-VALUE",
        tenant_id="contoso",
        object_id="ana",
        username="ana@contoso.example",
        name="Ana",
        token_cache=b'{"RefreshToken": {"secret": "REFRESH-SECRET"}}' * 100,
    )
    sessions.save_cache(record.id, b"ACCESS-SECRET" * 500, 0)
    FlowStore(database, sealer, CLOCK).put(cookie="FLOW-COOKIE", flow=b"VERIFIER-SECRET", next_path="/")

    def everything() -> bytes:
        return b"".join(path.read_bytes() for path in file.parent.iterdir())

    while_open = everything()
    database.close()
    for content in (while_open, everything()):
        assert b"ana@contoso.example" in content
        for secret in (b"COOKIE", b"SECRET", b"RefreshToken"):
            assert secret not in content
