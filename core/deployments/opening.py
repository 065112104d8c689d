"""Getting a call accepted: the token, the request, and what is changed when the deployment refuses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from core.deployments.adapting import Plan
from core.deployments.answers import StreamFailed
from core.deployments.deployment import Operation
from core.deployments.events import Headroom
from core.deployments.refusal import Refusal
from core.deployments.signing import Signing
from core.deployments.wire import MAX_REFUSAL_BYTES
from core.errors import UnexpectedReply

if TYPE_CHECKING:
    import contextlib
    from contextlib import AbstractAsyncContextManager

    import httpx2
    from openai import AsyncAPIResponse, AsyncOpenAI

    from core.deployments.client import Clients
    from core.deployments.lessons import Lessons
    from core.deployments.parameters import Call
    from core.deployments.request_body import Request
    from core.deployments.tokens import Tokens

_STREAM_TYPES: Final = frozenset({"", "text/event-stream", "text/plain", "application/octet-stream"})
"""What a stream may be announced as; a page or a JSON document is none."""


class Opening:
    """The requests of one call, until one is accepted.

    Attributes:
        headroom: What the accepting reply said about the quota.
        notices: For the person, in the order of events.
    """

    def __init__(self, clients: Clients, call: Call, tokens: Tokens, lessons: Lessons) -> None:
        self._clients = clients
        self._deployment_id = call.deployment.id
        self._signing = Signing(clients, call.deployment.endpoint, tokens)
        self._plan = Plan(call, lessons)
        self.headroom = Headroom(None, None)
        self.notices = self._plan.notices()

    @property
    def operation(self) -> Operation:
        """The operation that is asked for now."""
        return self._plan.request.operation

    @property
    def object_id(self) -> str:
        """Who called, in the directory of the resource; "" when unknown."""
        return self._signing.object_id

    async def send(self, stack: contextlib.AsyncExitStack) -> httpx2.Response:
        """Send until the deployment accepts or its refusal stands; the reply is closed with ``stack``.

        Raises:
            Exception: Whatever failed, the vendor's included; to be translated.
        """
        import openai

        while True:
            request = self._plan.request
            client = await self._signing.client(request.api_version)
            try:
                reply = await stack.enter_async_context(sending(client, request))
            except openai.APIStatusError as error:
                refusal = Refusal.read(error.status_code, error.body, error.response.headers)
                self._clients.headrooms.refused(self._deployment_id, refusal)
                is_refused = self._signing.is_refused(refusal)
                notice = self._signing.renew(refusal) if is_refused else self._plan.adapt(refusal)
                if notice is None:
                    raise
                self.notices += [notice] if notice else []
            else:
                await check_is_stream(reply.http_response)
                self._plan.accepted()
                self.headroom = self._clients.headrooms.accepted(self._deployment_id, reply.http_response.headers)
                self._signing.accepted()
                return reply.http_response


def sending(client: AsyncOpenAI, request: Request) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
    """The library builds and sends; the reply is left unread."""
    operations: dict[Operation, Any] = {
        Operation.RESPONSES: lambda: client.responses,
        Operation.CHAT: lambda: client.chat.completions,
        Operation.COMPLETIONS: lambda: client.completions,
    }
    reply: AbstractAsyncContextManager[AsyncAPIResponse[Any]] = operations[
        request.operation
    ]().with_streaming_response.create(**request.body)
    return reply


async def check_is_stream(reply: httpx2.Response) -> None:
    """Refuse a page or a document in place of a stream; a document may say what failed."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _STREAM_TYPES:
        return
    body = bytearray()
    async for chunk in reply.aiter_raw():
        body += chunk
        if len(body) > MAX_REFUSAL_BYTES:
            break
    try:
        said = json.loads(bytes(body))
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and said.get("error"):
        raise StreamFailed(said)
    raise UnexpectedReply(detail="HTTP 200 with a page or a document instead of a stream")
