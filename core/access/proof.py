"""The proof that this app works without keys: its settings, what it really sends, and what the resources allow."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.access.kept import Kept
from core.deployments.resource_manager import LocalAuth
from core.settings import key_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from core.deployments.as_sent import AsSent, SentRequest
    from core.deployments.deployment import Endpoint
    from core.deployments.resource_manager import ResourceManager
    from core.deployments.tokens import Tokens


@dataclass(frozen=True, slots=True)
class KeylessProof:
    """What was seen.

    ``key_like`` names variables that hold a key, ``requests`` are the latest as they were sent, the newest first;
    ``local_auth`` says by endpoint whether the resource takes keys from anybody.
    """

    key_like: tuple[str, ...]
    requests: tuple[SentRequest, ...]
    local_auth: Mapping[str, LocalAuth]

    @property
    def offending(self) -> tuple[SentRequest, ...]:
        """Requests that carried a key, or no token."""
        return tuple(request for request in self.requests if request.had_api_key or not request.had_bearer)

    @property
    def holds(self) -> bool:
        """Whether no key was found anywhere in this app."""
        return not self.key_like and not self.offending

    @property
    def sentences(self) -> list[str]:
        """The proof in words: settings, requests, then one sentence by endpoint."""
        settings = (
            f"Variables that hold a key are set: {', '.join(self.key_like)}."
            if self.key_like
            else "No setting that could hold a key exists."
        )
        return [
            settings,
            self._of_requests(),
            *(_of_local_auth(name, auth) for name, auth in self.local_auth.items()),
        ]

    def _of_requests(self) -> str:
        count = len(self.requests)
        if not count:
            return "No request was sent yet."
        if not self.offending:
            return f"Of the last {count} requests, each carried a token, and none a key."
        return f"Of the last {count} requests, {len(self.offending)} carried a key, or no token."


class Proving:
    """Makes the proof.

    Args:
        environ: The variables of the process, looked at anew each time.
        as_sent: The requests of the connection pool.
        resource_manager: Knows whether resources take keys.
        endpoints: Which resources.
        clock: The time of day.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        as_sent: AsSent,
        resource_manager: ResourceManager,
        endpoints: Iterable[Endpoint],
        clock: Callable[[], datetime],
    ) -> None:
        self._environ = environ
        self._as_sent = as_sent
        self._resource_manager = resource_manager
        self._endpoints = tuple(endpoints)
        self._local_auth: Kept[tuple[str, str], LocalAuth] = Kept(clock)

    async def proof(self, tokens: Tokens) -> KeylessProof:
        """The proof as it is now. Resource Manager is asked in the name of ``tokens``, every five minutes at most."""
        answers = await asyncio.gather(*(self._asked(endpoint, tokens) for endpoint in self._endpoints))
        names = (endpoint.name for endpoint in self._endpoints)
        return KeylessProof(
            tuple(key_like(self._environ)), self._as_sent.latest(), dict(zip(names, answers, strict=True))
        )

    async def _asked(self, endpoint: Endpoint, tokens: Tokens) -> LocalAuth:
        key = tokens.object_id or tokens.identity, endpoint.name
        known = self._local_auth.get(key)
        if known is None:
            known = await self._resource_manager.local_auth(endpoint, tokens)
            self._local_auth.put(key, known)
        return known


def _of_local_auth(endpoint: str, auth: LocalAuth) -> str:
    return {
        LocalAuth.OFF: f"The resource {endpoint} takes no keys from anybody: local authentication is off.",
        LocalAuth.ON: f"The resource {endpoint} still takes keys from others: local authentication is on.",
        LocalAuth.NOT_KNOWN: f"Whether the resource {endpoint} takes keys from others is not known: "
        "reading that needs a right in Azure Resource Manager.",
    }[auth]
