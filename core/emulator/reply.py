"""What goes back over the wire, and noticing that nobody listens any more."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Mapping

    from starlette.types import Receive, Send

    Frames = AsyncGenerator[bytes, None]

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass
class Reply:
    """An answer whose status and headers go out together with its first bytes."""

    status: int
    headers: dict[str, str]
    frames: Frames


@dataclass(eq=False)
class Refused(Exception):
    """An answer that is complete at once, most often a refusal."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    def reply(self) -> Reply:
        """Make it an answer to send."""
        return at_once(self.status, self.body, self.headers, self.content_type)


def as_json(body: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Encode as the service does: UTF-8, no spaces."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def at_once(status: int, body: bytes, headers: Mapping[str, str], content_type: str = JSON) -> Reply:
    """Make an answer of one body, with its length."""

    async def frames() -> Frames:
        yield body

    head = {"content-type": content_type, "content-length": str(len(body))}
    return Reply(status, {**head, **headers}, frames())


async def send_reply(reply: Reply, send: Send) -> None:
    """Send the answer; its head goes out when the first bytes are there."""
    head = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()],
    }
    started = False
    async with contextlib.aclosing(reply.frames) as frames:
        async for frame in frames:
            if not started:
                await send(head)
                started = True
            await send({"type": "http.response.body", "body": frame, "more_body": True})
    if not started:
        await send(head)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_closed(receive: Receive, answering: Coroutine[Any, Any, None]) -> bool:
    """Run ``answering`` until it is done or the caller hangs up, and say whether it got to its end."""
    sending, listening = asyncio.create_task(answering), asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            await sending
            return True
        return False
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
