"""The one event loop that carries every answer, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

T = TypeVar("T")


class CoreLoop:
    """An asyncio loop on one daemon thread. Nothing that blocks may run on it: one slow call delays every answer."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether work can be handed over now."""
        return self._loop is not None and self._loop.is_running()

    def start(self) -> None:
        """Start the thread; returns once the loop runs. A second call does nothing."""
        if self._thread is not None:
            return
        loop, running = asyncio.new_event_loop(), threading.Event()
        loop.call_soon(running.set)
        self._loop = loop
        self._thread = threading.Thread(target=self._run, args=(loop,), name="keyless-core-loop", daemon=True)
        self._thread.start()
        running.wait()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop, from any thread.

        Raises:
            RuntimeError: The loop is not running; the coroutine is closed unrun.
        """
        if self._loop is None or not self._loop.is_running():
            work.close()
            raise RuntimeError("the core loop is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, timeout: float = 5.0) -> None:
        """Cancel what still runs, wait up to ``timeout`` seconds for it to end, and stop the thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout)
        self._loop = self._thread = None

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            remaining = asyncio.all_tasks(loop)
            for task in remaining:
                task.cancel()
            if remaining:
                loop.run_until_complete(asyncio.wait(remaining))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
