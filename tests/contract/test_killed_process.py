from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from core.storage.audit import AuditLog
from core.storage.conversations import ConversationStore, RunState
from core.storage.engine import Database
from core.storage.tables import audit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.databases import HandClock

WRITE_UNTIL_KILLED = """
import sys, threading
from datetime import UTC, datetime
from core.storage.audit import AuditLog
from core.storage.engine import Database
database = Database.open(sys.argv[1])
log = AuditLog(database, lambda: datetime.now(UTC))
guard = threading.Lock()
def write(name):
    for number in range(100_000):
        log.record("sign-in", object_id=f"{name}-{number}")
        with guard:
            print(f"{name}-{number}", flush=True)
writers = [threading.Thread(target=write, args=[name]) for name in "abc"]
for writer in writers:
    writer.start()
for writer in writers:
    writer.join()
"""

ASK_UNTIL_KILLED = """
import sys, time
from datetime import UTC, datetime
from core.storage.conversations import ConversationStore, RunRecord, RunState
from core.storage.engine import Database
owner = ("contoso", "ana")
database = Database.open(sys.argv[1])
store = ConversationStore(database, lambda: datetime.now(UTC))
store.ask(owner, RunRecord(
    "run", "conversation", "turn", "d", "D", "e", "m", "r", "ana", "user", "", {}, RunState.RUNNING,
    datetime.now(UTC)), "Write a tagline", title="")
store.save_progress("run", "Melts hea").result()
print("conversation", flush=True)
time.sleep(60)
"""


@contextmanager
def started(script: str, url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.mark.parametrize("acknowledged", [1, 40, 150])
def test_a_killed_process_loses_no_row_that_it_had_acknowledged(
    database_url: str, clock: HandClock, acknowledged: int
) -> None:
    with started(WRITE_UNTIL_KILLED, database_url) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        told += process.stdout.readlines()
    names = {line.strip() for line in told if re.fullmatch(r"[abc]-\d+\n", line)}
    assert len(names) >= acknowledged
    database = Database.open(database_url, clock=clock)
    with database.read() as connection:
        kept = set(connection.execute(select(audit.c.object_id)).scalars())
    assert names <= kept
    assert len(kept - names) <= 3
    assert AuditLog(database, clock).verify() is None
    assert not any("damaged" in warning for warning in database.warnings)
    database.close()


def test_a_run_of_a_killed_process_is_interrupted_at_the_next_start_and_keeps_its_text(
    database_url: str, clock: HandClock
) -> None:
    with started(ASK_UNTIL_KILLED, database_url) as process:
        assert process.stdout is not None
        conversation_id = process.stdout.readline().strip()
        process.kill()
        process.wait(20)
    database = Database.open(database_url, clock=clock)
    wait_for_the_server_to_notice(database)
    store = ConversationStore(database, clock)
    assert store.interrupt_orphans() == 1
    [turn] = store.get(("contoso", "ana"), conversation_id).turns
    assert [(run.state, run.text) for run in turn.runs] == [(RunState.INTERRUPTED, "Melts hea")]
    database.close()


def wait_for_the_server_to_notice(database: Database) -> None:
    """PostgreSQL frees a dead client's lock a moment after its connection broke; asking for it waits until then."""
    with database.read() as connection:
        dead = connection.execute(text("SELECT process FROM runs")).scalar_one()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:process)"), {"process": dead})


@pytest.mark.postgres
def test_a_run_of_another_living_process_is_left_alone() -> None:
    from tests.support.databases import HandClock, postgresql_with_tables

    with postgresql_with_tables() as url, started(ASK_UNTIL_KILLED, url) as process:
        assert process.stdout is not None
        conversation_id = process.stdout.readline().strip()
        database = Database.open(url)
        store = ConversationStore(database, HandClock())
        assert store.interrupt_orphans() == 0
        [turn] = store.get(("contoso", "ana"), conversation_id).turns
        assert turn.runs[0].state is RunState.RUNNING
        database.close()
