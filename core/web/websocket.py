"""One websocket between a tab and Streamlit, watched over by the gate."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

from core.errors import KeylessError
from core.web.paths import SIGNED_OUT
from core.web.streamlit_wire import auth_redirect, is_user_action
from core.web.throttle import TokenBucket

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.web.watch import SessionWatch

MESSAGE_LIMIT_BYTES: Final = 2 * 1024 * 1024
GRACE_SECONDS: Final = 1.5

POLICY: Final = 1008
NO_TEXT: Final = 1003
TOO_BIG: Final = 1009
TRY_LATER: Final = 1013
GONE: Final = 1006
SIGNED_OUT_CODE: Final = 4401

_LOG = logging.getLogger(__name__)


class WatchedWebsocket:
    """Passes messages on for as long as the session stands, the client keeps to its pace and speaks binary.

    When it has to end, Streamlit is told first that the client is gone; then the client is told why.
    """

    def __init__(
        self, session_id: str, watch: SessionWatch, receive: Receive, send: Send, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._session_id = session_id
        self._watch = watch
        self._receive = receive
        self._send = send
        self._grace_seconds = grace_seconds
        self._pace = TokenBucket()
        self._incoming: asyncio.Task[Message] | None = None
        self._is_accepted = False
        self._close_code: int | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Let ``app`` serve the websocket until either side, or the gate, ends it."""
        with self._watch.attending(self._session_id) as over:
            ending = asyncio.create_task(_wait_for(over))

            async def receive() -> Message:
                message = await self._next(ending)
                return {"type": "websocket.disconnect", "code": self._close_code} if message is None else message

            try:
                await app(scope, receive, self._pass_on)
                if self._close_code is not None:
                    await self._part()
            finally:
                ending.cancel()
                if self._incoming is not None:
                    self._incoming.cancel()

    async def _next(self, ending: asyncio.Task[None]) -> Message | None:
        """The next message for Streamlit, or None when this is over."""
        if self._close_code is None:
            message = await self._incoming_or(ending)
            if message is not None and message["type"] == "websocket.receive":
                self._close_code = await self._judge(message, ending)
            if self._close_code is None:
                return message
        return None

    async def _incoming_or(self, ending: asyncio.Task[None]) -> Message | None:
        if self._incoming is None:
            self._incoming = asyncio.create_task(_once(self._receive))
        waiting: set[asyncio.Task[Any]] = {self._incoming, ending}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            self._close_code = SIGNED_OUT_CODE
            return None
        incoming, self._incoming = self._incoming, None
        return incoming.result()

    async def _judge(self, message: Message, ending: asyncio.Task[None]) -> int | None:
        """The code to close with because of this message, or None when Streamlit may have it."""
        data = message.get("bytes")
        if data is None:
            return NO_TEXT
        if len(data) > MESSAGE_LIMIT_BYTES:
            return TOO_BIG
        wait_seconds = self._pace.take()
        if wait_seconds is None:
            return POLICY
        if wait_seconds:
            await asyncio.wait({ending}, timeout=wait_seconds)
        try:
            if ending.done() or not await self._watch.is_alive(self._session_id):
                return SIGNED_OUT_CODE
        except KeylessError as error:
            _LOG.warning("websocket closed, its session could not be looked up: %s", error)
            return TRY_LATER
        if is_user_action(data):
            self._watch.note_activity(self._session_id)
        return None

    async def _pass_on(self, message: Message) -> None:
        """Send for Streamlit; nothing more of a page leaves once this is over.

        Streamlit takes a failing send for a text frame, and says so with a traceback; so it is told by a disconnect.
        """
        if self._close_code is None:
            self._is_accepted = self._is_accepted or message["type"] == "websocket.accept"
            try:
                await self._send(message)
            except OSError:
                self._close_code = GONE

    async def _part(self) -> None:
        """Say goodbye: a signed-out tab is led to the signed-out page and has a moment to leave."""
        code = self._close_code
        if code == GONE:
            return
        if code != SIGNED_OUT_CODE:
            _LOG.warning("websocket closed with %s", code)
        with contextlib.suppress(OSError):  # the client may be gone already
            if code == SIGNED_OUT_CODE and self._is_accepted:
                await _lead_away(self._receive, self._send, self._incoming, self._grace_seconds)
            await self._send({"type": "websocket.close", "code": code})


async def turn_away(scope: Scope, receive: Receive, send: Send, *, to: str, code: int) -> None:
    """Accept a websocket only to send its tab to a page that says why it is closed with ``code``."""
    with contextlib.suppress(OSError):  # the client may be gone already
        await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
        await _lead_away(receive, send, None, to=to)
        await send({"type": "websocket.close", "code": code})


async def _lead_away(
    receive: Receive,
    send: Send,
    incoming: asyncio.Task[Message] | None,
    grace_seconds: float = GRACE_SECONDS,
    *,
    to: str = SIGNED_OUT,
) -> None:
    """Send an accepted websocket's tab to another page; returns when it left, or had time to."""
    await send({"type": "websocket.send", "bytes": auth_redirect(to)})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace_seconds):
            message = await incoming if incoming is not None else await receive()
            while message["type"] != "websocket.disconnect":
                message = await receive()


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


async def _once(receive: Receive) -> Message:
    return await receive()
