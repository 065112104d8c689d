from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, delete, select, text, update

from core.errors import StorageError
from core.storage.audit import _link
from core.storage.tables import audit as table

if TYPE_CHECKING:
    from core.storage.audit import AuditLog
    from core.storage.engine import Database


def fill(audit: AuditLog, count: int = 5) -> None:
    for number in range(count):
        audit.record("sign-in", tenant_id="contoso", object_id=f"person {number}", detail="code=\n0", reference="K-1")


def without_triggers(connection: Connection) -> None:
    """As somebody who runs the database could."""
    if connection.dialect.name == "sqlite":
        for name in ("update", "delete", "replace"):
            connection.execute(text(f"DROP TRIGGER audit_{name}"))
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def test_an_event_is_kept_with_all_it_says(audit: AuditLog, database: Database) -> None:
    audit.record(
        "sign-in refused",
        tenant_id="contoso",
        object_id="ana",
        session_id="s",
        detail="AADSTS50105 \x00 \ud800 \u202e",
        reference="K-7F3A90C2",
    )
    with database.read() as connection:
        row = connection.execute(select(table)).one()
    assert (row.position, row.event, row.tenant_id, row.object_id) == (1, "sign-in refused", "contoso", "ana")
    assert (row.session_id, row.detail, row.reference) == ("s", "AADSTS50105 \ufffd \ufffd \u202e", "K-7F3A90C2")
    assert audit.verify() is None


def test_an_untouched_log_verifies_empty_or_full(audit: AuditLog) -> None:
    assert audit.verify() is None
    fill(audit)
    assert len(audit) == 5
    assert audit.verify() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET event = 'sign-out' WHERE position = 2",
        "DELETE FROM audit WHERE position = 2",
        "DELETE FROM audit",
    ],
)
def test_sql_cannot_change_or_remove_a_row(audit: AuditLog, database: Database, statement: str) -> None:
    fill(audit)
    with pytest.raises(StorageError):
        database.write(lambda connection: connection.execute(text(statement)).rowcount)
    assert len(audit) == 5
    assert audit.verify() is None


def test_a_row_cannot_be_replaced_by_inserting_over_it(audit: AuditLog, database: Database) -> None:
    fill(audit)
    columns = "position, at, event, tenant_id, object_id, session_id, detail, reference, link"
    values = columns.replace("event", "'forged'", 1)
    verb = "INSERT OR REPLACE" if database_is_sqlite(database) else "INSERT"
    forged = text(f"{verb} INTO audit ({columns}) SELECT {values} FROM audit WHERE position = 2")  # noqa: S608 - constants
    with pytest.raises(StorageError):
        database.write(lambda connection: connection.execute(forged).rowcount)
    assert audit.verify() is None


@pytest.mark.parametrize("column", ["event", "tenant_id", "object_id", "session_id", "detail", "reference"])
def test_an_edited_row_is_named(audit: AuditLog, database: Database, column: str) -> None:
    fill(audit)

    def forge(connection: Connection) -> None:
        without_triggers(connection)
        connection.execute(update(table).where(table.c.position == 3).values({column: "forged"}))

    database.write(forge)
    assert audit.verify() == 3


def test_a_row_that_was_edited_and_linked_anew_shows_at_the_one_after_it(audit: AuditLog, database: Database) -> None:
    fill(audit)

    def forge(connection: Connection) -> None:
        without_triggers(connection)
        third = dict(connection.execute(select(table).where(table.c.position == 3)).mappings().one())
        before = connection.execute(select(table.c.link).where(table.c.position == 2)).scalar_one()
        third["event"] = "forged"
        third["link"] = _link(third, before)
        connection.execute(update(table).where(table.c.position == 3).values(third))

    database.write(forge)
    assert audit.verify() == 4


def test_a_removed_row_shows_at_the_one_after_it(audit: AuditLog, database: Database) -> None:
    fill(audit)

    def remove(connection: Connection) -> None:
        without_triggers(connection)
        connection.execute(delete(table).where(table.c.position == 3))

    database.write(remove)
    assert audit.verify() == 4


def test_two_rows_that_changed_places_are_noticed(audit: AuditLog, database: Database) -> None:
    fill(audit)

    def swap(connection: Connection) -> None:
        without_triggers(connection)
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(table).where(table.c.position == old).values(position=new))

    database.write(swap)
    assert audit.verify() == 2


def test_events_of_many_threads_form_one_chain(audit: AuditLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: audit.record("sign-in", object_id=str(number)), range(40)))
    assert len(audit) == 40
    assert audit.verify() is None


def database_is_sqlite(database: Database) -> bool:
    with database.read() as connection:
        return connection.dialect.name == "sqlite"
