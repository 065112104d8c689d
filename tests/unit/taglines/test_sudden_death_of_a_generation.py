from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.storage.engine import Database
from core.storage.records import RunState
from tests.support.boards import ANA, room
from tests.support.databases import postgresql_with_tables, sqlite_with_tables
from tests.support.forks import forks
from tests.unit.runs.scripted import BOUND_SECONDS
from tests.unit.taglines.generate_until_killed import CARDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.forks import Forks

DEATHS = 10


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_with_tables(tmp_path / "boards.sqlite3")
    else:
        with postgresql_with_tables() as schema:
            yield schema


def killed_in_the_middle(processes: Forks, url: str, seed: int) -> tuple[str, list[str]]:
    """A board whose cards were being made when the process was killed; its id, and the cards told to be stored."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    processes.start(url, seed)
    board_id = processes.readline().split()[1]
    told = [processes.readline() for _ in range(chance.randrange(CARDS))]
    time.sleep(chance.uniform(0, 0.02))
    told += processes.kill()
    return board_id, [line.strip() for line in told]


def test_a_process_killed_while_it_makes_cards_loses_none_that_was_born(url: str) -> None:
    with forks("tests.unit.taglines.generate_until_killed") as processes:
        deaths = [killed_in_the_middle(processes, url, seed) for seed in range(DEATHS)]
    database = Database.open(url)
    place = room(database, lambda: datetime.now(UTC))
    deadline = time.monotonic() + BOUND_SECONDS
    boards = [board_id for board_id, _ in deaths]
    while not all(one.view().finished for each in boards for one in place.desk.generations(ANA, each)):
        assert time.monotonic() < deadline, "a PostgreSQL server notices a moment later that a process is gone"
    assert place.runs.interrupt_orphans()
    said_to_be_interrupted = 0
    for board_id, told in deaths:
        board = place.desk.open(ANA, board_id)
        ids = [card.id for card in board.cards]
        assert set(told) <= set(ids)
        assert len(ids) == len(set(ids))
        reasons = [version.reason for version in place.desk.versions(ANA, board_id)]
        assert reasons == (["Generated cards"] if ids else []) + ["Made the board"]
        by_run = {run.id: run for run in place.runs.of_board(ANA.key, board_id)}
        assert all(card.run_id in by_run for card in board.cards)
        if ids:
            assert place.desk.undo(ANA, board_id).board.cards == ()
        views = [generation.view() for generation in place.desk.generations(ANA, board_id)]
        assert all({card.id for card in view.cards} <= set(ids) for view in views)
        said_to_be_interrupted += any(view.is_interrupted for view in views)
    assert said_to_be_interrupted
    states = {run.state for each in boards for run in place.runs.of_board(ANA.key, each)}
    assert states <= {RunState.INTERRUPTED, RunState.COMPLETE}
    database.close()
