"""Getting a call accepted: the token, the request, and what is changed when the deployment refuses it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from core.clouds import CLOUDS
from core.deployments.adapting import Plan
from core.deployments.answers import StreamFailed
from core.deployments.deployment import Operation
from core.deployments.given_catalogue import PROJECT_SCOPE
from core.deployments.refusal import Refusal
from core.deployments.sentences import NO_ROLE
from core.deployments.tokens import bearer
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

_AUDIENCE: Final = re.compile(r"audience is incorrect \((https://[^)\s]{1,100}?)/?\)")
_KNOWN_SCOPES: Final = frozenset({PROJECT_SCOPE, *(cloud.scope for cloud in CLOUDS.values())})
_UNAUTHORISED: Final = 401


class Opening:
    """The requests of one call, until one is accepted. ``notices`` are for the person, in the order of events."""

    def __init__(self, clients: Clients, call: Call, tokens: Tokens, lessons: Lessons) -> None:
        self._clients = clients
        self._endpoint = call.deployment.endpoint
        self._tokens = tokens
        self._plan = Plan(call, lessons)
        self._scope = clients.scopes.get(self._endpoint.url, self._endpoint.scope)
        self._may_renew = True
        self.notices = self._plan.notices()

    @property
    def operation(self) -> Operation:
        """The operation that is asked for now."""
        return self._plan.request.operation

    async def send(self, stack: contextlib.AsyncExitStack) -> httpx2.Response:
        """Send until the deployment accepts or its refusal stands; the reply is closed with ``stack``.

        Raises:
            Exception: Whatever failed, the vendor's included; to be translated.
        """
        import openai

        is_refused = False
        while True:
            token = await bearer(self._tokens, self._scope, force_refresh=is_refused)
            request = self._plan.request
            client = self._clients.for_token(self._endpoint, token, api_version=request.api_version)
            try:
                reply = await stack.enter_async_context(_sending(client, request))
            except openai.APIStatusError as error:
                refusal = Refusal.read(error.status_code, error.body, error.response.headers)
                is_refused = refusal.status == _UNAUTHORISED and refusal.code != NO_ROLE
                notice = self._renew(refusal) if is_refused else self._plan.adapt(refusal)
                if notice is None:
                    raise
                self.notices += [notice] if notice else []
            else:
                await _check_is_stream(reply.http_response)
                self._plan.accepted()
                if self._scope != self._endpoint.scope:
                    self._clients.scopes[self._endpoint.url] = self._scope
                return reply.http_response

    def _renew(self, refusal: Refusal) -> str | None:
        """Once: get another token, for the audience that the refusal names if that is one of Azure OpenAI's."""
        if not self._may_renew:
            return None
        self._may_renew = False
        named = _AUDIENCE.search(refusal.message)
        scope = f"{named[1]}/.default" if named else self._scope
        if scope == self._scope or scope not in _KNOWN_SCOPES:
            return ""
        self._scope = scope
        return f"The endpoint wants tokens for {scope.removesuffix('/.default')}; such a one was sent instead."


def _sending(client: AsyncOpenAI, request: Request) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
    """The library builds and sends; the reply is left unread."""
    operations: dict[Operation, Any] = {
        Operation.RESPONSES: lambda: client.responses,
        Operation.CHAT: lambda: client.chat.completions,
        Operation.COMPLETIONS: lambda: client.completions,
    }
    sending: AbstractAsyncContextManager[AsyncAPIResponse[Any]] = operations[
        request.operation
    ]().with_streaming_response.create(**request.body)
    return sending


async def _check_is_stream(reply: httpx2.Response) -> None:
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
