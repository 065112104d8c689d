"""Requests and tokens per minute of a deployment, counted down as the service does."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.emulator import refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.emulator.deployments import Deployment
    from core.emulator.reply import Refused

WINDOW_SECONDS = 60
ASSUMED_ANSWER_TOKENS = 1_000
MOST_REFUSALS_IN_A_ROW = 2


@dataclass
class _Window:
    limit: int
    remaining: int
    ends_at: float = 0.0

    def renew(self, now: float) -> None:
        if now >= self.ends_at:
            self.remaining, self.ends_at = self.limit, now + WINDOW_SECONDS

    def take(self, amount: int) -> bool:
        if amount > self.remaining:
            return False
        self.remaining -= amount
        return True


class Limits:
    """The quota of one deployment, and the temper of a busy one.

    Args:
        deployment: Says how much per minute, and whether it is busy.
        seed: Makes the refusals of a busy deployment repeatable.
        clock: Emulator time, seconds since the epoch.
    """

    def __init__(self, deployment: Deployment, seed: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._requests = _Window(deployment.requests_per_minute, deployment.requests_per_minute)
        self._tokens = _Window(deployment.tokens_per_minute, deployment.tokens_per_minute)
        self._is_busy = deployment.is_busy
        self._random = random.Random(f"{seed} {deployment.name} busy")  # noqa: S311 - repeatable on purpose
        self._refused_in_a_row = 0

    def take(self, operation: str, prompt_tokens: int, limit: int | None) -> dict[str, str]:
        """Count a call, estimated on arrival from prompt and maximum, and return its rate-limit headers.

        Raises:
            Refused: With 429, when the quota of this minute is used up, or when the deployment is busy.
        """
        now = self._clock()
        self._requests.renew(now)
        self._tokens.renew(now)
        if not self._requests.take(1):
            raise self._exceeded("call", operation, self._requests, now)
        if not self._tokens.take(prompt_tokens + (ASSUMED_ANSWER_TOKENS if limit is None else limit)):
            raise self._exceeded("token", operation, self._tokens, now)
        if self._is_busy:
            self._lose_patience(now)
        return self._headers(now)

    def _lose_patience(self, now: float) -> None:
        if self._refused_in_a_row < MOST_REFUSALS_IN_A_ROW and self._random.random() < 1 / 2:
            self._refused_in_a_row += 1
            seconds = self._random.randint(2, 4)
            raise refusals.rate_limited(seconds, {**self._headers(now), "retry-after": str(seconds)})
        self._refused_in_a_row = 0

    def _exceeded(self, kind: str, operation: str, window: _Window, now: float) -> Refused:
        seconds = math.ceil(window.ends_at - now)
        return refusals.quota_exceeded(kind, operation, seconds, self._headers(now))

    def _headers(self, now: float) -> dict[str, str]:
        headers = {}
        for name, window in (("requests", self._requests), ("tokens", self._tokens)):
            headers[f"x-ratelimit-limit-{name}"] = str(window.limit)
            headers[f"x-ratelimit-remaining-{name}"] = str(window.remaining)
            headers[f"x-ratelimit-reset-{name}"] = str(math.ceil(window.ends_at - now))
        return headers
