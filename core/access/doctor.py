"""The access doctor: what of each deployment an identity can use, and what stands in the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.access.billing import Billed, bill
from core.access.claims import claims_summary
from core.access.conclusions import Evidence, conclude
from core.access.kept import Kept
from core.deployments.probing import Probed, probe
from core.deployments.tokens import bearer
from core.errors import KeylessError, TimedOut, TokenError
from core.errors.who import RUNS_THE_APP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from core.access.findings import Examination
    from core.deployments.client import Clients
    from core.deployments.deployment import Deployment, Operation
    from core.deployments.lessons import Lessons
    from core.deployments.tokens import Tokens
    from core.identity.app_credential import Attempt

SECONDS: Final = 10.0
"""The most that one examination, or a whole map, may take."""

AT_ONCE: Final = 16
"""How many deployments are asked at the same time."""

Key = tuple[str, str, str]


class Doctor:
    """Asks deployments what they would say to an identity. Free of charge, but for ``billing``.

    Everything async belongs on the event loop of ``clients``. Results are kept for five minutes by identity and
    deployment; nothing raises, whatever an endpoint replies.

    Args:
        clients: The connection pool of the event loop.
        lessons: What deployments were learned to refuse.
        clock: The time of day.
        seconds: The most that one examination, or a whole map, may take.
    """

    def __init__(
        self, clients: Clients, lessons: Lessons, clock: Callable[[], datetime], *, seconds: float = SECONDS
    ) -> None:
        self._clients = clients
        self._lessons = lessons
        self._clock = clock
        self._seconds = seconds
        self._heard: Kept[Key, Evidence] = Kept(clock)
        self._billed: Kept[Key, Billed] = Kept(clock)
        self._billing: dict[Key, asyncio.Task[Billed]] = {}

    async def examine(
        self, tokens: Tokens, deployment: Deployment, *, billing: bool = False, fresh: bool = False
    ) -> Examination:
        """Examine one deployment.

        Args:
            tokens: Whose access is looked at.
            deployment: Which deployment.
            billing: Also ask for the shortest answer, unless that was done within the last five minutes.
            fresh: Ask again even if the last answers are still good. What was paid for is not asked again.
        """
        deadline = asyncio.get_running_loop().time() + self._seconds
        evidence = await self._evidence(tokens, deployment, deadline, fresh=fresh)
        if billing and evidence.trouble is None:
            await self._bill(tokens, deployment)
        return self._concluded(evidence, tokens)

    async def access_map(
        self, tokens: Tokens, deployments: Iterable[Deployment], *, fresh: bool = False
    ) -> dict[str, Examination]:
        """Examine all deployments in parallel, by id; those that did not answer in time say so."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        slots = asyncio.Semaphore(AT_ONCE)
        asked = list(deployments)
        heard = await asyncio.gather(
            *(self._evidence(tokens, deployment, deadline, fresh=fresh, slots=slots) for deployment in asked)
        )
        return {evidence.deployment.id: self._concluded(evidence, tokens) for evidence in heard}

    def kept(self, tokens: Tokens, deployment: Deployment) -> Examination | None:
        """The last examination, while it is good; from any thread, without asking anybody."""
        evidence = self._heard.get(_key(tokens, deployment))
        return self._concluded(evidence, tokens) if evidence else None

    async def _evidence(
        self,
        tokens: Tokens,
        deployment: Deployment,
        deadline: float,
        *,
        fresh: bool,
        slots: asyncio.Semaphore | None = None,
    ) -> Evidence:
        key = _key(tokens, deployment)
        evidence = None if fresh else self._heard.get(key)
        if evidence is None:
            evidence = await self._ask(tokens, deployment, deadline, slots or asyncio.Semaphore(1))
            self._heard.put(key, evidence)
        return evidence

    async def _ask(
        self, tokens: Tokens, deployment: Deployment, deadline: float, slots: asyncio.Semaphore
    ) -> Evidence:
        claims: dict[str, str] = {}
        answers: dict[Operation, Probed | KeylessError] = {}
        failure: KeylessError | None = None
        try:
            async with asyncio.timeout_at(deadline), slots:
                claims = await self._claims(tokens, deployment)
        except TimeoutError:
            failure = self._no_token_in_time()
        except KeylessError as error:
            failure = error
        if failure is None:
            said = await asyncio.gather(
                *(self._probe(tokens, deployment, operation, deadline, slots) for operation in deployment.operations)
            )
            answers = dict(zip(deployment.operations, said, strict=True))
        return Evidence(
            deployment,
            tokens.identity,
            tokens.identity_kind,
            claims.get("oid") or tokens.object_id,
            self._clock(),
            _tried(tokens),
            claims,
            failure,
            answers,
        )

    async def _claims(self, tokens: Tokens, deployment: Deployment) -> dict[str, str]:
        endpoint = deployment.endpoint
        scope = self._clients.scopes.get(endpoint.url, endpoint.scope)
        return claims_summary(await bearer(tokens, scope, tenant_id=endpoint.tenant))

    async def _probe(
        self,
        tokens: Tokens,
        deployment: Deployment,
        operation: Operation,
        deadline: float,
        slots: asyncio.Semaphore,
    ) -> Probed | KeylessError:
        try:
            async with asyncio.timeout_at(deadline), slots:
                return await probe(self._clients, deployment, operation, tokens, self._lessons)
        except TimeoutError:
            return TimedOut(
                f"The resource did not answer within {self._seconds:g} seconds.",
                "Check again. If it stays, ask whoever runs this app to check the network between them.",
                who=RUNS_THE_APP,
                detail=f"no reply to {operation} within {self._seconds:g} s",
            )
        except KeylessError as error:
            return error

    def _no_token_in_time(self) -> TokenError:
        return TokenError(
            f"No access token came within {self._seconds:g} seconds.",
            "Check again. If it stays, ask whoever runs this app to check its way to Entra.",
            retryable=True,
            who=RUNS_THE_APP,
            cause="timed-out",
            detail=f"no token within {self._seconds:g} s",
        )

    async def _bill(self, tokens: Tokens, deployment: Deployment) -> None:
        key = _key(tokens, deployment)
        if self._billed.get(key) is not None:
            return
        task = self._billing.get(key)
        if task is None:
            asking = bill(self._clients, deployment, tokens, self._lessons, at=self._clock(), seconds=self._seconds)
            task = self._billing[key] = asyncio.create_task(asking)
            task.add_done_callback(lambda _: self._billing.pop(key, None))
        # Shielded: what another asks for at the same time must not be paid twice, nor end with the first who leaves.
        self._billed.put(key, await asyncio.shield(task))

    def _concluded(self, evidence: Evidence, tokens: Tokens) -> Examination:
        key = _key(tokens, evidence.deployment)
        headroom = self._clients.headrooms.of(evidence.deployment.id)
        return conclude(replace(evidence, headroom=headroom, billed=self._billed.get(key)))


def _key(tokens: Tokens, deployment: Deployment) -> Key:
    is_app = tokens.identity_kind == "app"
    return tokens.identity_kind, "" if is_app else tokens.object_id or tokens.identity, deployment.id


def _tried(tokens: Tokens) -> tuple[Attempt, ...]:
    """What became of each of the app's credentials; () for a person."""
    return tuple(getattr(tokens, "attempts", ()))
