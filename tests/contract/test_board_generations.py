"""How the making of cards goes, seen from other processes than the one that makes them."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.deployments.events import TextDelta
from core.errors import NotFound, ServiceFailed, StorageError
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import DEFAULT_BOUNDS
from core.storage.board_generations import BoardGenerations
from core.storage.board_records import Role
from core.storage.engine import Database
from core.taglines import elsewhere, telling
from core.taglines.board import add
from core.taglines.brief import Brief
from core.taglines.changing import Changing
from core.taglines.producing import INTERRUPTED_FOR, CardKeeper
from core.taglines.telling import as_told, view_of
from tests.support.boards import ANA, BEN, DAN, Room, a_card, room
from tests.support.databases import HandClock, postgresql_with_tables
from tests.unit.runs.scripted import ANNA, BOUND_SECONDS, OPENED, Pause
from tests.unit.taglines.test_generating import Desk, answer, ended, gone, said, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from core.storage.records import Owner
    from core.taglines.board import Board
    from core.taglines.generation import Generation, GenerationView, Watched

TOLD = {"made_from": "", "wanted": 8, "cards": [], "parts": [], "notices": [], "is_replayed": False}
WRITING = {
    "deployment_id": "lab/fast",
    "deployment_label": "Fast",
    "stage": "writing",
    "run_id": "run",
    "cards": 0,
    "error": None,
    "notices": [],
    "waiting_until": None,
}


class Maker:
    """A process that makes cards for a board of Anna's, with deployments that answer by a script."""

    def __init__(self, core_loop: CoreLoop, place: Room, **scripts: Any) -> None:  # noqa: ANN401 - lists of steps
        self.played = Desk(core_loop, DEFAULT_BOUNDS, **scripts)
        brief = Brief(count=2, deployment_ids=tuple(self.played.deployments))
        self.board: Board = place.desk.create(ANNA, brief)
        keeper = CardKeeper(Changing(place.boards), place.runs, ANNA, self.board.id, "Generated cards")
        self.played.asker = replace(
            self.played.asker, board_id=self.board.id, born=keeper, generations=place.generations
        )

    def generate(self) -> Generation:
        return self.played.generating.generate(self.played.asker, self.board.brief)


@pytest.fixture
def core_loop() -> Iterator[CoreLoop]:
    loop = CoreLoop()
    loop.start()
    yield loop
    loop.close()


@pytest.fixture
def two_processes() -> Iterator[tuple[Room, Room]]:
    clock = HandClock()
    with postgresql_with_tables() as url, opened(url, clock) as first, opened(url, clock) as second:
        yield first, second


@contextmanager
def opened(url: str, clock: HandClock) -> Iterator[Room]:
    database = Database.open(url, clock=clock)
    yield room(database, clock)
    database.close()


def seen_by(place: Room, board: Board) -> Watched:
    """The generation that this process sees, as soon as it does."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not (seen := place.desk.generations(ANNA, board.id)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return seen[-1]


def looked_at_until(seen: Watched, is_so: Callable[[GenerationView], object]) -> GenerationView:
    deadline = time.monotonic() + BOUND_SECONDS
    while not is_so(view := seen.view()):
        assert time.monotonic() < deadline
        seen.wait_beyond(view.version, 0.05)
    return view


@pytest.mark.postgres
def test_another_process_sees_cards_as_they_are_stored_and_its_stop_arrives_within_two_seconds(
    core_loop: CoreLoop, two_processes: tuple[Room, Room]
) -> None:
    here, there = two_processes
    pause = Pause()
    maker = Maker(core_loop, here, fast=[[OPENED, TextDelta('["Sun.", "Moonl'), pause]])
    generation = maker.generate()
    seen = seen_by(there, maker.board)
    view = looked_at_until(seen, lambda view: view.cards)
    assert (seen.id, seen.owner, seen.wanted, seen.made_from) == (generation.id, ANNA.key, 2, "")
    assert (texts(view), view.parts[0].stage, view.finished) == (["Sun."], "writing", False)
    before = time.monotonic()
    there.desk.stop(ANNA, maker.board.id)
    generation.ended.result(BOUND_SECONDS)
    assert time.monotonic() - before < 2
    view = looked_at_until(seen, lambda view: view.finished)
    assert (texts(view), view.parts[0].stage, view.is_interrupted) == (["Sun."], "stopped", False)
    assert [card.text for card in there.desk.open(ANNA, maker.board.id).cards] == ["Sun."]


def test_a_card_that_was_told_of_before_it_was_stored_is_seen_once_it_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "LOOK_SECONDS", 0.0)
    place = room(database, HandClock())
    board = place.desk.create(ANA)
    card = a_card("Sun.", board.created_at)
    place.generations.tell(ANA.key, board.id, "g", {**TOLD, "cards": [card.id], "parts": [WRITING]})
    (seen,) = place.desk.generations(ANA, board.id)
    assert seen.view().cards == ()
    place.desk.change(ANA, board.id, board.version, lambda now: add(now, [card]))
    assert seen.view().cards == (card,)


@pytest.mark.postgres
def test_another_process_sees_why_a_deployment_gave_nothing_and_what_was_left_out(
    core_loop: CoreLoop, two_processes: tuple[Room, Room]
) -> None:
    here, there = two_processes
    maker = Maker(core_loop, here, fast=[[gone()]], slow=[answer(said("Sun.", "SUN"))])
    view = ended(maker.generate())
    seen = looked_at_until(seen_by(there, maker.board), lambda view: view.finished)
    assert (seen.parts, seen.notices, seen.cards) == (view.parts, view.notices, view.cards)
    assert len(seen.notices) == 1
    (part, _) = seen.parts
    assert part.error


@pytest.mark.postgres
def test_what_ended_is_not_told_for_long(core_loop: CoreLoop, two_processes: tuple[Room, Room]) -> None:
    here, there = two_processes
    maker = Maker(core_loop, here, fast=[answer(said("Sun."))])
    ended(maker.generate())
    assert there.desk.generations(ANNA, maker.board.id)
    clock = there.desk._clock
    assert isinstance(clock, HandClock)
    clock.advance(minutes=2)
    assert there.desk.generations(ANNA, maker.board.id) == ()


def test_a_generation_whose_process_is_gone_is_said_to_be_interrupted_until_the_next_one(
    database_url: str, clock: HandClock
) -> None:
    with opened(database_url, clock) as place:
        board = place.desk.create(ANA)
        place.desk.sharing.join(BEN, place.desk.sharing.make(ANA, board.id, Role.VIEWER).id)
        done = {**WRITING, "stage": "done"}
        place.generations.tell(ANA.key, board.id, "g1", {**TOLD, "parts": [WRITING, done]})
    with opened(database_url, clock) as place:
        deadline = time.monotonic() + BOUND_SECONDS
        while not (view := place.desk.generations(ANA, board.id)[-1].view()).finished:
            assert time.monotonic() < deadline, "PostgreSQL notices a moment later that a process is gone"
        assert ([part.stage for part in view.parts], view.is_interrupted) == (["interrupted", "done"], True)
        assert place.desk.generations(BEN, board.id) == (), "who only looks on can do nothing about it"
        clock.advance(days=INTERRUPTED_FOR / timedelta(days=1))
        assert place.desk.generations(ANA, board.id) == ()
        place.generations.tell(ANA.key, board.id, "g2", TOLD)
        assert [one.id for one in place.generations.of_board(ANA.key, board.id)] == ["g2"]


def test_only_who_may_edit_a_board_tells_of_it_or_stops_it_and_only_members_see_it(database: Database) -> None:
    place = room(database, HandClock())
    board = place.desk.create(ANA)
    place.desk.sharing.join(BEN, place.desk.sharing.make(ANA, board.id, Role.VIEWER).id)
    for user in (BEN, DAN):
        with pytest.raises(NotFound):
            place.generations.tell(user.key, board.id, "g", TOLD)
        with pytest.raises(NotFound):
            place.generations.stop(user.key, board.id)
    place.generations.tell(ANA.key, board.id, "g", TOLD)
    assert not place.generations.is_stopping("g")
    assert len(place.generations.of_board(BEN.key, board.id)) == 1
    with pytest.raises(NotFound):
        place.generations.of_board(DAN.key, board.id)
    place.generations.stop(ANA.key, board.id)
    assert place.generations.is_stopping("g")
    assert place.generations.tell(ANA.key, board.id, "g", TOLD, has_ended=True)
    place.desk.delete(ANA, board.id)
    with pytest.raises(NotFound):
        place.generations.tell(ANA.key, board.id, "g", TOLD)


def test_what_is_told_is_read_back_exactly(core_loop: CoreLoop, database: Database) -> None:
    failing = [OPENED, TextDelta('["Sun.", "Moonl'), ServiceFailed()]
    maker = Maker(core_loop, room(database, HandClock()), fast=[failing], slow=[answer("No."), answer(said("Snow."))])
    generation = maker.generate()
    view = ended(generation)
    assert view.parts[0].error
    assert view.parts[1].notices
    told = json.loads(json.dumps(as_told(generation)))
    assert view_of(told, view.cards, version=view.version, finished=True) == view


class Failing(BoardGenerations):
    """A store that fails so many times."""

    failures = 0
    told = 0

    def tell(
        self, person: Owner, board_id: str, generation_id: str, told: Mapping[str, Any], *, has_ended: bool = False
    ) -> bool:
        self.told += 1
        if self.told <= self.failures:
            raise StorageError
        return super().tell(person, board_id, generation_id, told, has_ended=has_ended)


def test_cards_do_not_wait_for_a_store_that_fails_and_the_end_is_told_later(
    core_loop: CoreLoop, database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PAUSES_SECONDS", (0.01, 0.01, 0.01))
    place = room(database, clock)
    maker = Maker(core_loop, place, fast=[answer(said("Sun.", "Snow."))])
    store = Failing(database, clock)
    store.failures = 3
    maker.played.asker = replace(maker.played.asker, generations=store)
    assert texts(ended(maker.generate())) == ["Sun.", "Snow."]
    deadline = time.monotonic() + BOUND_SECONDS
    while not place.generations.of_board(ANNA.key, maker.board.id):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (stored,) = place.generations.of_board(ANNA.key, maker.board.id)
    assert stored.ended_at == clock.now
