"""What is left of each deployment's quota, as its replies last said; one knowledge for all sessions."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from core.deployments.busy import A_DAY_SECONDS, retry_after_seconds
from core.deployments.events import Headroom

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.deployments.refusal import Refusal

KNOWN_FOR: Final = timedelta(seconds=60)
"""How long a count is believed whose reset nobody told: quotas are per minute."""

_TOO_MANY: Final = 429
_LONGEST_COUNT: Final = len("1000000000")
_PART: Final = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)(ms|[dhms]?)", re.ASCII)
_SECONDS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": A_DAY_SECONDS}


class Headrooms:
    """By deployment: how much its quota still holds, and until when it asked to be left alone.

    A deployment that asked to wait may be called all the same: whether it answers is its own decision. All methods
    may be called from any thread.

    Args:
        clock: The time of day.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, Headroom] = {}
        self._busy_until: dict[str, datetime] = {}

    def accepted(self, deployment_id: str, headers: Mapping[str, str]) -> Headroom:
        """The deployment took a call, so it is not busy; returns what this reply said."""
        headroom = headroom_of(headers, self._clock())
        with self._lock:
            self._busy_until.pop(deployment_id, None)
            self._note(deployment_id, headroom)
        return headroom

    def refused(self, deployment_id: str, refusal: Refusal) -> None:
        """The deployment refused a call; with HTTP 429 it may have said how long to wait."""
        now = self._clock()
        seconds = retry_after_seconds(refusal, now) if refusal.status == _TOO_MANY else None
        with self._lock:
            self._note(deployment_id, headroom_of(refusal.headers, now))
            if seconds:
                self._busy_until[deployment_id] = now + timedelta(seconds=min(seconds, A_DAY_SECONDS))

    def of(self, deployment_id: str) -> Headroom | None:
        """What is left; counts whose minute has passed are unknown again, and None is: nothing is known."""
        now = self._clock()
        with self._lock:
            seen = self._seen.get(deployment_id)
            if seen is None:
                return None
            if now >= (seen.requests_reset_at or seen.seen_at + KNOWN_FOR):
                seen = replace(seen, remaining_requests=None)
            if now >= (seen.tokens_reset_at or seen.seen_at + KNOWN_FOR):
                seen = replace(seen, remaining_tokens=None)
            if not _is_known(seen):
                del self._seen[deployment_id]
                return None
            return seen

    def busy_until(self, deployment_id: str) -> datetime | None:
        """Until when the deployment asked to wait, a day at most; None when that is over, or was never asked."""
        with self._lock:
            until = self._busy_until.get(deployment_id)
            if until is not None and self._clock() >= until:
                del self._busy_until[deployment_id]
                return None
            return until

    def _note(self, deployment_id: str, headroom: Headroom) -> None:
        if _is_known(headroom):
            self._seen[deployment_id] = headroom


def headroom_of(headers: Mapping[str, str], now: datetime) -> Headroom:
    """Read ``x-ratelimit-remaining-``, ``-limit-`` and ``-reset-requests`` and ``-tokens``; nonsense is unknown."""
    return Headroom(
        remaining_requests=_count(headers.get("x-ratelimit-remaining-requests")),
        remaining_tokens=_count(headers.get("x-ratelimit-remaining-tokens")),
        limit_requests=_count(headers.get("x-ratelimit-limit-requests")),
        limit_tokens=_count(headers.get("x-ratelimit-limit-tokens")),
        requests_reset_at=_moment(headers.get("x-ratelimit-reset-requests"), now),
        tokens_reset_at=_moment(headers.get("x-ratelimit-reset-tokens"), now),
        seen_at=now,
    )


def _is_known(headroom: Headroom) -> bool:
    return headroom.remaining_requests is not None or headroom.remaining_tokens is not None


def _count(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) <= _LONGEST_COUNT else None


def _moment(value: str | None, now: datetime) -> datetime | None:
    """A reset such as ``12``, ``1.5s``, ``6m0s`` or ``20ms``, from now on."""
    if not value or len(value) > _LONGEST_COUNT * 2:
        return None
    parts = list(_PART.finditer(value))
    if "".join(part[0] for part in parts) != value:
        return None
    seconds = sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
    return now + timedelta(seconds=seconds) if seconds <= A_DAY_SECONDS else None
