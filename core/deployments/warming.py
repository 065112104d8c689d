"""Getting ready to call several deployments at once, so that none of them pays for what the others find done."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.deployments.tokens import usable_token
from core.errors import KeylessError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.deployments.client import Clients
    from core.deployments.deployment import Endpoint
    from core.deployments.tokens import Tokens

TOKEN_SECONDS: Final = 20.0
CONNECTION_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was got ready.

    Attributes:
        refusals: For each caller, why it has no token, or None.
        silent: Names of the endpoints that no connection could be made to.
    """

    refusals: tuple[KeylessError | None, ...]
    silent: tuple[str, ...]


async def get_ready(clients: Clients, callers: Sequence[tuple[Endpoint, Tokens]]) -> Readiness:
    """Obtain every caller's token, and open as many connections to each endpoint as there are callers.

    Costs nothing: a connection is opened with a request that asks for no deployment and carries no token. All of
    them go out together, so that each needs a connection of its own; the pool keeps them for the calls.
    """
    refusals = await asyncio.gather(*(_token(clients, endpoint, tokens) for endpoint, tokens in callers))
    answered = await asyncio.gather(*(_knock(clients, endpoint) for endpoint, _ in callers))
    silent = [endpoint.name for (endpoint, _), has in zip(callers, answered, strict=True) if not has]
    return Readiness(tuple(refusals), tuple(dict.fromkeys(silent)))


async def _token(clients: Clients, endpoint: Endpoint, tokens: Tokens) -> KeylessError | None:
    scope = clients.scopes.get(endpoint.url, endpoint.scope)
    try:
        async with asyncio.timeout(TOKEN_SECONDS):
            await usable_token(tokens, scope, tenant_id=endpoint.tenant)
    except KeylessError as refusal:
        return refusal
    except TimeoutError:
        # The call itself will wait for it, and say so when it does not come.
        return None
    return None


async def _knock(clients: Clients, endpoint: Endpoint) -> bool:
    with contextlib.suppress(Exception):  # whatever is wrong, the call that follows meets and explains it
        async with asyncio.timeout(CONNECTION_SECONDS):
            await clients.pool.head(endpoint.url)
            return True
    return False
