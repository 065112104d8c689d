"""Paying for the first call before anybody makes it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from dataclasses import dataclass
from typing import Final, Literal

from core.deployments.deployment import Deployment, Endpoint, Operation
from core.deployments.lessons import Lessons
from core.deployments.parameters import Call, Message
from core.errors import KeylessError

_API_VERSIONS: Final = (None, "2024-10-21")
_FOR_THE_NETWORK: Final = ("anyio._backends._asyncio", "anyio.streams.tls", "httpcore2", "httpcore2._backends.anyio")
"""What a rehearsal without network does not import by itself."""

_NOWHERE: Final = "https://rehearsal.invalid"


@dataclass(frozen=True, slots=True)
class _NoToken:
    value: str = "rehearsal"
    object_id: str = ""


class _NoOne:
    """Has a token of which nothing depends: the rehearsal has no network."""

    identity = "rehearsal"
    identity_kind: Literal["user", "app"] = "app"
    object_id = ""

    async def token(self, *_ignored: object, **_too: object) -> _NoToken:
        return _NoToken()


def preload() -> None:
    """Import what calls need, and make one call of each kind that never leaves the process.

    Takes about half a second, once. For a thread that has no event loop running.
    """
    for name in _FOR_THE_NETWORK:
        importlib.import_module(name)
    asyncio.run(_rehearse())


async def _rehearse() -> None:
    import httpx2

    from core.deployments.calling import call
    from core.deployments.client import Clients

    stage = httpx2.MockTransport(lambda _: httpx2.Response(200, content=b"data: [DONE]\n\n"))
    clients = Clients(pool=httpx2.AsyncClient(transport=stage))
    for api_version in _API_VERSIONS:
        endpoint = Endpoint(
            name="rehearsal",
            url=_NOWHERE,
            kind="azure-openai",
            api="dated" if api_version else "v1",
            api_version=api_version,
            tenant="",
            scope="",
            region="",
            resource_id="",
        )
        for operation in Operation:
            deployment = Deployment("rehearsal", "", "", (operation,), None, endpoint)
            asked = Call(deployment, "rehearsal", (Message("user", "rehearsal"),))
            with contextlib.suppress(KeylessError):
                async for _ in call(clients, asked, _NoOne(), lessons=Lessons()):
                    pass
    await clients.close()
