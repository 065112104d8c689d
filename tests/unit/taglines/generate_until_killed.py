"""A process that makes cards until it is killed: ``URL SEED``. It tells of every card once it is stored."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.deployments.catalogue import Catalogue
from core.deployments.events import TextDelta
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import LiveRuns
from core.storage.board_generations import BoardGenerations
from core.storage.board_runs import BoardRuns
from core.storage.boards import BoardStore
from core.storage.engine import Database
from core.taglines.brief import Brief
from core.taglines.changing import Changing
from core.taglines.generating import Asker, Generating
from core.taglines.producing import CardKeeper
from tests.support.boards import ANA, room
from tests.unit.runs.scripted import FAST, OPENED, SLOW, Tokens, finished

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from core.deployments.events import Event
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.taglines.board import Card

CARDS = 20
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def now() -> datetime:
    return datetime.now(UTC)


class Telling(CardKeeper):
    """Tells of the cards that are stored."""

    def born(self, cards: Sequence[Card]) -> None:
        super().born(cards)
        for card in cards:
            sys.stdout.write(f"{card.id}\n")
        sys.stdout.flush()


def main(url: str, seed: str) -> None:
    chance = random.Random(int(seed))  # noqa: S311 - no secret

    async def drip(_call: Call, tokens: TokenSource) -> AsyncGenerator[Event, None]:
        await tokens.token("scope")
        yield OPENED
        yield TextDelta('{"taglines": [')
        for _ in range(CARDS):
            await asyncio.sleep(chance.uniform(0.001, 0.01))
            word = " ".join("".join(chance.choices(LETTERS, k=8)) for _ in range(3))
            yield TextDelta(json.dumps(word) + ",")
        yield TextDelta('"the end"]}')
        yield finished()

    core_loop = CoreLoop()
    core_loop.start()
    database = Database.open(url)
    boards, runs = BoardStore(database, now), BoardRuns(database)
    board = room(database, now).desk.create(ANA, Brief(count=2 * CARDS, deployment_ids=(FAST.id, SLOW.id)))
    rows = runs.rows(board.brief.fingerprint)
    live = LiveRuns(core_loop, rows, drip, clock=now)
    keeper = Telling(Changing(boards), runs, ANA, board.id, "Generated cards")
    asker = Asker(ANA.key, "session", Tokens(), board.id, rows, keeper, BoardGenerations(database, now))
    sys.stdout.write(f"board {board.id}\n")
    sys.stdout.flush()
    Generating(live, core_loop, Catalogue([FAST, SLOW]), now).generate(asker, board.brief).ended.result()
    sys.stdin.read()
