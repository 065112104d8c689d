"""Carrying a comparison on the server: round after round, whether or not anybody looks."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, Self

from core.errors import KeylessError, SignInAgain, StorageError
from core.runs.comparison import ALONE, starting_order
from core.runs.pausing import pause, pause_columns, refused
from core.storage.comparisons import cell_name
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from typing import Any

    from core.deployments.deployment import Endpoint
    from core.deployments.warming import Readiness
    from core.identity.access_token import TokenSource
    from core.runs.columns import Column
    from core.runs.core_loop import CoreLoop
    from core.runs.live_comparison import LiveComparison
    from core.runs.live_runs import LiveRuns, Place
    from core.storage.comparisons import ComparisonStore
    from core.storage.records import Owner, RunRecord

ROOM_SECONDS: Final = 300.0
"""How long a round waits for its places while other prompts of the person are being answered."""
ROOM_PAUSE_SECONDS: Final = 0.5
STORED_SECONDS: Final = 30.0
"""How long the end of a comparison waits for its answers to be stored before another process may continue it."""
CLAIM_SECONDS: Final = 1.0
"""How often a round looks whether it was called off in another process."""

_log = logging.getLogger(__name__)


class GetReady(Protocol):
    """``core.deployments.warming.get_ready`` with its clients filled in."""

    def __call__(self, callers: Sequence[tuple[Endpoint, TokenSource]], /) -> Coroutine[Any, Any, Readiness]:
        """Obtain tokens and open connections."""


class Carrying:
    """Asks for the rounds of a comparison, one after the other; each comparison has a thread of its own.

    Before a round every column's token and connection are got ready, and the rows of its answers written; then all
    start within a few milliseconds, in an order of chance. A session that has ended, a database that refuses or an
    app that is stopped pauses the rest. Where only a person can renew a token, the columns that call that endpoint as
    that identity are paused, and the others go on. What was not asked for stays missing, and can be continued.
    A comparison that another process calls off or deletes is stopped within about a second.

    Args:
        store: Where comparisons are.
        runs: Carries the answers.
        core_loop: Gets connections ready.
        get_ready: Does so.
        is_signed_in: Whether a session still lives.
        clock: The time of day.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the room's parts meet here
        self,
        store: ComparisonStore,
        runs: LiveRuns,
        core_loop: CoreLoop,
        get_ready: GetReady,
        is_signed_in: Callable[[str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._runs = runs
        self._core_loop = core_loop
        self._get_ready = get_ready
        self._is_signed_in = is_signed_in
        self._clock = clock

    def places(self, owner: Owner, count: int) -> Places:
        """Reserve the right to start so many runs at once.

        Raises:
            KeylessError: Too many go on already, or the app is stopping.
        """
        with contextlib.ExitStack() as stack:
            taken = [
                stack.enter_context(self._runs.place(owner, None, room_for=left)) for left in range(count, 0, -1)
            ]
            return Places(taken, stack.pop_all())

    def launch(self, live: LiveComparison, columns: Mapping[int, Column], places: Places) -> None:
        """Carry it on a thread of its own; ``places`` are those of the first round."""
        thread = threading.Thread(
            target=self._carry,
            args=(live, columns, places),
            name=f"comparison-{live.id}",
            daemon=True,
        )
        thread.start()

    def _carry(self, live: LiveComparison, columns: Mapping[int, Column], places: Places | None) -> None:
        number = live.round
        try:
            while (upcoming := live.next_round()) is not None:
                number, arms = upcoming
                with places or self._wait_for_places(live, len(arms)) as room:
                    self._round(live, columns, number, arms, room.taken)
                places = None
                pause_columns(live, columns, number, refused(live))
        except KeylessError as error:
            pause(live, number, error)
        except Exception as error:  # noqa: BLE001 - whatever happens, it ends and says so
            unexpected = KeylessError()
            # Only the class: the message of a foreign exception may quote a prompt or a token.
            _log.error("%s comparison %s met an unexpected %s", unexpected.reference, live.id, type(error).__name__)
            pause(live, number, unexpected)
        finally:
            if places is not None:
                places.give_back()
            self._end(live)

    def _round(
        self,
        live: LiveComparison,
        columns: Mapping[int, Column],
        number: int,
        arms: Sequence[int],
        places: Sequence[Place],
    ) -> None:
        if not self._is_signed_in(live.session_id):
            raise SignInAgain("You are signed out.", "Sign in again.")
        refusals = self._make_ready(live, {arm: columns[arm] for arm in arms})
        if live.stopping.done():
            return
        waiting = pause_columns(live, columns, number, refusals)
        order = starting_order(live.id, number, [arm for arm in arms if arm not in waiting])
        if not order:
            return
        notices = (ALONE,) if live.is_asked_later(number) else ()
        now = self._clock()
        begun = {arm: columns[arm].record(live.id, cell_name(number, arm), now, notices) for arm in order}
        self._store.begin_round(live.id, list(begun.values()), live.notices)
        live.begin_round(number)
        self._start(live, columns, begun, places)
        while pending := [run.ended for run in live.runs().values() if not run.finished]:
            if wait(pending, CLAIM_SECONDS).not_done and self._is_called_off(live):
                live.stop()

    def _is_called_off(self, live: LiveComparison) -> bool:
        try:
            return not self._store.is_claimed(live.id)
        except StorageError:
            # Nobody can have called it off in a database that does not answer.
            return False

    def _make_ready(self, live: LiveComparison, columns: Mapping[int, Column]) -> dict[int, SignInAgain]:
        """Get tokens and connections; returns why columns cannot be asked before a person signs in again."""
        waited_for = {
            arm: column for arm, column in columns.items() if column.deployment.endpoint.name not in live.silent
        }
        callers = [(column.deployment.endpoint, column.tokens) for column in waited_for.values()]
        getting_ready = self._core_loop.submit(self._get_ready(callers))
        either: list[Future[Any]] = [getting_ready, live.stopping]
        wait(either, return_when=FIRST_COMPLETED)
        if live.stopping.done():
            getting_ready.cancel()
            return {}
        readiness = getting_ready.result()
        live.silent.update(readiness.silent)
        if live.silent:
            names = ", ".join(sorted(live.silent))
            live.tell(f"Connections could not be warmed for all columns: {names} did not answer.")
        elif not any("warmed" in notice for notice in live.notices):
            live.tell("Connections were warmed for all columns before each round.")
        refusals = zip(waited_for, readiness.refusals, strict=True)
        return {arm: refusal for arm, refusal in refusals if isinstance(refusal, SignInAgain)}

    def _start(
        self,
        live: LiveComparison,
        columns: Mapping[int, Column],
        begun: Mapping[int, RunRecord],
        places: Sequence[Place],
    ) -> None:
        started = 0
        try:
            # Of a column that is left out, the place stays free.
            for (arm, record), place in zip(begun.items(), places, strict=False):
                column = columns[arm]
                run = self._runs.start(
                    place,
                    record,
                    column.call(),
                    column.tokens,
                    session_id=live.session_id,
                    write=_is_written,
                    rows=self._store,
                )
                started += 1
                live.add(arm, run)
        finally:
            # The app is being stopped: what was not started any more does not stay behind as if it ran.
            left = [replace(record, state=RunState.INTERRUPTED) for record in list(begun.values())[started:]]
            wait([self._store.finish_run(record) for record in left], STORED_SECONDS)

    def _wait_for_places(self, live: LiveComparison, count: int) -> Places:
        deadline = time.monotonic() + ROOM_SECONDS
        while True:
            try:
                return self.places(live.owner, count)
            except KeylessError:
                if live.stopping.done() or time.monotonic() > deadline:
                    raise
            wait([live.stopping], ROOM_PAUSE_SECONDS)

    def _end(self, live: LiveComparison) -> None:
        try:
            wait([run.put_away for run in live.unstored()], STORED_SECONDS)
            self._store.release(live.id, live.notices)
        except StorageError as error:
            # It stays claimed by this process, which can continue it all the same.
            _log.warning("%s comparison %s was not released", error.reference, live.id)
        finally:
            live.end()


@dataclass(frozen=True, slots=True)
class Places:
    """The right to start some runs; what is not used is given back when the block ends."""

    taken: list[Place]
    stack: contextlib.ExitStack

    def __enter__(self) -> Self:
        """Use them."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give back what was not used."""
        self.give_back()

    def give_back(self) -> None:
        """The same without a block."""
        self.stack.close()


def _is_written() -> None:
    """The rows of a round are written together, before any of its answers is asked for."""
