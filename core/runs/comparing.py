"""Holding deployments against each other: what a person can do with comparisons."""

from __future__ import annotations

from concurrent.futures import wait
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError, NotFound
from core.runs.beginning import new_id
from core.runs.columns import columns_of
from core.runs.comparison import EVERYTHING, FINISHED, Verdict, Vote, blind_votes, comparison_of
from core.runs.going_on import GoingOn
from core.runs.live_comparison import LiveComparison
from core.runs.messages import title_of
from core.runs.pausing import PAUSED
from core.storage.comparison_records import StoredComparison
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from core.deployments.catalogue import Catalogue
    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.runs.carrying import Carrying
    from core.runs.comparison import BlindVotes, Comparison, ComparisonHeading
    from core.runs.comparison_plan import Plan
    from core.runs.live_runs import LiveRuns
    from core.storage.comparisons import ComparisonStore
    from core.storage.votes import VoteStore

__all__ = ["Comparing", "Verdict"]

NOT_ASKED_AGAIN: Final = frozenset({RunState.RUNNING, RunState.COMPLETE})
MOST_TAGS: Final = 20
ENDING_SECONDS: Final = 10.0
"""How long a comparison that was stopped is given to end before it can be continued."""


class Comparing:
    """Comparisons of one person at a time. Methods block on the database: for pages' threads.

    All raise ``NotFound`` for what is not there, or belongs to somebody else and is not shared; ``StorageError``
    when the database fails. Those that ask raise ``KeylessError`` with nothing asked when two of the person's
    comparisons go on already, too many answers are on their way, or an identity may not be used.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the room's parts meet here
        self,
        store: ComparisonStore,
        votes: VoteStore,
        runs: LiveRuns,
        carrying: Carrying,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._votes = votes
        self._runs = runs
        self._catalogue = catalogue
        self._clock = clock
        self.going_on: Final = GoingOn(carrying)
        """What goes on in this process."""
        runs.when_cancelled(self.going_on.stop_those)

    def start(  # noqa: PLR0913 - all that a person chooses, each by name
        self,
        user: User,
        session_id: str,
        identities: Sequence[TokenSource],
        plan: Plan,
        *,
        title: str = "",
        tags: Sequence[str] = (),
        previous_id: str = "",
    ) -> str:
        """Begin a comparison and return its id; it goes on whether or not anybody looks."""
        every = tuple(range(len(plan.arms)))
        columns = columns_of(plan, every, self._catalogue, identities)
        for number in sorted(set(every) - set(columns)):
            self._catalogue.find(plan.arms[number].deployment_id)
        now = self._clock()
        begun = StoredComparison(
            id=new_id(),
            owner=user.key,
            title=title_of(title if title.strip() else plan.arms[0].prompt),
            plan=plan.as_row(),
            tags=_clean(tags),
            is_shared=False,
            previous_id=previous_id,
            notices=(),
            created_at=now,
            updated_at=now,
        )
        todo = [(number, every) for number in range(plan.repeats)]
        live = LiveComparison(begun.id, user.key, session_id, todo=todo)
        self.going_on.begin(live, columns, len(every), lambda: self._store.create(begun))
        return begun.id

    def comparison(self, user: User, comparison_id: str) -> Comparison:
        """All of a comparison of this person, or of a shared one, with what its runs in memory know."""
        live = self.going_on.find(comparison_id)
        stored = self._store.get(user.key, comparison_id)
        in_memory = {run.id: run.record() for run in self._runs.in_conversation(stored.owner, comparison_id)}
        return comparison_of(
            stored,
            in_memory,
            is_running=live is not None and not live.finished,
            notices=live.notices if live else stored.notices,
        )

    def comparisons(self, user: User, limit: int = 50) -> Sequence[ComparisonHeading]:
        """Headings of this person's comparisons, the one used last first."""
        return self._store.list(user.key, limit)

    def live(self, user: User, comparison_id: str) -> LiveComparison | None:
        """A comparison that goes on in this process, to watch; for whoever may read it."""
        live = self.going_on.find(comparison_id)
        if live and live.owner != user.key:
            self._store.get(user.key, comparison_id)
        return live

    def stop(self, user: User, comparison_id: str) -> None:
        """Stop every answer on its way, and begin no more rounds; another process does within seconds."""
        live = self.going_on.of(user.key, comparison_id)
        if live:
            live.stop()
        else:
            self._store.call_off(user.key, comparison_id)

    def stop_arm(self, user: User, comparison_id: str, arm: int) -> None:
        """Stop this column's answer of the round that goes on."""
        live = self.going_on.of(user.key, comparison_id)
        if live:
            live.stop_arm(arm)
        else:
            self._mine(user, comparison_id)

    def resume(self, user: User, session_id: str, identities: Sequence[TokenSource], comparison_id: str) -> None:
        """Ask for every answer that is missing, failed, was stopped or interrupted; never for one that came."""
        self._again(user, session_id, identities, comparison_id, lambda comparison: comparison.missing())

    def retry(  # noqa: PLR0913, PLR0917 - as resume, and which cell
        self,
        user: User,
        session_id: str,
        identities: Sequence[TokenSource],
        comparison_id: str,
        arm: int,
        round_number: int | None = None,
    ) -> None:
        """Ask once more for one answer that is not complete: of its latest round, or this one.

        While the comparison goes on, this comes after its rounds.
        """
        comparison = self._mine(user, comparison_id)
        begun = [cell for cell in comparison.cells if cell.arm == arm and round_number in {None, cell.round}]
        if not begun:
            raise NotFound
        cell = begun[-1]
        if cell.run.state in NOT_ASKED_AGAIN:
            raise KeylessError(
                "This answer has come, or is on its way.", "Only one that did not come is asked for again."
            )
        live = self.going_on.find(comparison_id)
        if not (live and live.ask_later(cell.round, arm)):

            def choose(now: Comparison) -> tuple[tuple[int, int], ...]:
                run = now.run(cell.round, arm)
                return ((cell.round, arm),) if run and run.state not in NOT_ASKED_AGAIN else ()

            self._again(user, session_id, identities, comparison_id, choose)

    def expected_seconds(self, plan: Plan) -> float | None:
        """How long it will take, from the last answers of its deployments; None while one has none."""
        known = self._store.last_seconds([arm.deployment_id for arm in plan.arms])
        if any(arm.deployment_id not in known for arm in plan.arms):
            return None
        return plan.repeats * max(known.values())

    def rename(self, user: User, comparison_id: str, title: str) -> None:
        """Give it another title."""
        if title.strip():
            self._store.rename(user.key, comparison_id, title_of(title))

    def tag(self, user: User, comparison_id: str, tags: Sequence[str]) -> None:
        """Put these tags in the place of all it had."""
        self._store.tag(user.key, comparison_id, _clean(tags))

    def share(self, user: User, comparison_id: str, *, is_shared: bool) -> None:
        """Let anybody who is signed in read it, or nobody else any more."""
        self._store.share(user.key, comparison_id, is_shared=is_shared)

    def delete(self, user: User, comparison_id: str) -> None:
        """Delete it with its answers and votes; what goes on is stopped first."""
        live = self.going_on.of(user.key, comparison_id)
        if live:
            live.stop()
        self._store.delete(user.key, comparison_id)

    def vote(  # noqa: PLR0913, PLR0917 - one vote
        self,
        user: User,
        comparison_id: str,
        round_number: int,
        left_arm: int,
        right_arm: int,
        verdict: Verdict,
    ) -> None:
        """Keep what this person says of two answers of a blind comparison, as they stood on the page.

        Raises:
            KeylessError: They said it before or have seen the names, an answer did not come, or it is not blind.
        """
        comparison = self.comparison(user, comparison_id)
        if not comparison.plan.is_blind:
            raise KeylessError(
                "This comparison is not blind, so that a vote would know the names.", "Make a blind one."
            )
        pair = [comparison.run(round_number, arm) for arm in (left_arm, right_arm)]
        if left_arm == right_arm or not all(run and run.state is RunState.COMPLETE for run in pair):
            raise KeylessError(
                "These two answers are not both there yet.", "Wait for both, then vote.", retryable=True
            )
        first, second = sorted((left_arm, right_arm))
        said = verdict if first == left_arm else verdict.turned()
        self._votes.add(user.key, Vote(comparison_id, round_number, first, second, said, self._clock()))

    def give_up_blindness(self, user: User, comparison_id: str) -> None:
        """This person sees all the names from now on, and votes on this comparison no more."""
        seen = Vote(comparison_id, EVERYTHING, EVERYTHING, EVERYTHING, Verdict.SEEN, self._clock())
        self._votes.add(user.key, seen)

    def votes(self, user: User, comparison_id: str) -> Sequence[Vote]:
        """This person's votes on it, oldest first."""
        return self._votes.of_comparison(user.key, comparison_id)

    def all_votes(self, user: User) -> BlindVotes:
        """This person's votes on all comparisons that they may read; those on one count once it is decided."""
        return blind_votes(
            self._votes.of_person(user.key), lambda comparison_id: self.going_on.find(comparison_id) is not None
        )

    def _again(
        self,
        user: User,
        session_id: str,
        identities: Sequence[TokenSource],
        comparison_id: str,
        choose: Callable[[Comparison], Iterable[tuple[int, int]]],
    ) -> None:
        """Ask for chosen answers of a comparison that does not go on."""
        ending = self.going_on.of(user.key, comparison_id)
        if ending and ending.stopping.done():
            wait([ending.over], ENDING_SECONDS)
        comparison = self._mine(user, comparison_id)
        chosen = tuple(choose(comparison))
        columns = columns_of(comparison.plan, {arm for _, arm in chosen}, self._catalogue, identities)
        todo = [
            (number, [arm for _, arm in cells])
            for number, cells in groupby((cell for cell in chosen if cell[1] in columns), lambda cell: cell[0])
        ]
        if not todo:
            raise KeylessError("Nothing of this comparison is left to ask for.", "Repeat it to ask everything anew.")
        notices = [notice for notice in comparison.notices if not notice.startswith(PAUSED)]
        answered = [cell.round for cell in comparison.cells if cell.run.state in FINISHED]
        live = LiveComparison(comparison_id, user.key, session_id, todo=todo, answered=answered, notices=notices)
        for arm in sorted({arm for _, arm in chosen} - set(columns)):
            live.tell(f"{comparison.plan.arms[arm].label} is not in the catalogue any more and was not asked again.")

        def claim() -> None:
            if not self._store.claim(user.key, comparison_id):
                raise _elsewhere()
            if tuple(choose(self._mine(user, comparison_id))) != chosen:
                self._store.release(comparison_id, comparison.notices)
                raise KeylessError("This comparison has changed meanwhile.", "Look at it again.", retryable=True)

        self.going_on.begin(live, columns, len(todo[0][1]), claim)

    def _mine(self, user: User, comparison_id: str) -> Comparison:
        comparison = self.comparison(user, comparison_id)
        if comparison.owner != user.key:
            raise NotFound
        return comparison


def _clean(tags: Sequence[str]) -> tuple[str, ...]:
    """At most 20 different tags of one short line each."""
    return tuple(dict.fromkeys(title_of(tag) for tag in tags if tag.strip()))[:MOST_TAGS]


def _elsewhere() -> KeylessError:
    return KeylessError(
        "This comparison goes on in another copy of the app.", "Wait for it, or stop it first.", retryable=True
    )
