"""What Azure Resource Manager says about a resource: whether it takes keys at all.

https://learn.microsoft.com/rest/api/aiservices/accountmanagement/accounts/get
"""

from __future__ import annotations

import asyncio
import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.deployments.tokens import bearer

if TYPE_CHECKING:
    from core.deployments.client import Clients
    from core.deployments.deployment import Endpoint
    from core.deployments.tokens import Tokens

API_VERSION: Final = "2023-05-01"
SECONDS: Final = 5.0
_REPLY_LIMIT_BYTES: Final = 256 * 1024
_ACCOUNT: Final = re.compile(
    r"/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.CognitiveServices/accounts/[\w.-]+",
    re.IGNORECASE,
)


class LocalAuth(StrEnum):
    """Whether a resource takes keys."""

    OFF = "off"
    ON = "on"
    NOT_KNOWN = "not known"


class ResourceManager:
    """Asks Azure Resource Manager; most people may not, and then it is not known.

    Args:
        clients: The connection pool of the running event loop.
        base_url: Its address, without a slash at the end, such as ``https://management.azure.com``.
        scope: What its tokens are asked for.
    """

    def __init__(self, clients: Clients, base_url: str, scope: str) -> None:
        self._clients = clients
        self._base_url = base_url
        self._scope = scope

    async def local_auth(self, endpoint: Endpoint, tokens: Tokens) -> LocalAuth:
        """Whether the resource takes keys, as far as this caller may know it. Raises nothing; takes 5 s at most."""
        account = _ACCOUNT.match(endpoint.resource_id)
        if account is None:
            return LocalAuth.NOT_KNOWN
        try:
            async with asyncio.timeout(SECONDS):
                token = await bearer(tokens, self._scope, tenant_id=endpoint.tenant)
                said = await self._read(f"{self._base_url}{account[0]}", token)
        except Exception:  # noqa: BLE001 - no right, no network, no sense: all the same here
            return LocalAuth.NOT_KNOWN
        properties = said.get("properties") if isinstance(said, dict) else None
        is_off = properties.get("disableLocalAuth") if isinstance(properties, dict) else None
        if not isinstance(is_off, bool):
            return LocalAuth.NOT_KNOWN
        return LocalAuth.OFF if is_off else LocalAuth.ON

    async def _read(self, url: str, token: str) -> object:
        body = bytearray()
        async with self._clients.pool.stream(
            "GET", url, params={"api-version": API_VERSION}, headers={"Authorization": f"Bearer {token}"}
        ) as reply:
            if not reply.is_success:
                return None
            async for chunk in reply.aiter_raw():
                body += chunk
                if len(body) > _REPLY_LIMIT_BYTES:
                    return None
        return json.loads(bytes(body))
