from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from core.storage.records import RunState
from tests.unit.runs.scripted import ANNA, BOUND_SECONDS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("characters", [100, 5_000])
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_had_streamed_when_the_process_was_killed_is_there_and_marked_interrupted(
    request: pytest.FixtureRequest, kind: str, characters: int
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    command = [sys.executable, "-m", "tests.unit.runs.answer_until_killed", url, str(characters)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        conversation_id, seconds = process.stdout.readline().split()
        process.kill()
    assert float(seconds) < 2.5

    database = Database.open(url)
    conversations = ConversationStore(database, lambda: datetime.now(UTC))
    deadline = time.monotonic() + BOUND_SECONDS
    while not conversations.interrupt_orphans():
        # A PostgreSQL server notices a moment later that the process is gone.
        assert time.monotonic() < deadline
    (turn,) = conversations.get(ANNA.key, conversation_id).turns
    assert turn.runs[0].state is RunState.INTERRUPTED
    assert turn.runs[0].text == "x" * characters
    database.close()
