"""A look ahead before a demo: what would go wrong, and what to do about it now."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from core.access.findings import Outcome
from core.errors import KeylessError, SignInAgain
from core.runs.breaker import BreakerState
from core.storage.records import RunState
from core.taglines.generating import Asker
from core.taglines.replay import replay_of
from core.taglines.rights import board_of, editable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from core.access.desk import AccessDesk
    from core.access.findings import Examination, Finding
    from core.deployments.catalogue import Catalogue
    from core.deployments.headroom import Headrooms
    from core.identity.access_token import TokenSource
    from core.identity.session_tokens import SessionTokens
    from core.identity.user import User
    from core.runs.live_runs import LiveRuns
    from core.storage.board_runs import BoardRuns
    from core.storage.boards import BoardStore
    from core.storage.records import RunError
    from core.storage.sessions import SessionRecord
    from core.taglines.board import Board, Card
    from core.taglines.generating import Generating
    from core.taglines.generation import Part

Level = Literal["ok", "warn", "bad"]

DEMO_SECONDS: Final = 60 * 60.0
LITTLE_LEFT: Final = 0.2
TRIAL_SECONDS: Final = 150.0
"""A trial ends by itself long before; this is for one that hangs."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One thing that was looked at: ``says`` is how it stands, ``remedy`` what to do ("" when nothing is to be done).

    ``at`` is the moment that the sentence is about, or None; ``command`` carries out the remedy, or is "".
    """

    level: Level
    says: str
    remedy: str = ""
    at: datetime | None = None
    command: str = ""


class Rehearsal:
    """Looks at everything that a demo of a board needs. Free of charge but for ``trial``."""

    def __init__(  # noqa: PLR0913 - everything that can go wrong has its place
        self,
        boards: BoardStore,
        runs: BoardRuns,
        generating: Generating,
        *,
        access: AccessDesk,
        live: LiveRuns,
        catalogue: Catalogue,
        headrooms: Headrooms,
        session_tokens: SessionTokens | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._boards = boards
        self._runs = runs
        self._generating = generating
        self._access = access
        self._live = live
        self._catalogue = catalogue
        self._headrooms = headrooms
        self._session_tokens = session_tokens
        self._clock = clock

    def rehearse(
        self, user: User, session: SessionRecord, tokens: TokenSource, board_id: str, seconds: float = DEMO_SECONDS
    ) -> tuple[Rehearsed, ...]:
        """What would go wrong with a demo of this board that begins now and takes so long; the worst first.

        Raises:
            NotFound: The board is not there, or not shared with this person.
        """
        board = board_of(self._boards.get(user.key, board_id))
        found = [
            *self._brief(board),
            self._sign_in(session, tokens, seconds),
            *self._deployments(tokens, board),
            self._filtered(user, board),
            self._replay(user, board),
        ]
        return tuple(sorted(found, key=lambda one: _WORST_FIRST.index(one.level)))

    def trial(self, user: User, session_id: str, tokens: TokenSource, board_id: str) -> tuple[Rehearsed, ...]:
        """Really ask each deployment of the brief for a card; this costs as much as a short answer of each.

        The cards are not put on the board, but the answers are stored, and may stand in for a call that fails.

        Raises:
            NotAllowed: The person may only look at the board.
            KeylessError: The brief asks for nothing, or no deployment is chosen.
        """
        board = board_of(editable(self._boards, user, board_id))
        brief = replace(board.brief, count=max(1, len(board.brief.deployment_ids)))
        rows = self._runs.rows(brief.fingerprint)
        asker = Asker(user.key, session_id, tokens, board_id, rows, _Nowhere(), is_trial=True)
        generation = self._generating.generate(asker, brief)
        try:
            generation.ended.result(TRIAL_SECONDS)
        except NotInTime:
            generation.stop()
        parts = generation.view().parts
        refused = _together((part.deployment_label, _failure(part.error)) for part in parts if part.error is not None)
        return (*refused, *(_tried(part) for part in parts if part.error is None))

    def _brief(self, board: Board) -> list[Rehearsed]:
        problems = [Rehearsed("bad", problem, "Change the brief.") for problem in board.brief.problems()]
        if not board.brief.deployment_ids:
            problems.append(Rehearsed("bad", "No deployment is chosen.", "Choose at least one in the brief."))
        return problems

    def _sign_in(self, session: SessionRecord, tokens: TokenSource, seconds: float) -> Rehearsed:
        again = "Sign out and in again before the demo."
        try:
            ends_at, needs_person = self._horizon(session, tokens, seconds)
        except SignInAgain as over:
            return Rehearsed("bad", over.title, over.remedy)
        if (ends_at - self._clock()).total_seconds() <= seconds:
            return Rehearsed("bad", "Your sign-in ends before the demo does.", again, ends_at)
        if needs_person:
            return Rehearsed("bad", "Entra will ask you to sign in again during the demo.", again)
        return Rehearsed("ok", "You are signed in for longer than the demo takes.", at=ends_at)

    def _horizon(self, session: SessionRecord, tokens: TokenSource, seconds: float) -> tuple[datetime, bool]:
        if self._session_tokens is None:
            return session.expires_at, False
        ends_at = self._session_tokens.horizon(session).session_expires_at
        if tokens.identity_kind == "app":
            return ends_at, False
        return ends_at, self._session_tokens.needs_person_within(session, seconds)

    def _deployments(self, tokens: TokenSource, board: Board) -> list[Rehearsed]:
        if not board.brief.deployment_ids:
            return []
        try:
            examined = self._access.access_map(tokens)
        except KeylessError as error:
            return [Rehearsed("warn", "Whether the deployments answer could not be found out.", error.remedy)]
        problems, others = [], []
        for deployment_id in board.brief.deployment_ids:
            examination = examined.get(deployment_id)
            if examination is not None and examination.problem is not None:
                problems.append((self._catalogue.find(deployment_id).label, _obstacle(examination.problem)))
            else:
                others += self._deployment(deployment_id, examination)
        return [*_together(problems), *others]

    def _deployment(self, deployment_id: str, examination: Examination | None) -> list[Rehearsed]:
        if examination is None:
            return [
                Rehearsed("bad", f"{deployment_id} is not in the catalogue any more.", "Choose another deployment.")
            ]
        label = self._catalogue.find(deployment_id).label
        return self._quota(deployment_id, label) or [
            Rehearsed("ok", f"{label} can be reached and used.", at=examination.checked_at)
        ]

    def _quota(self, deployment_id: str, label: str) -> list[Rehearsed]:
        wait = "Wait, or choose another deployment."
        breaker = self._live.breakers.all().get(deployment_id)
        if breaker is not None and breaker.state(self._clock()) is BreakerState.OPEN:
            says = f"{label} failed too often and is left alone for now."
            return [Rehearsed("bad", says, wait, breaker.open_until)]
        busy_until = self._headrooms.busy_until(deployment_id)
        if busy_until is not None:
            return [Rehearsed("bad", f"{label} is busy and asked to wait.", wait, busy_until)]
        headroom = self._headrooms.of(deployment_id)
        share_left = headroom.share_left if headroom else None
        if share_left is not None and share_left < LITTLE_LEFT:
            says = f"{label} has little of its quota left in this minute: others use it too."
            return [Rehearsed("warn", says, "Choose another deployment as well, in case it refuses.")]
        return []

    def _filtered(self, user: User, board: Board) -> Rehearsed:
        latest = self._runs.latest(user.key, board.id, board.brief.fingerprint)
        filtered = [run for run in latest if run.state is RunState.FILTERED]
        if filtered:
            labels = ", ".join(dict.fromkeys(run.deployment_label for run in filtered))
            says = f"The content filter stopped this brief the last time it was asked: {labels}."
            return Rehearsed("bad", says, "Reword the brief, then try again.", filtered[-1].started_at)
        if not any(run.state is RunState.COMPLETE for run in latest):
            says = "Whether the content filter takes this brief is not known: it was not answered here yet."
            return Rehearsed("warn", says, "Generate once before the demo, or run the trial; both cost something.")
        return Rehearsed("ok", "The content filter let this brief through the last time.", at=latest[-1].started_at)

    def _replay(self, user: User, board: Board) -> Rehearsed:
        if not board.replays:
            says = "If every call fails there will be nothing to show: replays are switched off for this board."
            return Rehearsed("warn", says, "Switch replays on, if you want a stored answer to stand in.")
        replay = replay_of(self._runs, user.key, replace(board, cards=()))
        if replay is None:
            says = "If every call fails there will be nothing to show: no answer to this brief is stored."
            return Rehearsed("warn", says, "Generate once before the demo, or run the trial; both cost something.")
        count = len(replay.cards)
        cards = "1 card" if count == 1 else f"{count} cards"
        says = f"If every call fails, {cards} of a stored answer to this brief can be shown, marked as such."
        return Rehearsed("ok", says, at=replay.answered_at)


class _Nowhere:
    """Cards of a trial are looked at and left."""

    def born(self, cards: Sequence[Card]) -> None:
        """Keep nothing."""

    def stand_in(self) -> Sequence[Card]:
        """A trial shows what really comes."""
        return ()


def _obstacle(problem: Finding) -> Rehearsed:
    level: Level = "bad" if problem.outcome is Outcome.NEEDS_ACTION else "warn"
    return Rehearsed(level, problem.title, problem.remedy, command=problem.command)


def _failure(error: RunError) -> Rehearsed:
    return Rehearsed("bad", error.title, error.remedy, command=error.command)


def _together(problems: Iterable[tuple[str, Rehearsed]]) -> list[Rehearsed]:
    """Each problem once, with the labels of all deployments that have it."""
    labels: dict[Rehearsed, list[str]] = {}
    for label, problem in problems:
        labels.setdefault(problem, []).append(label)
    return [replace(problem, says=f"{', '.join(which)}: {problem.says}") for problem, which in labels.items()]


def _tried(part: Part) -> Rehearsed:
    if not part.cards:
        says = f"{part.deployment_label} wrote no tagline that could be read."
        return Rehearsed("warn", says, "Try once more, or choose another deployment.")
    return Rehearsed("ok", f"{part.deployment_label} answered this brief just now.")


_WORST_FIRST: Final[tuple[Level, ...]] = ("bad", "warn", "ok")
