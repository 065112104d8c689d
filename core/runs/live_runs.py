"""All runs in memory: who may start one, who may see it, and what becomes of them at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from core.errors import KeylessError, NotFound, StorageError
from core.runs.answering import DEFAULT_PATIENCE, Answering, Patience, Send
from core.runs.bounds import DEFAULT_BOUNDS, Bounds, Place
from core.runs.breaker import Breakers
from core.runs.journal import Journal, RunRows
from core.runs.run import Run
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.runs.core_loop import CoreLoop
    from core.storage.records import Owner, RunRecord

__all__ = ["DEFAULT_BOUNDS", "Bounds", "LiveRuns", "Meant", "Place"]

Meant: TypeAlias = "Callable[[Owner, str], bool]"
"""Whether what belongs to this person and this session is meant."""

KEPT_SECONDS: Final = 60.0
"""How long a run stays in memory once it has ended and is stored: time for every page to have drawn its end."""

HUNG_UP_ON: Final = frozenset({RunState.CANCELLED, RunState.INTERRUPTED})
"""States that may have been brought about from outside, with the deployment still on the line."""

CLOSING_SECONDS: Final = 5.0
SAVING_SHARE: Final = 0.3

_log = logging.getLogger(__name__)


class LiveRuns:
    """The runs that go on, and for a short while those that have ended. All methods may be called from any thread.

    Args:
        core_loop: Carries the answers.
        rows: Where runs are stored.
        send: How a call goes out.
        clock: The time of day.
        patience: Limits of time and attempts of each run.
        bounds: Limits of number.
        kept_seconds: How long a run stays in memory once it has ended and is stored.
    """

    def __init__(  # noqa: PLR0913 - the room's parts meet here
        self,
        core_loop: CoreLoop,
        rows: RunRows,
        send: Send,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: Patience = DEFAULT_PATIENCE,
        bounds: Bounds = DEFAULT_BOUNDS,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._core_loop = core_loop
        self._rows = rows
        self._send = send
        self._clock = clock
        self._patience = patience
        self._bounds = bounds
        self._kept_seconds = kept_seconds
        self.breakers: Final = Breakers(clock)
        """Which deployments are left alone at the moment."""
        self._lock = threading.Lock()
        self._places: set[Place] = set()
        self._runs: dict[str, Run] = {}
        self._is_draining = False
        self._when_cancelled: list[Callable[[Meant], None]] = []

    @contextlib.contextmanager
    def place(self, owner: Owner, conversation_id: str | None, *, room_for: int = 1) -> Iterator[Place]:
        """Reserve the right to start a run, before anything is written for it.

        ``room_for`` is how many there has to be room for, when this is the first of several that start together.

        Raises:
            KeylessError: The conversation is being answered, too many runs go on, or the app is stopping.
        """
        with self._lock:
            self._refuse_if_full(owner, conversation_id, room_for)
            place = Place(owner, conversation_id)
            self._places.add(place)
        try:
            yield place
        finally:
            with self._lock:
                self._places.discard(place)

    def start(  # noqa: PLR0913 - everything one run needs to begin
        self,
        place: Place,
        record: RunRecord,
        call: Call,
        tokens: TokenSource,
        *,
        session_id: str,
        write: Callable[[], None] | None = None,
        rows: RunRows | None = None,
    ) -> Run:
        """Write down that the call will be made, and send it on its way.

        ``write`` does the writing when the row comes with others; see ``Journal.begin``. ``rows`` is where the run is
        stored when it belongs to something else than a conversation.

        Raises:
            NotFound: The conversation was deleted meanwhile.
            StorageError: ``write`` failed; nothing was asked.
            KeylessError: The app is stopping.
        """
        run = Run(record, call, owner=place.owner, session_id=session_id)
        with self._lock:
            if self._is_draining:
                raise _stopping()
            self._places.remove(place)
            self._drop_oldest()
            self._runs[run.id] = run
        journal = Journal(rows or self._rows, run)
        try:
            journal.begin(write)
        except (NotFound, StorageError):
            self._forget(run)
            raise
        self._core_loop.submit(self._carry(run, tokens, journal))
        return run

    def find(self, owner: Owner, run_id: str) -> Run | None:
        """A run of this person that is in memory, going on or ended; ``None`` is also "not yours"."""
        run = self._runs.get(run_id)
        return run if run and run.owner == owner else None

    def of_conversation(self, owner: Owner, conversation_id: str) -> Run | None:
        """The run that answers this conversation now."""
        return next((run for run in self.in_conversation(owner, conversation_id) if not run.finished), None)

    def in_conversation(self, owner: Owner, conversation_id: str) -> list[Run]:
        """All runs of the conversation in memory, oldest first; they know more than their stored rows."""
        return [run for run in self._all() if run.owner == owner and run.conversation_id == conversation_id]

    @property
    def running_count(self) -> int:
        """How many runs go on, of all people."""
        return sum(not run.finished for run in self._all())

    def cancel_session(self, session_id: str) -> int:
        """Stop what was asked in this session; its sign-out calls this. Returns how many were stopped."""
        return self._cancel(lambda _, asked_in: asked_in == session_id)

    def cancel_owner(self, owner: Owner) -> int:
        """Stop whatever this person asked, in all sessions. Returns how many were stopped."""
        return self._cancel(lambda whose, _: whose == owner)

    def when_cancelled(self, stop: Callable[[Meant], None]) -> None:
        """Also stop whatever would start more runs; called before the runs of a session or a person are stopped."""
        self._when_cancelled.append(stop)

    def drain(self, seconds: float) -> int:
        """Start nothing more, let runs end, interrupt those that do not, and see all of them stored.

        Args:
            seconds: For all of it; the last third or so belongs to storing.

        Returns:
            How many runs were interrupted.
        """
        with self._lock:
            self._is_draining = True
        deadline = time.monotonic() + seconds
        wait([run.ended for run in self._all()], seconds * (1 - SAVING_SHARE))
        stopping = KeylessError(
            "The app was stopped while this answer was on its way.",
            "Ask again; what had arrived is kept.",
            retryable=True,
        )
        interrupted = sum(run.interrupt(stopping) for run in self._all())
        wait([run.put_away for run in self._all()], max(0.0, deadline - time.monotonic()))
        return interrupted

    async def _carry(self, run: Run, tokens: TokenSource, journal: Journal) -> None:
        keeping = asyncio.create_task(journal.keep())
        answering = asyncio.create_task(
            Answering(
                run,
                self._send,
                tokens,
                patience=self._patience,
                breakers=self.breakers,
                clock=self._clock,
                grew=journal.grew,
            ).answer()
        )
        await asyncio.wait({answering, asyncio.wrap_future(run.ended)}, return_when=asyncio.FIRST_COMPLETED)
        if run.record().state in HUNG_UP_ON:
            answering.cancel()
        await asyncio.wait({answering}, timeout=CLOSING_SECONDS)
        answering.cancel()
        if not run.finished:
            _fail_unexpectedly(run, answering)
        _log_end(run)
        await asyncio.wait({keeping})
        if keeping.exception():
            _log.error("run %s could not be kept: %s", run.id, type(keeping.exception()).__name__)
        run.put_away.set_result(None)
        asyncio.get_running_loop().call_later(self._kept_seconds, self._forget, run)

    def _cancel(self, is_meant: Meant) -> int:
        for stop in self._when_cancelled:
            stop(is_meant)
        return sum(run.cancel() for run in self._all() if is_meant(run.owner, run.session_id))

    def _all(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())

    def _forget(self, run: Run) -> None:
        with self._lock:
            self._runs.pop(run.id, None)

    def _drop_oldest(self) -> None:
        surplus = max(0, len(self._runs) - self._bounds.in_memory + 1)
        for run in [run for run in self._runs.values() if run.put_away.done()][:surplus]:
            del self._runs[run.id]

    def _refuse_if_full(self, owner: Owner, conversation_id: str | None, room_for: int) -> None:
        if self._is_draining:
            raise _stopping()
        running: list[Place | Run] = [*self._places, *(run for run in self._runs.values() if not run.finished)]
        of_owner = [each for each in running if each.owner == owner]
        if conversation_id and any(each.conversation_id == conversation_id for each in of_owner):
            raise KeylessError(
                "This conversation is still being answered.",
                "Wait for the answer or stop it, then ask again.",
                retryable=True,
            )
        most = self._bounds.of_one_person
        if len(of_owner) + room_for > most:
            raise KeylessError(
                f"{len(of_owner)} of your prompts are being answered at the moment, and {most} at once are the most.",
                "Wait for one of the answers or stop one, then ask again.",
                retryable=True,
            )
        if len(running) + room_for > self._bounds.of_all:
            raise KeylessError(
                "The app is answering as many prompts as it can.",
                "Ask again in a minute; your prompt is kept.",
                retryable=True,
            )


def _stopping() -> KeylessError:
    return KeylessError("The app is being restarted.", "Ask again in a minute; your prompt is kept.", retryable=True)


def _fail_unexpectedly(run: Run, answering: asyncio.Task[None]) -> None:
    """Whatever happens to the task that answers, its run ends and says so."""
    cause = None if answering.cancelled() else answering.exception()
    unexpected = KeylessError()
    # Only the class: the message of a foreign exception may quote a prompt or a token.
    _log.error("%s run %s met an unexpected %s", unexpected.reference, run.id, type(cause).__name__)
    run.fail(unexpected)


def _log_end(run: Run) -> None:
    record = run.record()
    _log.info(
        "run %s: outcome=%s deployment=%s seconds=%.2f input_tokens=%s output_tokens=%s request=%s reference=%s %s",
        run.id,
        record.state,
        record.deployment_id,
        record.total_seconds or 0.0,
        record.input_tokens,
        record.output_tokens,
        record.request_id or "-",
        record.error.reference if record.error else "-",
        run.detail,
    )
