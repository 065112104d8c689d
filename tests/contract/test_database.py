from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, func, insert, select, text

from core.errors import NotFound, StorageError
from core.storage import engine
from core.storage.engine import Database
from core.storage.tables import lessons

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.databases import HandClock


def adding(clock: HandClock, parameter: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(
            insert(lessons).values(
                deployment_id="d",
                operation="o",
                parameter=parameter,
                action="drop",
                replacement="",
                learned_at=clock(),
            )
        )
        return parameter

    return work


def parameters(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(lessons.c.parameter).order_by(lessons.c.parameter)).scalars())


def test_what_a_work_returns_comes_back_once_it_is_committed(database: Database, clock: HandClock) -> None:
    assert database.write(adding(clock, "a")) == "a"
    assert database.submit(adding(clock, "b")).result(10) == "b"
    assert parameters(database) == ["a", "b"]


def how_safe(connection: Connection) -> str:
    question = "PRAGMA synchronous" if connection.dialect.name == "sqlite" else "SHOW synchronous_commit"
    return {"2": "on disk", "on": "on disk", "1": "on its way", "off": "on its way"}[
        str(connection.execute(text(question)).scalar())
    ]


def test_only_a_lasting_work_waits_for_the_disk(database: Database) -> None:
    assert database.write(how_safe) == "on disk"
    assert database.write(how_safe, lasting=False) == "on its way"
    assert database.submit(how_safe, lasting=False).result() == "on its way"
    assert database.submit(how_safe).result() == "on disk"


def test_a_work_that_fails_without_lasting_leaves_the_next_one_lasting(database: Database) -> None:
    def refuse(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        raise NotFound

    with pytest.raises(NotFound):
        database.write(refuse, lasting=False)
    assert database.write(how_safe) == "on disk"


@pytest.mark.parametrize("error", [NotFound, RuntimeError])
def test_a_work_that_raises_leaves_nothing_behind(
    database: Database, clock: HandClock, error: type[Exception]
) -> None:
    def work(connection: Connection) -> None:
        adding(clock, "half")(connection)
        raise error

    with pytest.raises(error):
        database.write(work)
    with pytest.raises(error):
        database.submit(work).result(10)
    assert parameters(database) == []


def test_a_read_connection_cannot_write(database: Database, clock: HandClock) -> None:
    with pytest.raises(StorageError), database.read() as connection:
        adding(clock, "sneaked in")(connection)
    assert parameters(database) == []


def test_an_error_names_neither_the_values_nor_the_statement(
    database: Database, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    database.write(adding(clock, "SECRET"))
    with caplog.at_level(logging.DEBUG), pytest.raises(StorageError) as refused:
        database.write(adding(clock, "SECRET"))
    error = refused.value
    told = f"{error} {error.args} {error.title} {error.remedy} {error.detail} {error.command} {caplog.text}"
    assert "SECRET" not in told
    assert "INSERT" not in told
    assert error.detail.endswith(("SQLITE_CONSTRAINT_PRIMARYKEY", "23505"))
    assert error.reference in caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_database_works_on_after_an_error(database: Database, clock: HandClock) -> None:
    for _ in range(40):
        with pytest.raises(StorageError):
            database.write(lambda connection: connection.execute(text("SELECT nonsense")).scalar())
        with pytest.raises(StorageError), database.read() as connection:
            connection.execute(text("SELECT nonsense"))
    database.write(adding(clock, "after"))
    assert parameters(database) == ["after"]


def test_closing_finishes_what_was_submitted(database_url: str, clock: HandClock) -> None:
    database = Database.open(database_url, clock=clock)
    go_on = threading.Event()
    held = database.submit(lambda _: go_on.wait(10))
    waiting = [database.submit(adding(clock, f"{number:02}")) for number in range(20)]
    closing = threading.Thread(target=database.close)
    closing.start()
    go_on.set()
    closing.join(20)
    assert held.result(0) is True
    assert [future.result(0) for future in waiting] == [f"{number:02}" for number in range(20)]
    reopened = Database.open(database_url, clock=clock)
    assert len(parameters(reopened)) == 20
    reopened.close()


def test_a_closed_database_refuses_and_can_be_closed_again(database_url: str, clock: HandClock) -> None:
    database = Database.open(database_url, clock=clock)
    database.close()
    database.close()
    with pytest.raises(StorageError, match="could not be saved"):
        database.write(adding(clock, "late"))
    with pytest.raises(StorageError, match="could not be saved"):
        database.submit(adding(clock, "late")).result(10)
    with pytest.raises(StorageError, match="could not be read"), database.read():
        pass


def test_too_many_waiting_writes_are_refused_at_once_and_none_is_lost(
    database_url: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_WAITING_WRITES", 3)
    database = Database.open(database_url, clock=clock)
    go_on = threading.Event()
    database.submit(lambda _: go_on.wait(10))
    accepted = [database.submit(adding(clock, name)) for name in "ab"]
    refused = database.submit(adding(clock, "c"))
    with pytest.raises(StorageError, match="could not be saved"):
        refused.result(0)
    go_on.set()
    assert [future.result(10) for future in accepted] == ["a", "b"]
    for number in range(10):
        assert database.submit(adding(clock, str(number))).result(10) == str(number)
    database.close()


def test_a_callback_that_would_wait_for_itself_is_refused(database: Database, clock: HandClock) -> None:
    outcome: Future[str] = Future()

    def callback(_: object) -> None:
        try:
            outcome.set_result(database.write(adding(clock, "nested")))
        except RuntimeError as error:
            outcome.set_exception(error)

    go_on = threading.Event()
    database.submit(lambda _: go_on.wait(10)).add_done_callback(callback)
    go_on.set()
    with pytest.raises(RuntimeError, match="cannot wait"):
        outcome.result(10)


def test_readers_and_writers_of_many_threads_do_not_disturb_each_other(database: Database, clock: HandClock) -> None:
    with ThreadPoolExecutor(12) as pool:
        writes = [pool.submit(database.write, adding(clock, f"{number:03}")) for number in range(60)]
        reads = [pool.submit(parameters, database) for _ in range(120)]
        for read in reads:
            found = read.result(20)
            assert found == sorted(set(found))
        for write in writes:
            write.result(20)
    assert len(parameters(database)) == 60


def test_a_healthy_database_passes_its_check(database: Database) -> None:
    database.check()


@pytest.mark.parametrize(
    "url", ["mysql://u:PASSWORD@h/d", "nonsense PASSWORD", "", "sqlite://", "sqlite:///:memory:", "oracle://h"]
)
def test_other_kinds_of_databases_are_refused_without_repeating_the_password(url: str) -> None:
    with pytest.raises(StorageError) as refused:
        Database.open(url)
    assert "KEYLESS_DATABASE_URL" in refused.value.remedy
    assert "PASSWORD" not in f"{refused.value} {refused.value.remedy} {refused.value.detail}"
    assert not refused.value.retryable


def test_every_row_survives_closing_and_opening_again(database_url: str, clock: HandClock) -> None:
    for name in "abc":
        database = Database.open(database_url, clock=clock)
        database.write(adding(clock, name))
        database.close()
    database = Database.open(database_url, clock=clock)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(lessons)).scalar() == 3
    database.close()
