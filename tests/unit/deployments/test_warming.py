from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from core.deployments.client import Clients
from core.deployments.deployment import Endpoint
from core.deployments.warming import get_ready
from core.errors import NoCredential
from core.identity.access_token import AccessToken

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

SCOPE = "https://cognitiveservices.azure.com/.default"
NOWHERE = Endpoint("nowhere", "http://127.0.0.1:1", "azure-openai", "v1", None, "", SCOPE, "", "")


class Tokens:
    identity = "ana@contoso.example"
    identity_kind: Literal["user", "app"] = "user"
    object_id = "ana"

    def __init__(self, *, has_none: bool = False) -> None:
        self.asked: list[str] = []
        self._has_none = has_none

    async def token(self, scope: str, **_more: object) -> AccessToken:
        self.asked.append(scope)
        if self._has_none:
            raise NoCredential
        return AccessToken("eyJ.token.sig", datetime.now(UTC) + timedelta(hours=1))


class Counting:
    """Answers every request with 404 on a connection that is kept, and counts both."""

    def __init__(self) -> None:
        self.connections = 0
        self.heads: list[bytes] = []

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            self.heads.append(head)
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()


@asynccontextmanager
async def serving(handler: Counting) -> AsyncIterator[tuple[Clients, Endpoint]]:
    """Clients, and a server that is left once every connection to it is closed."""
    conversations: list[asyncio.Task[None]] = []

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await handler(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def welcome(reader: StreamReader, writer: StreamWriter) -> None:
        conversations.append(asyncio.ensure_future(converse(reader, writer)))

    clients = Clients()
    server = await asyncio.start_server(welcome, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield clients, replace(NOWHERE, name="lab", url=f"http://127.0.0.1:{port}")
    await clients.close()
    server.close()
    await asyncio.gather(*conversations)


async def test_as_many_connections_are_opened_as_columns_call_and_they_are_used_again() -> None:
    counting, tokens = Counting(), Tokens()
    async with serving(counting) as (clients, endpoint):
        for _ in range(2):
            ready = await get_ready(clients, [(endpoint, tokens)] * 5)
            assert (ready.refusals, ready.silent) == ((None,) * 5, ())
    assert (counting.connections, len(counting.heads)) == (5, 10)
    assert tokens.asked == [SCOPE] * 10
    assert not any(b"authorization" in head.lower() for head in counting.heads)


async def test_an_endpoint_that_nobody_reaches_is_named_once_and_a_refused_token_stays_with_its_column() -> None:
    async with serving(Counting()) as (clients, endpoint):
        callers = [(NOWHERE, Tokens()), (endpoint, Tokens(has_none=True)), (NOWHERE, Tokens())]
        ready = await get_ready(clients, callers)
    assert ready.silent == ("nowhere",)
    assert [type(refusal) for refusal in ready.refusals] == [type(None), NoCredential, type(None)]
