from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from core.runs.comparison import FINISHED
from core.storage.engine import Database
from core.storage.records import RunState
from tests.support.forks import forks
from tests.unit.runs.compare_until_killed import COLUMNS, ROUNDS
from tests.unit.runs.comparing_parts import desk_on
from tests.unit.runs.scripted import ANNA, BOUND_SECONDS

if TYPE_CHECKING:
    from core.runs.comparison import Comparison
    from core.runs.core_loop import CoreLoop
    from tests.support.forks import Forks

DEATHS = 20


def killed_in_the_middle(processes: Forks, url: str, seed: int) -> tuple[str, set[str]]:
    """A comparison whose process was killed after some of its answers; its id, and which answers were stored."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    processes.start(url, seed)
    comparison_id = processes.readline().split()[1]
    told = [processes.readline() for _ in range(chance.randrange(COLUMNS * ROUNDS))]
    time.sleep(chance.uniform(0, 0.02))
    told += processes.kill()
    return comparison_id, {line.strip() for line in told}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_comparison_killed_twenty_times_loses_no_answer_and_asks_for_none_twice(
    request: pytest.FixtureRequest, core_loop: CoreLoop, kind: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    with forks("tests.unit.runs.compare_until_killed") as processes:
        deaths = [killed_in_the_middle(processes, url, seed) for seed in range(DEATHS)]
    database = Database.open(url)
    interrupted = 0
    with desk_on(database, core_loop) as desk:
        deadline = time.monotonic() + BOUND_SECONDS
        for comparison_id, acknowledged in deaths:
            while (comparison := desk.comparing.comparison(ANNA, comparison_id)).is_running_elsewhere:
                # A PostgreSQL server notices a moment later that the process is gone.
                assert time.monotonic() < deadline
            finished = {cell.run.id for cell in comparison.cells if cell.run.state in FINISHED}
            assert acknowledged <= finished
            assert {cell.run.state for cell in comparison.cells} <= {*FINISHED, RunState.INTERRUPTED}
            interrupted += sum(cell.run.state is RunState.INTERRUPTED for cell in comparison.cells)
            desk.lab.asked.clear()
            if comparison.missing():
                desk.resume(comparison_id)
            assert is_completed(desk.wait_for_end(comparison_id), finished)
            assert len(desk.lab.asked) == len(comparison.missing())
    assert interrupted
    database.close()


def is_completed(comparison: Comparison, kept: set[str]) -> bool:
    cells = [(cell.round, cell.arm) for cell in comparison.cells]
    every = [(number, arm) for number in range(ROUNDS) for arm in range(COLUMNS)]
    return cells == every and not comparison.missing() and kept <= {cell.run.id for cell in comparison.cells}
