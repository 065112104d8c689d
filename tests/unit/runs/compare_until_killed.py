"""A process that compares until it is killed: ``URL SEED``. It tells of every answer once its end is stored."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import TYPE_CHECKING

from core.deployments.events import TextDelta
from core.runs.core_loop import CoreLoop
from core.storage.engine import Database
from tests.unit.runs.comparing_parts import Lab, desk_on, plan
from tests.unit.runs.scripted import OPENED, finished

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.deployments.events import Event
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource

WORDS = 12
COLUMNS = 4
ROUNDS = 6


class Dripping(Lab):
    """Answers word by word, each deployment at a pace of chance."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)  # noqa: S311 - no secret

    async def __call__(self, _call: Call, tokens: TokenSource) -> AsyncGenerator[Event, None]:
        await tokens.token("scope")
        yield OPENED
        pause = self._chance.uniform(0.0005, 0.006)
        for number in range(WORDS):
            await asyncio.sleep(pause)
            yield TextDelta(f"{number} ")
        yield finished()


def main(url: str, seed: str) -> None:
    core_loop = CoreLoop()
    core_loop.start()
    with desk_on(Database.open(url), core_loop, Dripping(int(seed))) as desk:
        finish_run = desk.store.finish_run

        def finish_and_tell(run):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as the method
            stored = finish_run(run)
            stored.add_done_callback(lambda _: sys.stdout.write(f"{run.id}\n") and sys.stdout.flush())
            return stored

        desk.store.finish_run = finish_and_tell  # type: ignore[method-assign]
        comparison_id = desk.start(plan(COLUMNS, ROUNDS))
        sys.stdout.write(f"comparison {comparison_id}\n")
        sys.stdout.flush()
        desk.wait_for_end(comparison_id)
        sys.stdin.read()
