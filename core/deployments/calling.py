"""One call to one deployment, from the token to the last word."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from core.deployments.answers import AnswerReader
from core.deployments.events import Event, Finished, Headroom, Notice, Opened, TextDelta, Usage
from core.deployments.failures import translate
from core.deployments.opening import Opening
from core.deployments.parameters import Call, Message, Parameters
from core.deployments.role_missing import Caller
from core.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx2

    from core.deployments.client import Clients
    from core.deployments.deployment import Deployment
    from core.deployments.lessons import Lessons
    from core.deployments.tokens import Tokens

__all__ = [
    "Call",
    "Event",
    "Finished",
    "Headroom",
    "Message",
    "Notice",
    "Opened",
    "Parameters",
    "TextDelta",
    "Usage",
    "call",
]

DEADLINE_SECONDS: Final = 600.0
DRAIN_SECONDS: Final = 0.25
"""How long to wait, after the last word, for the end of the reply that lets the connection be used again."""


async def call(
    clients: Clients,
    asked: Call,
    tokens: Tokens,
    *,
    lessons: Lessons,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> AsyncGenerator[Event]:
    """Ask a deployment, and tell what comes as it comes: notices, ``Opened``, text, then ``Finished``.

    A parameter or operation that the deployment does not know is left out or replaced, said in a ``Notice`` and
    remembered in ``lessons``. A token that is refused is renewed once. Nothing else is tried again here.

    Leave the iterator through ``contextlib.aclosing`` or by cancelling the task: both close the connection at once.

    Args:
        clients: The connection pool of the running event loop.
        asked: What is asked of which deployment.
        tokens: Whose token is sent.
        lessons: What deployments were learned to refuse.
        deadline_seconds: The most that the whole call may take, however the answer drips.

    Raises:
        CallError: The deployment refused or failed, perhaps after some text.
        TokenError: There is no token to call with.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deadline_seconds
    opening = Opening(clients, asked, tokens, lessons)
    failure = None
    try:
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout_at(deadline):
                reply = await opening.send(stack)
            for notice in opening.notices:
                yield Notice(notice)
            yield _opened(reply, asked.deployment, opening.headroom)
            answer = _answer(reply, AnswerReader(opening.operation), deadline)
            async with contextlib.aclosing(answer):
                async for event in answer:
                    yield event
    except Exception as error:  # noqa: BLE001 - everything becomes an error of ours; the map says which
        caller = Caller(tokens.identity, tokens.identity_kind, opening.object_id)
        failure = translate(error, asked.deployment, caller)
        if isinstance(failure, TimedOut) and loop.time() >= deadline:
            failure = TimedOut(f"The answer took longer than {deadline_seconds:g} seconds in all.")
    if failure is not None:
        # Nothing hangs on it: the exceptions before it hold the token in a request, or the answer in a decoder.
        failure.__cause__ = failure.__context__ = None
        raise failure.with_traceback(None)


async def _answer(reply: httpx2.Response, reader: AnswerReader, deadline: float) -> AsyncGenerator[Event]:
    chunks = reply.aiter_raw()
    chunk: bytes | None = b""
    failure = None
    while chunk is not None and failure is None and not reader.is_over:
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
            if chunk is None:
                reader.close()
            else:
                reader.feed(chunk)
        except Exception as error:  # noqa: BLE001 - what was read before it comes first
            failure = error
        for event in reader.take():
            yield event
    if failure is not None and reader.finish_reason is None:
        raise failure
    yield reader.finished()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in chunks:
                pass


def _opened(reply: httpx2.Response, deployment: Deployment, headroom: Headroom) -> Opened:
    headers = reply.headers
    return Opened(
        model=deployment.model,
        request_id=headers.get("apim-request-id") or headers.get("x-request-id") or "",
        region=headers.get("x-ms-region") or deployment.endpoint.region,
        headroom=headroom,
    )
