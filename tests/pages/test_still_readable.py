"""What was taken back while somebody watches it goes out of sight."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from core.errors import NotFound, StorageError
from core.runs.live_comparison import LiveComparison
from core.storage.board_records import Role
from core.taglines.board import Board
from core.taglines.brief import Brief
from core.taglines.generation import Generation, Part
from pages.components import still_readable
from pages.components.compare import live as compare_live
from pages.components.still_readable import LOOK_SECONDS, StillReadable
from pages.components.taglines import live as taglines_live
from tests.support.boards import ANA

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.components.session import Visitor

AT = datetime(2026, 11, 21, tzinfo=UTC)
MOST_FRAMES = 20


def taken_back(*_: object) -> None:
    raise NotFound


class Frames:
    """A place, or a progress, that gives up when it is drawn for too long."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, *_: object) -> None:
        self.drawn += 1
        assert self.drawn < MOST_FRAMES, "watched though it was taken back"

    markdown = draw


def visitor(read: Callable[..., Any]) -> Visitor:
    services = SimpleNamespace(
        comparing=SimpleNamespace(live=read),
        taglines=SimpleNamespace(role=read),
        live=SimpleNamespace(running_count=1),
    )
    return cast("Visitor", SimpleNamespace(services=services, user=None))


def test_a_right_is_looked_up_now_and_then_and_a_failing_database_takes_none_away() -> None:
    now, looks = 0.0, []

    def read() -> None:
        looks.append(now)
        if len(looks) == 1:
            raise StorageError
        raise NotFound

    readable = StillReadable(read, lambda: now)
    seen = []
    for _ in range(4):
        now += LOOK_SECONDS / 2
        seen.append(readable.look())
    assert seen == [True, True, True, False]
    assert looks == [LOOK_SECONDS, 2 * LOOK_SECONDS]


def test_who_watches_a_comparison_sees_no_more_of_it_once_it_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_readable, "LOOK_SECONDS", 0.0)
    going_on = LiveComparison("c", ANA.key, "session", todo=[(0, [0])])
    compare_live.watch(visitor(taken_back), [], (), going_on, cast("Any", Frames()))
    assert not going_on.finished


def test_who_watches_cards_being_made_sees_no_more_of_them_once_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_readable, "LOOK_SECONDS", 0.0)
    board = Board("b", ANA.key, "Owner", "Ice", AT, AT, Brief())
    generation = Generation("g", board.id, ANA.key, [Part("sweden/fast", "Fast")])
    progress, newborns = Frames(), cast("Any", [SimpleNamespace(generation=generation, draw=Frames().draw)])
    taglines_live.watch(visitor(taken_back), board, newborns, cast("Any", progress))
    with pytest.raises(AssertionError, match="though it was taken back"):
        taglines_live.watch(visitor(lambda *_: Role.VIEWER), board, newborns, cast("Any", progress))
    assert progress.drawn == 1, "what is drawn already keeps no browser busy"
