"""One HTTP connection pool for all calls: it adds nothing, keeps nothing, follows nothing, reads within bounds."""

from __future__ import annotations

import http.cookiejar
from typing import TYPE_CHECKING, Final

import httpx2

from core.deployments.as_sent import AsSent
from core.errors import UnexpectedReply

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

MAX_REFUSAL_BYTES: Final = 256 * 1024
"""A refusal says what it has to say in less; the rest is not read."""

MAX_CONNECTIONS: Final = 256
IDLE_SECONDS: Final = 120.0
"""How long a connection without a call is kept: people think before the next prompt, which then needs no handshake.
One that the service has closed meanwhile is not used."""

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 60.0
WRITE_SECONDS: Final = 30.0

_SENT: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "user-agent",
    }
)
"""The headers that leave this process, and ``Host``. OPENAI_CUSTOM_HEADERS cannot add to them."""


def open_pool(
    tls: ssl.SSLContext | None = None, *, read_seconds: float = READ_SECONDS, as_sent: AsSent | None = None
) -> httpx2.AsyncClient:
    """The pool: one TLS context, no proxies or credentials from the environment, no redirects, no cookies.

    Args:
        tls: Which certificates are trusted; ``SSL_CERT_FILE`` or the system's when left out.
        read_seconds: Longest silence between two pieces of an answer.
        as_sent: Is told of every request, as it leaves.
    """
    return httpx2.AsyncClient(
        transport=_Bounded(_Recorded(tls or httpx2.create_ssl_context(), as_sent or AsSent())),
        headers={"Accept-Encoding": "identity"},
        cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx2.Timeout(connect=CONNECT_SECONDS, read=read_seconds, write=WRITE_SECONDS, pool=None),
        follow_redirects=False,
        trust_env=False,
    )


class _Bounded(httpx2.AsyncBaseTransport):
    """Sends only named headers; refuses compressed replies; cuts long refusals."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A request of its own: the library reads its notes to itself from the headers of the original.
        bare = httpx2.Request(
            request.method,
            request.url,
            headers=[
                ("Host", request.url.netloc.decode("ascii")),
                *((name, value) for name, value in request.headers.multi_items() if name.lower() in _SENT),
            ],
            stream=request.stream,
            extensions=request.extensions,
        )
        response = await self._inner.handle_async_request(bare)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise UnexpectedReply(detail="the reply is compressed, although that was not asked for")
        if response.is_success:
            return response
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Cut(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Recorded(httpx2.AsyncHTTPTransport):
    """Writes to the socket, and notes every request as it does so."""

    def __init__(self, tls: ssl.SSLContext, as_sent: AsSent) -> None:
        super().__init__(
            verify=tls,
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_CONNECTIONS // 4,
                keepalive_expiry=IDLE_SECONDS,
            ),
        )
        self._as_sent = as_sent

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        self._as_sent.note(request.method, url.host, url.path, url.query.decode("ascii"), request.headers)
        return await super().handle_async_request(request)


class _Cut(httpx2.AsyncByteStream):
    """The beginning of a reply."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_REFUSAL_BYTES
        async for chunk in self._response.aiter_raw():
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._response.aclose()
