"""The openai client of a call: made for one token, over one connection pool that all calls share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from core.deployments.as_sent import AsSent
from core.deployments.headroom import Headrooms

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    import httpx2
    from openai import AsyncAzureOpenAI, AsyncOpenAI

    from core.deployments.deployment import Endpoint


class Clients:
    """Clients by endpoint. Belongs to one event loop.

    No client is ever given another token: each call copies its endpoint's base client, which holds none and refuses
    to send. A client whose ``api_key`` is replaced sends one person's token in another's call (openai 3.51).

    Args:
        tls: Which certificates are trusted; the system's when left out.
        read_seconds: Longest silence between two pieces of an answer.
        pool: Another connection pool, which is then closed with this.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        read_seconds: float | None = None,
        pool: httpx2.AsyncClient | None = None,
    ) -> None:
        from core.deployments import wire

        seconds = wire.READ_SECONDS if read_seconds is None else read_seconds
        self.as_sent: Final = AsSent()
        """The latest requests that left through the pool, unless the pool was given."""
        self._pool: Final[httpx2.AsyncClient] = pool or wire.open_pool(
            tls, read_seconds=seconds, as_sent=self.as_sent
        )
        self._bases: dict[tuple[str, str | None], AsyncOpenAI] = {}
        self._lock = threading.Lock()
        self.scopes: dict[str, str] = {}
        """Scopes that endpoints, by URL, asked for instead of the catalogue's."""
        self.headrooms: Final = Headrooms()
        """What every reply said about its deployment's quota."""

    def for_token(self, endpoint: Endpoint, token: str, *, api_version: str | None = None) -> AsyncOpenAI:
        """A client that calls ``endpoint`` with ``token``, for one call.

        ``api_version`` selects the dated API, ``None`` the v1 API. Do not use it as a context manager, and do not
        close it: the connection pool is shared.
        """

        async def provider() -> str:
            return token

        base = self._base(endpoint.url, api_version)
        # Also as a header: OPENAI_CUSTOM_HEADERS would win over the provider, but not over this.
        headers = {"Authorization": f"Bearer {token}"}
        if api_version is None:
            return base.copy(api_key=provider, default_headers=headers)
        azure: AsyncAzureOpenAI = base  # type: ignore[assignment]  # _base makes this class for dated APIs
        return azure.copy(azure_ad_token_provider=provider, default_headers=headers)

    @property
    def pool(self) -> httpx2.AsyncClient:
        """The connection pool, for requests that the openai library does not know."""
        return self._pool

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def _base(self, url: str, api_version: str | None) -> AsyncOpenAI:
        with self._lock:
            key = (url, api_version)
            if key not in self._bases:
                self._bases[key] = self._make_base(url, api_version)
            return self._bases[key]

    def _make_base(self, url: str, api_version: str | None) -> AsyncOpenAI:
        from openai import AsyncAzureOpenAI, AsyncOpenAI

        if api_version is None:
            return AsyncOpenAI(
                base_url=f"{url}/openai/v1/",
                api_key=_no_token,
                http_client=self._pool,
                max_retries=0,
                timeout=self._pool.timeout,
            )
        provider: Callable[[], Awaitable[str]] = _no_token
        return AsyncAzureOpenAI(
            azure_endpoint=url,
            api_version=api_version,
            azure_ad_token_provider=provider,
            http_client=self._pool,
            max_retries=0,
            timeout=self._pool.timeout,
        )


async def _no_token() -> str:
    raise RuntimeError("a base client must not send: it has nobody's token")
