"""Which sessions are alive, kept fresh, and told at once when one ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeVar

from core.errors import KeylessError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from core.web.doors import Session, Sessions

FRESH_SECONDS: Final = 1.0
POLL_SECONDS: Final = 3.0
TOUCH_SECONDS: Final = 60.0
REMEMBERED: Final = 4096

_LOG = logging.getLogger(__name__)
_Value = TypeVar("_Value")


class SessionWatch:
    """Looks sessions up, at most once a second each, and wakes the websockets of one that ended.

    Sign-out in this process is told through ``ended``; that of another process, an idle limit or a row deleted by
    hand is found by looking every few seconds, as long as a websocket is open.

    Args:
        sessions: Gives the store, once it is open.
        clock: Seconds from any start, never going back.

    Attributes:
        poll_seconds: How often the sessions of open websockets are looked up again.
    """

    def __init__(
        self, sessions: Callable[[], Awaitable[Sessions]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.poll_seconds = POLL_SECONDS
        self._sessions = sessions
        self._clock = clock
        self._by_cookie: dict[str, tuple[float, Session]] = {}
        self._seen_at: dict[str, float] = {}
        self._touched_at: dict[str, float] = {}
        self._attending: dict[asyncio.Event, str] = {}
        self._poll: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._touches: set[asyncio.Task[None]] = set()
        self._endings = 0

    async def find(self, cookie: str) -> Session | None:
        """The session of a cookie value; an answer may be a second old.

        Raises:
            KeylessError: The store cannot be asked.
        """
        known = self._by_cookie.get(cookie)
        if known is not None and self._clock() - known[0] < FRESH_SECONDS:
            return known[1]
        endings, asked_at = self._endings, self._clock()
        session = await asyncio.to_thread((await self._sessions()).by_cookie, cookie)
        self._by_cookie.pop(cookie, None)
        if session is not None and endings == self._endings:
            _with_room(self._by_cookie)[cookie] = (asked_at, session)
            _with_room(self._seen_at)[session.id] = asked_at
        return session

    async def is_alive(self, session_id: str) -> bool:
        """Whether a session still stands; an answer may be a second old.

        Raises:
            KeylessError: The store cannot be asked.
        """
        if self._clock() - self._seen_at.get(session_id, -FRESH_SECONDS) < FRESH_SECONDS:
            return True
        endings, asked_at = self._endings, self._clock()
        session = await asyncio.to_thread((await self._sessions()).by_id, session_id)
        self._seen_at.pop(session_id, None)
        if session is not None and endings == self._endings:
            _with_room(self._seen_at)[session_id] = asked_at
        return session is not None

    def note_activity(self, session_id: str) -> None:
        """Count now as activity of a session; the store hears of it at most once a minute."""
        now = self._clock()
        if now - self._touched_at.get(session_id, -TOUCH_SECONDS) < TOUCH_SECONDS:
            return
        _with_room(self._touched_at)[session_id] = now
        touch = asyncio.get_running_loop().create_task(self._touch(session_id))
        self._touches.add(touch)
        touch.add_done_callback(self._touches.discard)

    @contextlib.contextmanager
    def attending(self, session_id: str) -> Iterator[asyncio.Event]:
        """An event that is set as soon as the session ends, for as long as the block runs."""
        over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._attending[over] = session_id
        if self._poll is None:
            self._poll = self._loop.create_task(self._look_again())
        try:
            yield over
        finally:
            del self._attending[over]
            if not self._attending and self._poll is not None:
                self._poll.cancel()
                self._poll = None

    def ended(self, session_ids: Iterable[str]) -> None:
        """Tell that sessions are over. May be called from any thread."""
        gone = frozenset(session_ids)
        self._endings += 1
        for session_id in gone:
            self._seen_at.pop(session_id, None)
        for cookie, (_, session) in list(self._by_cookie.items()):
            if session.id in gone:
                self._by_cookie.pop(cookie, None)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, gone)

    def open_websockets(self) -> Counter[str]:
        """How many websockets each session has open."""
        return Counter(self._attending.values())

    def _wake(self, gone: frozenset[str]) -> None:
        for over, session_id in self._attending.items():
            if session_id in gone:
                over.set()

    async def _touch(self, session_id: str) -> None:
        try:
            await asyncio.to_thread((await self._sessions()).touch, session_id)
        except KeylessError as error:
            self._touched_at.pop(session_id, None)
            _LOG.warning("activity not stored: %s", error)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self.poll_seconds)
            try:
                self.ended(await self._gone())
            except KeylessError as error:
                _LOG.warning("sessions not looked up: %s", error)
            except Exception:  # noqa: BLE001 - see below
                # Looking has to go on, or ended sessions would stay open.
                _LOG.exception("sessions not looked up")

    async def _gone(self) -> list[str]:
        sessions = await self._sessions()
        attending = set(self._attending.values())
        return await asyncio.to_thread(lambda: [each for each in attending if sessions.by_id(each) is None])


def _with_room(remembered: dict[str, _Value]) -> dict[str, _Value]:
    if len(remembered) >= REMEMBERED:
        remembered.clear()
    return remembered
