"""``/livez`` and ``/readyz``: is the process there, and can it serve. No versions, no paths, no reasons."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from core.web.entrance import Entrance

CHECKS: Final = ("database", "keys", "identity provider", "imports", "clock")
WARNINGS: Final = {"clock": "more than five minutes off"}
"""What is only said, in these words: a replica that is taken out of service for it would help nobody."""
ANSWER_SECONDS: Final = 2.0

# Asked over the network, so not on every probe.
_KEPT_SECONDS: Final = {"identity provider": 15.0}
_LOG = logging.getLogger(__name__)


class Health:
    """Answers probes.

    Args:
        entrance: The way to the services' checks.
        clock: Seconds from any start, never going back.
        answer_seconds: How long one check may take before it counts as not ready.
    """

    def __init__(
        self,
        entrance: Entrance,
        clock: Callable[[], float] = time.monotonic,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._entrance = entrance
        self._checks = {name: _Check(name, clock, answer_seconds, _KEPT_SECONDS.get(name, 0.0)) for name in CHECKS}

    async def livez(self, _request: Request) -> JSONResponse:
        """200 as soon as the process answers at all."""
        return JSONResponse({"alive": True})

    async def readyz(self, _request: Request) -> JSONResponse:
        """200 when every part is ready, else 503; either way it names each part."""
        doors = await self._entrance.opened()
        asks = {} if doors is None else doors.checks
        ready = await asyncio.gather(*(check.is_ready(asks.get(name)) for name, check in self._checks.items()))
        warnings = {name: words for name, words in WARNINGS.items() if name in asks}
        parts = {
            name: "ready" if is_ready else warnings.get(name, "not ready")
            for name, is_ready in zip(CHECKS, ready, strict=True)
        }
        is_ready = all(parts[name] != "not ready" for name in parts)
        return JSONResponse({"ready": is_ready, "parts": parts}, 200 if is_ready else 503)


class _Check:
    """One part: asked in a thread, by one probe at a time, and not again while the answer is fresh."""

    def __init__(self, name: str, clock: Callable[[], float], answer_seconds: float, kept_seconds: float) -> None:
        self._name = name
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._kept_seconds = kept_seconds
        self._asking: asyncio.Task[bool] | None = None
        self._answered_at = 0.0
        self._was_ready = True

    async def is_ready(self, ask: Callable[[], object] | None) -> bool:
        """Whether ``ask`` returned; None never does. One that takes too long is not asked a second time meanwhile."""
        if ask is None:
            return False
        if self._asking is None or (self._asking.done() and self._clock() - self._answered_at >= self._kept_seconds):
            self._asking = asyncio.create_task(self._ask(ask))
        done, _ = await asyncio.wait({self._asking}, timeout=self._answer_seconds)
        return bool(done) and self._asking.result()

    async def _ask(self, ask: Callable[[], object]) -> bool:
        try:
            await asyncio.to_thread(ask)
            is_ready = True
        except Exception as error:  # noqa: BLE001 - whatever a check raises means "not ready"
            is_ready = False
            if self._was_ready:
                _LOG.warning("%s is not ready: %s: %s", self._name, type(error).__name__, error)
        self._was_ready = is_ready
        self._answered_at = self._clock()
        return is_ready
