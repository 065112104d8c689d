"""Waking those who look at a run: threads that draw pages, and tasks on any event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Protocol


class Wakeable(Protocol):
    """Whoever wants to know of every change. Called with the lock of what changed held, so it may only take note."""

    def wake(self) -> None:
        """There is something new."""


class Watcher:
    """One task on one event loop, woken from any thread; wakes that come before it has looked are one wake."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._is_woken = False

    def wake(self) -> None:
        """Say that there is something new. A loop that has ended is nobody to wake."""
        if self._is_woken:
            return
        self._is_woken = True
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:
            return

    def look(self) -> None:
        """To be called before looking, so that whatever comes after it wakes again."""
        self._event.clear()
        self._is_woken = False

    async def wait(self) -> None:
        """Return once there is something that came after the last ``look``."""
        await self._event.wait()


class Bell:
    """A version number, and everyone who waits for it to grow. To be used with ``lock`` held; waiting frees it."""

    def __init__(self, lock: threading.Lock) -> None:
        self.version = 0
        self._condition = threading.Condition(lock)
        self._watchers: list[Wakeable] = []

    def ring(self) -> None:
        """Something changed: wake every waiting thread and task."""
        self.version += 1
        self._condition.notify_all()
        for watcher in self._watchers:
            watcher.wake()

    def add(self, watcher: Wakeable) -> None:
        """Wake this one from now on."""
        self._watchers.append(watcher)

    def remove(self, watcher: Wakeable) -> None:
        """Wake this one no more."""
        self._watchers.remove(watcher)

    def wait(self, version: int, timeout: float) -> None:
        """Block the calling thread until the version is beyond ``version``, or ``timeout`` seconds have passed."""
        self._condition.wait_for(lambda: self.version > version, timeout)
