"""Getting a call accepted: the token, the request, and what is changed when the deployment refuses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from core.clouds import CLOUDS
from core.deployments.adapting import Plan
from core.deployments.answers import StreamFailed
from core.deployments.challenge import claims_asked
from core.deployments.deployment import Operation
from core.deployments.given_catalogue import PROJECT_SCOPE
from core.deployments.refusal import Refusal
from core.deployments.sentences import NO_ROLE
from core.deployments.tokens import usable_token
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

_KNOWN_SCOPES: Final = frozenset({PROJECT_SCOPE, *(cloud.scope for cloud in CLOUDS.values())})
_UNAUTHORISED: Final = 401
_MOST_CHALLENGES: Final = 2


class Opening:
    """The requests of one call, until one is accepted.

    Attributes:
        notices: For the person, in the order of events.
        object_id: Who called, in the directory of the resource; "" when unknown.
    """

    def __init__(self, clients: Clients, call: Call, tokens: Tokens, lessons: Lessons) -> None:
        self._clients = clients
        self._endpoint = call.deployment.endpoint
        self._tokens = tokens
        self._plan = Plan(call, lessons)
        self._scope = clients.scopes.get(self._endpoint.url, self._endpoint.scope)
        self._may_renew = True
        self._claims = ""
        self._challenges = 0
        self.object_id = tokens.object_id
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
            token = await usable_token(
                self._tokens,
                self._scope,
                tenant_id=self._endpoint.tenant,
                force_refresh=is_refused,
                claims=self._claims,
            )
            self.object_id = token.object_id or self.object_id
            request = self._plan.request
            client = self._clients.for_token(self._endpoint, token.value, api_version=request.api_version)
            try:
                reply = await stack.enter_async_context(sending(client, request))
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
        """Once: get another token, for the audience that the refusal names if that is one of Azure OpenAI's.

        A claims challenge is handed to the source of tokens: the first may be answered without the person; at the
        second the source says that it cannot.
        """
        self._claims = claims_asked(refusal.headers.get("www-authenticate", ""))
        if self._claims:
            self._challenges += 1
            return "" if self._challenges <= _MOST_CHALLENGES else None
        if not self._may_renew:
            return None
        self._may_renew = False
        scope = wanted_scope(refusal, self._scope)
        if scope == self._scope:
            return ""
        self._scope = scope
        return f"The endpoint wants tokens for {scope.removesuffix('/.default')}; such a one was sent instead."


def wanted_scope(refusal: Refusal, scope: str) -> str:
    """The scope that the resource wants tokens for instead of ``scope``, if it is one of Azure OpenAI's."""
    wanted = f"{refusal.audience}/.default"
    return wanted if wanted in _KNOWN_SCOPES else scope


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
