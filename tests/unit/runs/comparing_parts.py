"""Comparisons of scripted deployments, and a way to wait for their end."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from core.deployments.catalogue import Catalogue
from core.deployments.deployment import Deployment, Operation
from core.deployments.warming import Readiness
from core.runs.answering import Patience
from core.runs.carrying import Carrying
from core.runs.comparing import Comparing
from core.runs.comparison_plan import Plan, side_by_side
from core.runs.live_runs import LiveRuns
from core.storage.comparisons import ComparisonStore
from core.storage.conversations import ConversationStore
from core.storage.votes import VoteStore
from tests.unit.runs.scripted import ANNA, BOUND_SECONDS, ENDPOINT, ScriptedDeployment, Step, Tokens, answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from core.deployments.deployment import Endpoint
    from core.deployments.events import Event
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.runs.comparison import Comparison
    from core.runs.core_loop import CoreLoop
    from core.runs.live_comparison import LiveComparison
    from core.storage.engine import Database
    from core.storage.records import RunRecord

NAMES = tuple("abcdefghi")
DEPLOYMENTS = tuple(
    Deployment(name, name.upper(), f"gpt-{name}", (Operation.CHAT,), None, ENDPOINT) for name in NAMES
)
PATIENT = Patience(pause_seconds=(0.0, 0.0))
SESSION = "session-1"


class AppIdentity(Tokens):
    identity = "the app"
    identity_kind: Literal["user", "app"] = "app"


def plan(columns: int = 2, repeats: int = 1, prompt: str = "Ice cream?", *, is_blind: bool = False) -> Plan:
    return Plan(side_by_side(DEPLOYMENTS[:columns], prompt), repeats, is_blind)


class Lab:
    """Deployments by name, each answering by scripts of its own; ``asked`` is every call in order."""

    def __init__(self) -> None:
        self.scripts: dict[str, ScriptedDeployment] = defaultdict(
            lambda: ScriptedDeployment(answer("Melts ", "hearts"))
        )
        self.asked: list[str] = []

    def answers(self, name: str, *scripts: Sequence[Step]) -> None:
        self.scripts[name] = ScriptedDeployment(*scripts)

    def __call__(self, call: Call, tokens: TokenSource) -> AsyncGenerator[Event, None]:
        self.asked.append(call.deployment.name)
        return self.scripts[call.deployment.name](call, tokens)


@dataclass
class Desk:
    """Comparing with all its parts within reach."""

    comparing: Comparing
    store: ComparisonStore
    runs: LiveRuns
    lab: Lab
    signed_out: set[str] = field(default_factory=set)
    readiness: list[Readiness] = field(default_factory=list)
    made_ready: list[int] = field(default_factory=list)
    """How many columns were got ready, round by round."""

    def start(self, of: Plan | None = None, user: User = ANNA, **more: Any) -> str:  # noqa: ANN401 - as for start
        return self.comparing.start(user, SESSION, [Tokens(), AppIdentity()], of or plan(), **more)

    def resume(self, comparison_id: str) -> None:
        self.comparing.resume(ANNA, SESSION, [Tokens(), AppIdentity()], comparison_id)

    def wait_for_end(self, comparison_id: str) -> Comparison:
        live = self.comparing.going_on.find(comparison_id)
        if live:
            live.over.result(BOUND_SECONDS)
        return self.comparing.comparison(ANNA, comparison_id)

    def wait_for_column(self, comparison_id: str, arm: int) -> None:
        """Return once this column's answer has ended, while others may go on."""
        self.live(comparison_id, 2).runs()[arm].ended.result(BOUND_SECONDS)

    def live(self, comparison_id: str, columns: int) -> LiveComparison:
        """What goes on, once so many columns are on their way."""
        live = self.comparing.live(ANNA, comparison_id)
        assert live
        version = 0
        while len(live.runs()) < columns:
            version = live.wait_beyond(version, BOUND_SECONDS)
        return live

    def compare(self, of: Plan | None = None, **more: Any) -> Comparison:  # noqa: ANN401 - as for start
        return self.wait_for_end(self.start(of, **more))


@contextlib.contextmanager
def desk_on(
    database: Database, core_loop: CoreLoop, lab: Lab | None = None, catalogue: Catalogue | None = None
) -> Iterator[Desk]:
    lab = lab or Lab()
    store = ComparisonStore(database, now)
    runs = LiveRuns(core_loop, ConversationStore(database, now), lab, patience=PATIENT)
    signed_out: set[str] = set()
    readiness: list[Readiness] = []
    made_ready: list[int] = []

    async def get_ready(callers: Sequence[tuple[Endpoint, TokenSource]]) -> Readiness:
        made_ready.append(len(callers))
        return readiness.pop(0) if readiness else Readiness((None,) * len(callers), ())

    carrying = Carrying(store, runs, core_loop, get_ready, lambda session: session not in signed_out, now)
    comparing = Comparing(store, VoteStore(database), runs, carrying, catalogue or Catalogue(DEPLOYMENTS), now)
    try:
        yield Desk(comparing, store, runs, lab, signed_out, readiness, made_ready)
    finally:
        comparing.going_on.begin_no_more()
        runs.drain(1.0)
        comparing.going_on.wait_for_all(BOUND_SECONDS)


def now() -> datetime:
    return datetime.now(UTC)


def told(run: RunRecord) -> tuple[str, str]:
    return run.state, run.text
