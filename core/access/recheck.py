"""After a role was given: looking again and again, with a visible end, until Azure has spread it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.access.findings import ROLE, SIGNED_IN, Examination, Finding, Outcome
from core.errors.who import MICROSOFT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.access.doctor import Doctor
    from core.deployments.deployment import Deployment
    from core.deployments.tokens import Tokens

EVERY: Final = timedelta(seconds=15)
FOR: Final = timedelta(minutes=5)
"""How long Azure says that a role assignment may take."""

LIMIT: Final = 200
"""How many may run at the same time in one process."""


class Stage(StrEnum):
    """How a re-check stands. All but LOOKING are final."""

    LOOKING = "looking"
    WORKS = "works"
    OVER = "over"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RecheckView:
    """One look at a re-check. ``next_at`` is when it looks again, ``ends_at`` when it gives up; both aware UTC.

    ``examination`` is the last one, in which a role that is still missing is told as one that is spreading; None
    before the first.
    """

    stage: Stage
    next_at: datetime
    ends_at: datetime
    times: int
    examination: Examination | None


class Recheck:
    """One identity's wait for a role. Runs on the event loop; ``view`` may be read by any thread."""

    def __init__(
        self,
        doctor: Doctor,
        tokens: Tokens,
        deployment: Deployment,
        clock: Callable[[], datetime],
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        self._doctor = doctor
        self._tokens = tokens
        self._deployment = deployment
        self._clock = clock
        self._pause = pause
        now = clock()
        self.view = RecheckView(Stage.LOOKING, now, now + FOR, 0, None)

    async def run(self) -> None:
        """Look until it works, the person has to act first, or the time is over."""
        try:
            while self.view.stage is Stage.LOOKING:
                seen = await self._doctor.examine(self._tokens, self._deployment, fresh=True)
                self.view = self._after(seen)
                if self.view.stage is Stage.LOOKING:
                    await self._pause((self.view.next_at - self._clock()).total_seconds())
        finally:
            # Cancelled, or ended by anything else: nobody may count down to a look that never comes.
            if self.view.stage is Stage.LOOKING:
                self.view = replace(self.view, stage=Stage.STOPPED)

    def _after(self, seen: Examination) -> RecheckView:
        times, next_at = self.view.times + 1, self._clock() + EVERY
        if seen.find(ROLE).outcome is Outcome.WORKS:
            stage = Stage.WORKS
        elif seen.find(SIGNED_IN).outcome is not Outcome.WORKS:
            stage = Stage.STOPPED
        elif next_at > self.view.ends_at:
            stage = Stage.OVER
        else:
            stage, seen = Stage.LOOKING, spreading(seen)
        return replace(self.view, stage=stage, next_at=next_at, times=times, examination=seen)


def spreading(seen: Examination) -> Examination:
    """The same examination, with a missing role told as one that is on its way."""
    role = seen.find(ROLE)
    if role.outcome is not Outcome.NEEDS_ACTION:
        return seen
    told = Finding(
        ROLE,
        Outcome.LOOK,
        "The role was given, and Azure has not spread it yet.",
        role.at,
        remedy="Nothing to do: it can take five minutes, and it is looked for again every "
        f"{EVERY.total_seconds():.0f} seconds.",
        who=MICROSOFT,
        cause="role-spreading",
        detail=role.detail,
        reference=role.reference,
    )
    return replace(seen, findings=tuple(told if one is role else one for one in seen.findings))


class Rechecks:
    """All re-checks of the process: at most one by identity and deployment.

    Args:
        doctor: Looks.
        clock: The time of day.
        pause: Waits that many seconds.
    """

    def __init__(
        self,
        doctor: Doctor,
        clock: Callable[[], datetime],
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._doctor = doctor
        self._clock = clock
        self._pause = pause
        self._all: dict[tuple[str, str], tuple[Recheck, asyncio.Task[None]]] = {}

    async def begin(self, tokens: Tokens, deployment: Deployment) -> Recheck | None:
        """Begin to look, or return the one that looks already; None while too many others do."""
        key = _key(tokens, deployment)
        recheck = self.find(tokens, deployment)
        if recheck is not None and recheck.view.stage is Stage.LOOKING:
            return recheck
        self._drop_the_ended()
        if len(self._all) >= LIMIT:
            return None
        recheck = Recheck(self._doctor, tokens, deployment, self._clock, self._pause)
        self._all[key] = recheck, asyncio.create_task(recheck.run())
        return recheck

    def find(self, tokens: Tokens, deployment: Deployment) -> Recheck | None:
        """The latest re-check of this identity for this deployment; from any thread."""
        recheck, _ = self._all.get(_key(tokens, deployment), (None, None))
        return recheck

    async def stop(self, tokens: Tokens, deployment: Deployment) -> None:
        """Look no more."""
        _, task = self._all.pop(_key(tokens, deployment), (None, None))
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _drop_the_ended(self) -> None:
        for key, (recheck, _) in list(self._all.items()):
            if recheck.view.stage is not Stage.LOOKING:
                del self._all[key]


def _key(tokens: Tokens, deployment: Deployment) -> tuple[str, str]:
    return tokens.object_id or tokens.identity, deployment.id
