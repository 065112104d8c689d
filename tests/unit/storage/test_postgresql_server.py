from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text

from core.errors import StorageError
from core.storage.engine import Database
from tests.support.databases import postgresql_with_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgres


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql_with_tables() as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database.open(url)
    yield database
    database.close()


def live(database: Database) -> set[int]:
    with database.read() as connection:
        return database.live_processes(connection)


def test_processes_see_each_other_until_they_close(database: Database, url: str) -> None:
    other = Database.open(url)
    assert {database.process, other.process} <= live(database)
    other.close()
    assert other.process not in live(database)


def test_a_lost_connection_is_replaced_and_the_process_is_announced_again(database: Database, url: str) -> None:
    other = Database.open(url)
    with other.read() as connection:
        holder = connection.execute(
            text(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
                "AND ((classid::bigint << 32) | objid::bigint) = :process"
            ),
            {"process": database.process},
        ).scalar_one()
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": holder})
    with other.read() as connection:
        assert database.process not in other.live_processes(connection)
    database.check()
    with other.read() as connection:
        assert database.process in other.live_processes(connection)
    other.close()


def test_an_idle_connection_that_was_cut_disturbs_nobody(database: Database, url: str) -> None:
    cut = database.write(lambda connection: connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    other = Database.open(url)
    with other.read() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": cut})
    other.close()
    assert database.write(lambda connection: connection.execute(text("SELECT pg_backend_pid()")).scalar_one()) != cut


def test_of_two_transactions_that_wait_for_each_other_both_are_done(database: Database) -> None:
    database.write(lambda connection: connection.execute(text("CREATE TABLE seat (id INT PRIMARY KEY, taken INT)")))
    database.write(lambda connection: connection.execute(text("INSERT INTO seat VALUES (1, 0), (2, 0)")))
    both_hold_one = threading.Barrier(2)
    attempts = []

    def taking(first: int, second: int) -> None:
        def work(connection: Connection) -> None:
            attempts.append(first)
            connection.execute(text("UPDATE seat SET taken = taken + 1 WHERE id = :id"), {"id": first})
            if attempts.count(first) == 1:
                both_hold_one.wait(10)
            connection.execute(text("UPDATE seat SET taken = taken + 1 WHERE id = :id"), {"id": second})

        database.write(work)

    threads = [threading.Thread(target=taking, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as connection:
        assert list(connection.execute(text("SELECT taken FROM seat")).scalars()) == [2, 2]
    assert len(attempts) > 2


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://postgres:PASSWORD@127.0.0.1:1/postgres",
        "postgresql://postgres:PASSWORD@127.0.0.1:5432/there_is_no_such_database",
        "postgresql://postgres:PASSWORD@127.0.0.1:5432/postgres?nonsense=1",
    ],
)
def test_a_server_that_does_not_let_the_app_in_is_told_without_the_password(wrong: str) -> None:
    with pytest.raises(StorageError) as refused:
        Database.open(wrong)
    error = refused.value
    assert "KEYLESS_DATABASE_URL" in error.remedy
    assert "PASSWORD" not in f"{error} {error.remedy} {error.detail}"


def test_a_statement_that_never_ends_is_ended(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "15s"
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "30s"
        assert connection.execute(text("SHOW application_name")).scalar() == "keyless"
