"""The desk of taglines on a database of its own; deployments are played by a fake."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core.deployments.catalogue import Catalogue
from core.deployments.headroom import Headrooms
from core.identity.user import User
from core.storage.audit import AuditLog
from core.storage.board_generations import BoardGenerations
from core.storage.board_polls import BoardPolls
from core.storage.board_runs import BoardRuns
from core.storage.board_sharing import BoardShares
from core.storage.boards import BoardStore
from core.storage.records import RunRecord, RunState
from core.taglines.board import Card, add, new_card_id
from core.taglines.changing import Changing
from core.taglines.desk import Taglines
from core.taglines.generation import Generation
from core.taglines.producing import Producing
from core.taglines.rehearsal import Rehearsal
from core.taglines.sharing import Sharing
from core.taglines.voting import Voting

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.storage.engine import Database
    from core.taglines.board import Board
    from core.taglines.generating import Asker

ANA = User("contoso", "ana", "ana@contoso.example", "Ana")
BEN = User("contoso", "ben", "ben@contoso.example", "Ben")
CHO = User("contoso", "cho", "cho@contoso.example", "Cho")
DAN = User("fabrikam", "ana", "ana@fabrikam.example", "Ana")


@dataclass
class PlayedGenerating:
    """Says what it was asked, and makes nothing by itself."""

    asked: list[Asker] = field(default_factory=list)

    def generate(self, asker: Asker, *_: Any) -> Generation:  # noqa: ANN401 - whatever is asked
        self.asked.append(asker)
        generation = Generation(new_card_id(), asker.board_id, asker.owner, ())
        generation.end()
        return generation

    transform = generate

    def of_board(self, board_id: str) -> list[Generation]:  # noqa: ARG002 - the real one looks for it
        return []

    def wait_for_all(self, seconds: float) -> None:
        """Nothing goes on."""


@dataclass
class Room:
    """The desk and what stands behind it."""

    desk: Taglines
    boards: BoardStore
    runs: BoardRuns
    generations: BoardGenerations
    shares: BoardShares
    polls: BoardPolls
    audit: AuditLog
    generating: PlayedGenerating


def room(database: Database, clock: Callable[[], datetime]) -> Room:
    """A desk on this database."""
    boards, runs = BoardStore(database, clock), BoardRuns(database)
    shares, polls, audit = BoardShares(database, clock), BoardPolls(database, clock), AuditLog(database, clock)
    changing, generating = Changing(boards), PlayedGenerating()
    generations = BoardGenerations(database, clock)
    desk = Taglines(
        boards,
        changing,
        Producing(
            boards,
            runs,
            generations,
            changing,
            generating,  # type: ignore[arg-type]  # played
            clock=clock,
        ),
        sharing=Sharing(boards, shares, audit),
        voting=Voting(boards, polls),
        rehearsal=Rehearsal(
            boards,
            runs,
            generating,  # type: ignore[arg-type]  # played
            access=None,  # type: ignore[arg-type]  # asks real deployments; tested with them
            live=None,  # type: ignore[arg-type]  # the same
            catalogue=Catalogue([]),
            headrooms=Headrooms(clock),
            session_tokens=None,
            clock=clock,
        ),
        clock=clock,
    )
    return Room(desk, boards, runs, generations, shares, polls, audit, generating)


def a_card(text: str, at: datetime, **facts: Any) -> Card:  # noqa: ANN401 - any fact of a card
    """A card as a deployment gave it."""
    given = Card(
        new_card_id(),
        text,
        at,
        original=text,
        deployment_id="nordic/writer",
        deployment_label="Writer",
        model="gpt-5",
        run_id="run",
        how="generated",
    )
    return replace(given, **facts)


def with_cards(place: Room, user: User, *texts: str) -> Board:
    """A new board with a card for each text."""
    board = place.desk.create(user)
    cards = [a_card(text, board.created_at) for text in texts]
    return place.desk.change(user, board.id, board.version, lambda seen: add(seen, cards)).board


def a_run(at: datetime, board_id: str, generation: str, text: str, **facts: Any) -> RunRecord:  # noqa: ANN401 - any fact
    """A finished run of a board."""
    run = RunRecord(
        id=new_card_id(),
        conversation_id=board_id,
        turn_id=generation,
        deployment_id="nordic/writer",
        deployment_label="Writer",
        endpoint_name="nordic",
        model="gpt-5",
        region="swedencentral",
        identity="ana@contoso.example",
        identity_kind="user",
        system="",
        parameters={},
        state=RunState.COMPLETE,
        started_at=at,
        text=text,
        finish_reason="stop",
    )
    return replace(run, **facts)


def keep_run(place: Room, user: User, run: RunRecord, fingerprint: str) -> None:
    """Store a run as it would have been."""
    rows = place.runs.rows(fingerprint)
    rows.start_run(user.key, replace(run, state=RunState.RUNNING, text=""))
    assert rows.finish_run(run).result(10)
