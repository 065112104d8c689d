"""One prompt sent to one deployment: a plain object that owns its text, its timings and its state."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.deployments.costs import cost
from core.errors import PromptFiltered
from core.runs.estimates import NOTHING_USED, estimate
from core.runs.run_view import HELD_UP, RunView, error_of
from core.runs.watching import Bell, Watcher
from core.storage.records import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from core.deployments.events import Usage
    from core.deployments.parameters import Call
    from core.errors import KeylessError
    from core.runs.watching import Wakeable


CONTENT_FILTER: Final = "content_filter"

UNANSWERED: Final = frozenset({RunState.FAILED, RunState.FILTERED})
"""States in which nothing is known to have been used when no text came."""


class Run:
    """Waits, streams, and ends exactly once: complete, cancelled, interrupted, filtered or failed.

    Whoever ends it first decides how; what comes later is ignored, so a Stop is a Stop even when the last words
    are on their way. The text only ever grows, and is kept however the run ends.

    The core loop writes; any thread may read, wait and cancel.

    Args:
        record: The run as it begins: ``RUNNING``, without text.
        call: What is sent, to guess from when the deployment does not report its usage.
        owner: ``(tenant_id, object_id)`` of the person who asked.
        session_id: The session it was asked in; its end cancels the run.
        ticks: Seconds that only ever grow, to measure with.
    """

    def __init__(
        self,
        record: RunRecord,
        call: Call,
        *,
        owner: tuple[str, str],
        session_id: str,
        ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.id = record.id
        self.conversation_id = record.conversation_id
        self.turn_id = record.turn_id
        self.call = call
        self.owner = owner
        self.session_id = session_id
        self.ended: Future[None] = Future()
        """Done once the run has ended, with nothing in it."""
        self.put_away: Future[None] = Future()
        """Done once nothing more of it will be written to the store."""
        self.detail = ""
        """A technical hint on what went wrong, for the log."""
        self._lock = threading.Lock()
        self._bell = Bell(self._lock)
        self._record = record
        self._pieces: list[str] = []
        self._length = 0
        self._attempt = 1
        self._waiting_until: datetime | None = None
        self._ticks = ticks
        self._began = ticks()

    @property
    def finished(self) -> bool:
        """Whether the run has ended, in whichever way."""
        return self._record.state is not RunState.RUNNING

    @property
    def text(self) -> str:
        """All that has arrived."""
        with self._lock:
            return self._text()

    @property
    def length(self) -> int:
        """How many characters have arrived."""
        return self._length

    def record(self) -> RunRecord:
        """The run as it would be stored now."""
        with self._lock:
            return replace(self._record, text=self._text())

    def view(self) -> RunView:
        """Everything a page shows, as of now."""
        with self._lock:
            elapsed = self._record.total_seconds
            return RunView(
                version=self._bell.version,
                record=replace(self._record, text=self._text()),
                elapsed_seconds=self._seconds() if elapsed is None else elapsed,
                waiting_until=self._waiting_until,
                attempt=self._attempt,
            )

    def wait_beyond(self, version: int, timeout: float) -> int:
        """Block this thread until there is something newer than ``version``, and return the version now.

        Returns at once when there is, or when the run has ended; otherwise after ``timeout`` seconds at the latest.
        The first words wake as fast as any others: drawing less often is the page's choice.
        """
        with self._lock:
            if not self.finished:
                self._bell.wait(version, timeout)
            return self._bell.version

    def watch(self, watcher: Wakeable) -> None:
        """Wake this one at every change from now on."""
        with self._lock:
            self._bell.add(watcher)

    async def follow(self, offset: int = 0) -> AsyncIterator[tuple[int, str]]:
        """Yield ``(offset, text)`` as text arrives, from ``offset`` characters on, until the run has ended.

        For a task on any event loop. Text that came between two looks is one piece.
        """
        watcher = Watcher()
        with self._lock:
            self._bell.add(watcher)
        try:
            while True:
                watcher.look()
                with self._lock:
                    is_last, text = self.finished, self._text()[offset:]
                if text:
                    yield offset, text
                    offset += len(text)
                elif is_last:
                    return
                else:
                    await watcher.wait()
        finally:
            with self._lock:
                self._bell.remove(watcher)

    def cancel(self) -> bool:
        """Stop: the run is cancelled at once, and the connection to the deployment is closed behind it.

        Returns:
            Whether this call ended the run; ``False`` when it had ended before.
        """
        return self._end(RunState.CANCELLED)

    def attempt(self, number: int) -> None:
        """The call goes out for the ``number``-th time. That it was held up is said: its times hold the wait too."""
        if number > 1:
            self.add_notice(HELD_UP)
        with self._lock:
            self._attempt, self._waiting_until = number, None
            self._bell.ring()

    def wait_until(self, moment: datetime) -> None:
        """The deployment asked to wait; the next attempt is made at ``moment``."""
        with self._lock:
            self._waiting_until = moment
            self._bell.ring()

    def opened(self, *, model: str, region: str, identity: str, request_id: str) -> None:
        """The deployment took the call, and it is known now who made it. Empty values change nothing."""
        with self._lock:
            self._record = replace(
                self._record,
                model=model or self._record.model,
                region=region or self._record.region,
                identity=identity or self._record.identity,
                request_id=request_id,
            )
            self._bell.ring()

    def add_text(self, text: str) -> None:
        """More of the answer. What comes after the end is dropped."""
        with self._lock:
            if self.finished or not text:
                return
            if not self._pieces:
                self._record = replace(self._record, first_token_seconds=self._seconds())
            self._pieces.append(text)
            self._length += len(text)
            self._bell.ring()

    def add_notice(self, notice: str) -> None:
        """Something to tell beside the answer; also after the end. Said once."""
        with self._lock:
            if notice not in self._record.notices:
                self._record = replace(self._record, notices=(*self._record.notices, notice))
                self._bell.ring()

    def remove_notice(self, notice: str) -> None:
        """It is no longer so."""
        with self._lock:
            self._record = replace(self._record, notices=tuple(n for n in self._record.notices if n != notice))
            self._bell.ring()

    def finish(self, finish_reason: str, usage: Usage | None, model: str) -> bool:
        """The deployment said that it is done, and why; ``usage`` and ``model`` as it reported them."""
        state = RunState.FILTERED if finish_reason == CONTENT_FILTER else RunState.COMPLETE
        return self._end(state, finish_reason=finish_reason, usage=usage, model=model)

    def fail(self, error: KeylessError) -> bool:
        """The answer did not come, or broke off; then what had arrived is kept and the run is interrupted."""
        if isinstance(error, PromptFiltered):
            return self._end(RunState.FILTERED, error=error)
        return self._end(RunState.INTERRUPTED if self._length else RunState.FAILED, error=error)

    def interrupt(self, error: KeylessError) -> bool:
        """The app could not carry it on."""
        return self._end(RunState.INTERRUPTED, error=error)

    def _end(
        self,
        state: RunState,
        *,
        finish_reason: str = "",
        usage: Usage | None = None,
        model: str = "",
        error: KeylessError | None = None,
    ) -> bool:
        with self._lock:
            if self.finished:
                return False
            is_estimated = usage is None and (bool(self._length) or state not in UNANSWERED)
            if is_estimated:
                is_refused_so_far = self._waiting_until is not None
                usage = NOTHING_USED if is_refused_so_far else estimate(self.call, self._text())
            self._record = replace(
                self._record,
                state=state,
                finish_reason=finish_reason,
                model=model or self._record.model,
                total_seconds=self._seconds(),
                input_tokens=usage.input_tokens if usage else None,
                output_tokens=usage.output_tokens if usage else None,
                reasoning_tokens=usage.reasoning_tokens if usage else None,
                usage_estimated=is_estimated,
                cost_usd=cost(self.call.deployment.prices, usage),
                request_id=getattr(error, "request_id", "") or self._record.request_id,
                error=error_of(error) if error else None,
            )
            self.detail = error.detail if error else ""
            self._waiting_until = None
            self._bell.ring()
        self.ended.set_result(None)
        return True

    def _text(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def _seconds(self) -> float:
        return self._ticks() - self._began
