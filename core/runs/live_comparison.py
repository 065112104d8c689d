"""A comparison that goes on in this process."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from core.runs.watching import Bell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from core.runs.run import Run
    from core.storage.records import Owner


class LiveComparison:
    """What goes on of a comparison: watched and stopped from any thread, carried by one.

    Args:
        comparison_id: Which it is.
        owner: Whose it is.
        session_id: The session it was begun in; its end stops it.
        todo: What is to be asked: rounds with their columns, in this order.
        answered: Rounds of which some answers came before.
        notices: What was to tell of it before.
    """

    def __init__(  # noqa: PLR0913 - all that is known of it when it begins
        self,
        comparison_id: str,
        owner: Owner,
        session_id: str,
        *,
        todo: Iterable[tuple[int, Sequence[int]]],
        answered: Iterable[int] = (),
        notices: Iterable[str] = (),
    ) -> None:
        self.id = comparison_id
        self.owner = owner
        self.session_id = session_id
        self.stopping: Future[None] = Future()
        """Done once no more rounds begin."""
        self.over: Future[None] = Future()
        """Done once nothing more comes, and another may begin where this ended."""
        self.silent: set[str] = set()
        """Endpoints that did not answer when they were to be warmed; nobody is kept waiting for them again."""
        self._lock = threading.Lock()
        self._bell = Bell(self._lock)
        self._todo = [(number, list(arms)) for number, arms in todo]
        self._upcoming: tuple[int, list[int]] | None = None
        self._begun = set(answered)
        self._arms = {arm for _, arms in self._todo for arm in arms}
        self._round = self._todo[0][0] if self._todo else 0
        self._runs: dict[int, Run] = {}
        self._unstored: list[Run] = []
        self._notices = list(notices)
        self._is_closed = False
        self._is_stopped = False

    @property
    def round(self) -> int:
        """The round that goes on, counted from 0."""
        return self._round

    @property
    def version(self) -> int:
        """Grows with any change: a run's, another round, a notice, the end."""
        with self._lock:
            return self._bell.version

    @property
    def finished(self) -> bool:
        """Whether nothing more comes."""
        return self.over.done()

    @property
    def notices(self) -> tuple[str, ...]:
        """What to tell beside it."""
        with self._lock:
            return tuple(self._notices)

    @property
    def asked(self) -> frozenset[int]:
        """The columns that are asked: those that are to be continued, without those that wait for a person."""
        with self._lock:
            return frozenset(self._arms)

    def runs(self) -> dict[int, Run]:
        """The answers of the round that goes on, by column; those of the last one while the next is got ready."""
        with self._lock:
            return dict(self._runs)

    def wait_beyond(self, version: int, timeout: float) -> int:
        """Block this thread until there is something newer, it is over, or ``timeout`` seconds have passed."""
        with self._lock:
            if not self.finished:
                self._bell.wait(version, timeout)
            return self._bell.version

    def stop(self) -> None:
        """Stop every answer on its way, and begin no more rounds."""
        self._is_stopped = True
        self.begin_no_more()
        for run in self.runs().values():
            run.cancel()

    def stop_arm(self, arm: int) -> None:
        """Stop this column's answer of the round that goes on."""
        run = self.runs().get(arm)
        if run:
            run.cancel()

    def begin_no_more(self) -> None:
        """Let the answers on their way end, and begin no more rounds."""
        with self._lock:
            if not self.stopping.done():
                self.stopping.set_result(None)

    def ask_later(self, number: int, arm: int) -> bool:
        """Ask for this answer when the rounds are over; False when that is too late.

        One that is to be asked for anyway is not asked for twice.
        """
        with self._lock:
            if self._is_closed or self.stopping.done() or arm not in self._arms:
                return False
            being_got_ready = [self._upcoming] if self._upcoming else []
            waiting = {(of, column) for of, arms in (*being_got_ready, *self._todo) for column in arms}
            if (number, arm) not in waiting:
                self._todo.append((number, [arm]))
            return True

    def leave_out(self, arms: Collection[int]) -> set[int]:
        """Ask these columns for nothing more; returns those of which something was to come. For who carries it."""
        with self._lock:
            being_got_ready = [self._upcoming] if self._upcoming else []
            to_come = {arm for _, asked in (*being_got_ready, *self._todo) for arm in asked}
            self._arms -= set(arms)
            kept = ((number, [arm for arm in asked if arm in self._arms]) for number, asked in self._todo)
            self._todo = [(number, asked) for number, asked in kept if asked]
            return to_come & set(arms)

    def next_round(self) -> tuple[int, list[int]] | None:
        """What to ask next, as round and columns; None when there is nothing more. For who carries it."""
        with self._lock:
            self._is_closed = self._is_closed or self.stopping.done() or not self._todo
            self._upcoming = None if self._is_closed else self._todo.pop(0)
            return self._upcoming

    def is_asked_later(self, number: int) -> bool:
        """Whether other answers of this round were asked for before. For who carries it."""
        with self._lock:
            return number in self._begun

    def begin_round(self, number: int) -> None:
        """From now on this round goes on. For who carries it."""
        with self._lock:
            self._round = number
            self._begun.add(number)
            self._upcoming = None
            self._runs = {}
            self._bell.ring()

    def add(self, arm: int, run: Run) -> None:
        """This column's answer is on its way. For who carries it."""
        with self._lock:
            self._runs[arm] = run
            self._unstored = [*(each for each in self._unstored if not each.put_away.done()), run]
            self._bell.ring()
        run.watch(self)
        if self._is_stopped:
            run.cancel()

    def unstored(self) -> list[Run]:
        """Answers of all rounds that may not be stored to their end yet. For who carries it."""
        with self._lock:
            return list(self._unstored)

    def tell(self, notice: str) -> None:
        """Something to tell beside it, said once. For who carries it."""
        with self._lock:
            if notice not in self._notices:
                self._notices.append(notice)
                self._bell.ring()

    def end(self) -> None:
        """Nothing more comes. For who carries it."""
        with self._lock:
            self._is_closed = True
            self.over.set_result(None)
            self._bell.ring()

    def wake(self) -> None:
        """One of its runs has changed."""
        with self._lock:
            self._bell.ring()
