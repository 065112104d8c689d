"""A deployment that fails again and again is left alone for a while: nobody waits for it in vain."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.errors import CallError, OutOfService, ServiceFailed, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from core.deployments.deployment import Deployment

FAILURES: Final = (ServiceFailed, Unreachable)
"""What counts. Refusals are answers of a healthy service, and a time-out may be the prompt's own doing."""

MOST_FAILURES: Final = 5
OPEN_FOR: Final = timedelta(seconds=30)

_log = logging.getLogger(__name__)


class BreakerState(StrEnum):
    """Whether calls go out: all of them, none, or one to try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a deployment stands.

    Attributes:
        failures: Since it last answered.
        open_until: Nothing is sent before this moment, and one call to try after it; None while it is closed.
        is_tried: Whether that one call is on its way.
        last_failure: What went wrong last, in a sentence, or "".
    """

    failures: int = 0
    open_until: datetime | None = None
    is_tried: bool = False
    last_failure: str = ""

    def state(self, now: datetime) -> BreakerState:
        """As of now. A clock that was set back does not keep it open for longer."""
        if self.open_until is None:
            return BreakerState.CLOSED
        is_open = timedelta() < self.open_until - now <= OPEN_FOR
        return BreakerState.OPEN if is_open else BreakerState.HALF_OPEN


class Breakers:
    """One breaker per deployment, for all people. All methods may be called from any thread.

    Args:
        clock: The time of day.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._breakers: dict[str, Breaker] = {}

    def state(self, deployment_id: str) -> BreakerState:
        """Whether calls to this deployment go out now."""
        with self._lock:
            return self._of(deployment_id).state(self._clock())

    def all(self) -> Mapping[str, Breaker]:
        """Every deployment that has failed since it last answered, by id; to look at."""
        with self._lock:
            return dict(self._breakers)

    @contextlib.contextmanager
    def passing(self, deployment: Deployment) -> Iterator[Callable[[], None]]:
        """Surround one call, and count how it ends; to be told, by calling what this gives, that an answer comes.

        Raises:
            OutOfService: The deployment is left alone at the moment.
        """
        is_trial = self._enter(deployment)
        try:
            yield lambda: self._answered(deployment.id)
        except FAILURES as error:
            self._failed(deployment.id, error)
            raise
        finally:
            if is_trial:
                self._leave(deployment.id)

    def _enter(self, deployment: Deployment) -> bool:
        """Whether this call is the one to try."""
        with self._lock:
            breaker, now = self._of(deployment.id), self._clock()
            state = breaker.state(now)
            if state is BreakerState.OPEN or breaker.is_tried:
                raise _out_of_service(deployment.label, breaker, now)
            if state is BreakerState.HALF_OPEN:
                self._breakers[deployment.id] = replace(breaker, is_tried=True)
            return state is BreakerState.HALF_OPEN

    def _answered(self, deployment_id: str) -> None:
        with self._lock:
            breaker = self._breakers.pop(deployment_id, None)
        if breaker is not None and breaker.open_until is not None:
            _log.info("deployment %s answers again", deployment_id)

    def _failed(self, deployment_id: str, error: CallError) -> None:
        with self._lock:
            failures = self._of(deployment_id).failures + 1
            open_until = self._clock() + OPEN_FOR if failures >= MOST_FAILURES else None
            self._breakers[deployment_id] = Breaker(failures, open_until, last_failure=error.title)
        if open_until is not None:
            _log.warning(
                "%s deployment %s failed %d times in a row and is left alone for %d s",
                error.reference,
                deployment_id,
                failures,
                OPEN_FOR.total_seconds(),
            )

    def _leave(self, deployment_id: str) -> None:
        """The one to try is over, in whichever way."""
        with self._lock:
            if deployment_id in self._breakers:
                self._breakers[deployment_id] = replace(self._breakers[deployment_id], is_tried=False)

    def _of(self, deployment_id: str) -> Breaker:
        return self._breakers.get(deployment_id, Breaker())


def _out_of_service(label: str, breaker: Breaker, now: datetime) -> OutOfService:
    failed = f"{label} has failed {breaker.failures} times in a row"
    last = f"Choose another deployment, or wait. The last failure: {breaker.last_failure}"
    if breaker.open_until is None or breaker.open_until <= now:
        return OutOfService(f"{failed} and is being tried again at this moment.", last)
    seconds = math.ceil((breaker.open_until - now).total_seconds())
    error = OutOfService(f"{failed}, so nothing is sent to it for {seconds} s more.", last)
    error.retry_at = breaker.open_until
    return error
