"""A process that asks, receives some text, says so, and then waits to be killed: ``URL CHARACTERS``."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from core.runs.core_loop import CoreLoop
from core.runs.live_runs import LiveRuns
from core.runs.prompting import Prompting
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from tests.unit.runs.scripted import ANNA, CATALOGUE, FAST, Pause, ScriptedDeployment, Tokens, answer


def main(url: str, characters: int) -> None:
    conversations = ConversationStore(Database.open(url), lambda: datetime.now(UTC))
    core_loop = CoreLoop()
    core_loop.start()
    pause = Pause()
    deployment = ScriptedDeployment([*answer(*("x" * characters))[:-1], pause])
    prompting = Prompting(conversations, LiveRuns(core_loop, conversations, deployment), CATALOGUE)
    run = prompting.ask(ANNA, "session", Tokens(), conversation_id=None, prompt="One?", deployment_id=FAST.id)
    pause.wait_until_reached()
    received_at = time.monotonic()
    while not conversations.get(ANNA.key, run.conversation_id).turns[0].runs[0].text:
        time.sleep(0.01)
    sys.stdout.write(f"{run.conversation_id} {time.monotonic() - received_at:.3f}\n")
    sys.stdout.flush()
    time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
