"""Which sessions are alive, and who is told when one ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.errors import StorageError
from core.web.watch import SessionWatch
from tests.support.scripted_doors import ScriptedSessions


class Desk:
    """A watch over scripted sessions, with a clock that a test moves."""

    def __init__(self) -> None:
        self.sessions = ScriptedSessions()
        self.now = 100.0
        self.watch = SessionWatch(self._open, lambda: self.now)

    def touched(self) -> str:
        """The next session whose activity was stored."""
        return self.sessions.touched.get(timeout=5)

    async def _open(self) -> ScriptedSessions:
        return self.sessions


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_session_is_looked_up_again_after_a_second(desk: Desk) -> None:
    cookie, session = desk.sessions.sign_in()
    for _ in range(3):
        assert await desk.watch.find(cookie) is session
        assert await desk.watch.is_alive(session.id)
    assert desk.sessions.lookups == 1
    desk.sessions.delete(session.id)
    desk.now += 1
    assert await desk.watch.find(cookie) is None
    assert not await desk.watch.is_alive(session.id)


async def test_an_end_that_is_told_holds_at_once(desk: Desk) -> None:
    cookie, session = desk.sessions.sign_in()
    assert await desk.watch.find(cookie) is session
    desk.sessions.delete(session.id)
    desk.watch.ended([session.id])
    assert await desk.watch.find(cookie) is None
    assert not await desk.watch.is_alive(session.id)


async def test_a_look_up_that_races_with_an_end_is_not_remembered(desk: Desk) -> None:
    cookie, session = desk.sessions.sign_in()
    reading, go_on = threading.Event(), threading.Event()
    look_up = desk.sessions.by_cookie

    def slowly(asked: str) -> object:
        found = look_up(asked)
        reading.set()
        go_on.wait(5)
        return found

    desk.sessions.by_cookie = slowly  # type: ignore[method-assign, assignment]  # made slow
    finding = asyncio.create_task(desk.watch.find(cookie))
    await asyncio.to_thread(reading.wait, 5)
    desk.sessions.delete(session.id)
    desk.watch.ended([session.id])
    go_on.set()
    await finding
    assert await desk.watch.find(cookie) is None


async def test_whoever_attends_is_woken_from_any_thread(desk: Desk) -> None:
    with desk.watch.attending("one") as one, desk.watch.attending("two") as two, desk.watch.attending("one") as again:
        assert desk.watch.open_websockets() == {"one": 2, "two": 1}
        threading.Thread(target=desk.watch.ended, args=(["one"],)).start()
        await asyncio.wait_for(one.wait(), 5)
        await asyncio.wait_for(again.wait(), 5)
        assert not two.is_set()
    assert not desk.watch.open_websockets()


async def test_looking_again_starts_anew_with_the_next_websocket(desk: Desk) -> None:
    desk.watch.poll_seconds = 0.001
    for _ in range(2):
        _, session = desk.sessions.sign_in()
        with desk.watch.attending(session.id) as over:
            desk.sessions.delete(session.id)
            await asyncio.wait_for(over.wait(), 5)


async def test_looking_again_survives_a_failing_store_and_finds_who_is_gone(desk: Desk) -> None:
    desk.watch.poll_seconds = 0.001
    _, session = desk.sessions.sign_in()
    failed = threading.Event()
    look_up = desk.sessions.by_id

    def fail_once(session_id: str) -> object:
        if not failed.is_set():
            failed.set()
            raise StorageError
        return look_up(session_id)

    desk.sessions.by_id = fail_once  # type: ignore[method-assign, assignment]  # made to fail
    with desk.watch.attending(session.id) as over:
        await asyncio.to_thread(failed.wait, 5)
        desk.sessions.delete(session.id)
        await asyncio.wait_for(over.wait(), 5)


async def test_activity_is_stored_once_a_minute(desk: Desk) -> None:
    _, session = desk.sessions.sign_in()
    for _ in range(3):
        desk.watch.note_activity(session.id)
        desk.now += 29
    touched = [await asyncio.to_thread(desk.touched)]
    assert desk.sessions.touched.empty()
    desk.watch.note_activity(session.id)
    touched.append(await asyncio.to_thread(desk.touched))
    assert touched == [session.id] * 2


async def test_what_is_remembered_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.watch.REMEMBERED", 3)
    for _ in range(10):
        cookie, _ = desk.sessions.sign_in()
        await desk.watch.find(cookie)
        assert len(desk.watch._by_cookie) <= 3
        assert len(desk.watch._seen_at) <= 3
