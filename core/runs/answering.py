"""Carrying one run: call, retry where that is honest, and say how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, cast

from core.deployments.busy import A_DAY_SECONDS, wait_in_words
from core.deployments.events import Finished, Notice, Opened, TextDelta
from core.errors import CallError, KeylessError, RateLimited, ServiceFailed, TimedOut, UnexpectedReply, Unreachable
from core.runs.breaker import BreakerState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from datetime import datetime

    from core.deployments.events import Event
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.runs.breaker import Breakers
    from core.runs.run import Run

WORTH_ANOTHER_TRY: Final = (RateLimited, ServiceFailed, Unreachable)
"""Failures after which nothing was answered, and the same call may work. A time-out is none: it has had its time."""


class Send(Protocol):
    """Sends one call, once; ``core.deployments.calling.call`` with its clients and lessons filled in."""

    def __call__(self, call: Call, tokens: TokenSource, /) -> AsyncIterator[Event]:
        """The events of the answer, from an async generator; raises ``CallError`` or ``TokenError``."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, and how often, a run tries.

    Attributes:
        total_seconds: From the first attempt to the last word.
        attempts: Calls in all.
        longest_pause_seconds: The longest wait between two attempts that a person is kept for.
        pause_seconds: The wait when the deployment names none, between the first and the second of these.
    """

    total_seconds: float = 600.0
    attempts: int = 2
    longest_pause_seconds: float = 20.0
    pause_seconds: tuple[float, float] = (0.5, 1.5)


DEFAULT_PATIENCE: Final = Patience()


class Answering:
    """One run being answered, on the core loop.

    Args:
        run: What happens is told to it.
        send: How the call goes out.
        tokens: Who calls.
        patience: Limits of time and attempts.
        breakers: Which deployments are left alone.
        clock: The time of day.
        grew: Called after each piece of text.
    """

    def __init__(  # noqa: PLR0913 - everything one run needs while it is carried
        self,
        run: Run,
        send: Send,
        tokens: TokenSource,
        *,
        patience: Patience,
        breakers: Breakers,
        clock: Callable[[], datetime],
        grew: Callable[[], None],
    ) -> None:
        self._run = run
        self._send = send
        self._tokens = tokens
        self._patience = patience
        self._breakers = breakers
        self._clock = clock
        self._grew = grew
        self._has_arrived = False

    async def answer(self) -> None:
        """Bring the run to its end. Cancelling this closes the connection; the run has to be ended by who cancels."""
        try:
            async with asyncio.timeout(self._patience.total_seconds):
                await self._attempts()
        except TimeoutError:
            minutes = self._patience.total_seconds / 60
            self._run.fail(TimedOut(f"The answer was not complete after {minutes:.0f} minutes and was stopped."))
        except KeylessError as error:
            self._run.fail(error)
        else:
            self._run.fail(self._broken_off())

    async def _attempts(self) -> None:
        for number in range(1, self._patience.attempts):
            self._run.attempt(number)
            try:
                await self._attempt()
            except WORTH_ANOTHER_TRY as error:
                pause = self._pause_after(error)
            else:
                return
            self._run.wait_until(self._clock() + timedelta(seconds=pause))
            await asyncio.sleep(pause)
        self._run.attempt(self._patience.attempts)
        try:
            await self._attempt()
        except RateLimited as error:
            raise self._with_time(error) from None

    async def _attempt(self) -> None:
        with self._breakers.passing(self._run.call.deployment) as answers:
            await self._events(answers)

    async def _events(self, answers: Callable[[], None]) -> None:
        sent = cast("AsyncGenerator[Event, None]", self._send(self._run.call, self._tokens))
        async with contextlib.aclosing(sent) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        if not self._run.length:
                            answers()
                        self._has_arrived = True
                        self._run.add_text(text)
                        self._grew()
                    case Opened(model, request_id, region):
                        self._has_arrived = True
                        self._run.opened(
                            model=model, region=region, identity=self._tokens.identity, request_id=request_id
                        )
                    case Notice(text):
                        self._run.add_notice(text)
                    case Finished():
                        if event.finish_reason:
                            answers()
                        self._finish(event)

    def _pause_after(self, error: CallError) -> float:
        """Seconds to wait before the same call is made again; raises the error when it should not be."""
        asked = error.retry_after_seconds if isinstance(error, RateLimited) else None
        is_left_alone = self._breakers.state(self._run.call.deployment.id) is BreakerState.OPEN
        if self._has_arrived or not error.retryable or is_left_alone:
            raise error
        if asked is None:
            return random.uniform(*self._patience.pause_seconds)  # noqa: S311 - spreads retries, hides nothing
        if asked > self._patience.longest_pause_seconds:
            raise self._with_time(error)
        return max(asked, self._patience.pause_seconds[0])

    def _with_time(self, error: CallError) -> CallError:
        """The error, knowing until when the deployment asks to wait."""
        if isinstance(error, RateLimited) and error.retry_after_seconds:
            if error.retry_after_seconds >= A_DAY_SECONDS:
                error.remedy = f"{wait_in_words(error.retry_after_seconds)} {error.remedy}"
            else:
                error.retry_at = self._clock() + timedelta(seconds=error.retry_after_seconds)
        return error

    def _finish(self, finished: Finished) -> None:
        """End the run at once; what the call still does to leave its connection in good order delays nobody."""
        if not finished.finish_reason:
            self._run.fail(self._broken_off())
            return
        notice = self._notice_of(finished)
        if notice:
            self._run.add_notice(notice)
        self._run.finish(finished.finish_reason, finished.usage, finished.model)

    def _broken_off(self) -> UnexpectedReply:
        if self._run.length:
            title = "The answer broke off before it was complete."
        else:
            title = "The deployment ended the call without an answer."
        return UnexpectedReply(title, "Try again. If it stays, choose another deployment.", retryable=True)

    def _notice_of(self, finished: Finished) -> str:
        if finished.finish_reason == "length":
            limit = self._run.call.parameters.max_output_tokens
            at = f"the limit of {limit} tokens" if limit else "the deployment's limit"
            if self._run.length:
                return f"The answer was cut at {at}."
            return f"Thinking used up {at} before any text was written. Raise the limit and try again."
        if finished.finish_reason == "content_filter":
            if finished.filtered_prompt and not finished.filtered:
                return f"The content filter objected to the prompt: {', '.join(finished.filtered_prompt)}."
            named = f": {', '.join(finished.filtered)}" if finished.filtered else ""
            return f"The content filter ended this answer{named}."
        return "" if self._run.length else "The deployment's answer is empty."
