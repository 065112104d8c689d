"""What the look ahead says of deployments that everybody uses."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.access.findings import ROLE, Examination, Finding, Outcome
from core.deployments.catalogue import Catalogue
from core.deployments.headroom import Headrooms
from core.deployments.refusal import Refusal
from core.errors import ServiceFailed, TimedOut
from core.runs.breaker import MOST_FAILURES, Breakers
from core.storage.engine import Database
from core.taglines.board import set_brief
from core.taglines.rehearsal import Rehearsal, Rehearsed
from tests.support.boards import ANA, room
from tests.support.databases import HandClock, sqlite_with_tables
from tests.unit.runs.scripted import FAST, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.deployments.deployment import Deployment


TWIN = replace(FAST, name="twin", label="Twin")


class Access:
    """What the doctor found."""

    def __init__(self, clock: HandClock) -> None:
        self.finding = Finding(ROLE, Outcome.WORKS, "It works.", clock())
        self.is_slow = False
        self.clock = clock

    def access_map(self, _tokens: object) -> dict[str, Examination]:
        if self.is_slow:
            raise TimedOut("The check did not end in time.", "Check again in a minute.")
        known = (FAST.id, TWIN.id)
        return {each: Examination(each, "ana", "user", "", (self.finding,), {}, self.clock()) for each in known}


class Ahead:
    """A look ahead at a board that asks one deployment, and what it depends on."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.place = room(database, clock)
        self.access, self.breakers, self.headrooms = Access(clock), Breakers(clock), Headrooms(clock)
        self.clock = clock
        self.rehearsal = Rehearsal(
            self.place.boards,
            self.place.runs,
            self.place.generating,  # type: ignore[arg-type]  # played
            access=self.access,  # type: ignore[arg-type]  # played
            live=SimpleNamespace(breakers=self.breakers),  # type: ignore[arg-type]  # its breakers
            catalogue=Catalogue([FAST, TWIN]),
            headrooms=self.headrooms,
            session_tokens=None,
            clock=clock,
        )

    def of(self, *deployments: Deployment) -> list[Rehearsed]:
        """What is said of the deployments of a brief."""
        board = self.place.desk.create(ANA)
        brief = replace(board.brief, deployment_ids=tuple(one.id for one in deployments))
        self.place.desk.change(ANA, board.id, 1, lambda seen: set_brief(seen, brief))
        session: Any = SimpleNamespace(expires_at=self.clock.now)
        found = self.rehearsal.rehearse(ANA, session, Tokens(), board.id)
        return [one for one in found if "ast" in one.says or "deployments" in one.says]


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    clock = HandClock()
    database = Database.open(sqlite_with_tables(tmp_path / "boards.sqlite3"), clock=clock)
    yield Ahead(database, clock)
    database.close()


def break_it(ahead: Ahead) -> None:
    for _ in range(MOST_FAILURES):
        with pytest.raises(ServiceFailed), ahead.breakers.passing(FAST):
            raise ServiceFailed


def refuse(ahead: Ahead) -> None:
    ahead.access.finding = Finding(ROLE, Outcome.NEEDS_ACTION, "No role.", ahead.clock(), "Ask Olga.", command="az")


def pass_by(ahead: Ahead) -> None:
    ahead.access.finding = Finding(ROLE, Outcome.LOOK, "It is slow.", ahead.clock(), "Wait.")


def be_slow(ahead: Ahead) -> None:
    ahead.access.is_slow = True


def be_busy(ahead: Ahead) -> None:
    ahead.headrooms.refused(FAST.id, Refusal(429, headers={"retry-after": "30"}))


def use_up(ahead: Ahead) -> None:
    left = {"x-ratelimit-remaining-requests": "1", "x-ratelimit-limit-requests": "10"}
    ahead.headrooms.accepted(FAST.id, left)


@pytest.mark.parametrize(
    ("happen", "level", "says"),
    [
        (lambda _: None, "ok", "Fast can be reached and used."),
        (break_it, "bad", "Fast failed too often and is left alone for now."),
        (refuse, "bad", "Fast: No role."),
        (pass_by, "warn", "Fast: It is slow."),
        (be_slow, "warn", "Whether the deployments answer could not be found out."),
        (be_busy, "bad", "Fast is busy and asked to wait."),
        (use_up, "warn", "Fast has little of its quota left in this minute: others use it too."),
    ],
)
def test_it_says_how_a_deployment_stands_and_what_to_do(
    ahead: Ahead, happen: Callable[[Ahead], None], level: str, says: str
) -> None:
    happen(ahead)
    [found] = ahead.of(FAST)
    assert (found.level, found.says) == (level, says)
    assert bool(found.remedy) == (level != "ok")


def test_what_stands_in_the_way_of_several_deployments_is_said_once(ahead: Ahead) -> None:
    refuse(ahead)
    [found] = ahead.of(FAST, TWIN)
    assert (found.says, found.remedy, found.command) == ("Fast, Twin: No role.", "Ask Olga.", "az")


def test_a_deployment_that_is_not_in_the_catalogue_any_more_is_said(ahead: Ahead) -> None:
    found = ahead.of(FAST, replace(FAST, name="last-year"))
    assert [(one.level, one.says) for one in found] == [
        ("bad", "lab/last-year is not in the catalogue any more."),
        ("ok", "Fast can be reached and used."),
    ]
