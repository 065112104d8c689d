"""Any ASGI app on a loopback port of its own, in a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import ssl as tls
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

START_SECONDS = 20.0
STOP_SECONDS = 20.0
TICK_SECONDS = 0.1
GOODBYE_SECONDS = 0.1


@contextlib.contextmanager
def serving(app: ASGIApp, ssl: tls.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve ``app`` until the block ends and yield its base URL, without a slash at the end.

    Args:
        app: What to serve; its lifespan runs.
        ssl: A server-side TLS context; with one the URL is https.
        host: The loopback name to put into the URL; the socket is bound to 127.0.0.1 in any case.

    Raises:
        RuntimeError: The app did not start, or did not end.
    """
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                timeout_graceful_shutdown=5,
                ssl_context_factory=_always(ssl) if ssl else None,
            )
        )
        thread = threading.Thread(target=server.run_on, args=(listening,), name="serving", daemon=True)
        thread.start()
        try:
            server.wait_until_started(thread)
            port = listening.getsockname()[1]
            yield f"{'https' if ssl else 'http'}://{host}:{port}"
        finally:
            server.stop()
            thread.join(STOP_SECONDS)
            if thread.is_alive():
                raise RuntimeError("The served app did not end.")


class _Server(uvicorn.Server):
    """Says when it is up and ends when told, where uvicorn would be asked again and again and pause twice."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._settled = threading.Event()
        self._told_to_stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Have it end; for other threads than its own."""
        self.should_exit = True
        if self._loop is not None:
            # A loop that has been closed needs no waking.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._told_to_stop.set)

    def run_on(self, listening: socket.socket) -> None:
        try:
            # uvicorn exits when the app's lifespan fails; whoever waits is told so.
            with contextlib.suppress(SystemExit):
                self.run(sockets=[listening])
        finally:
            self._settled.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._settled.set()

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told_to_stop.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                # uvicorn tells nobody when the last one has gone.
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        except TimeoutError:
            await super().shutdown(sockets)
        else:
            await self.lifespan.shutdown()

    def wait_until_started(self, thread: threading.Thread) -> None:
        self._settled.wait(START_SECONDS)
        if not self.started or not thread.is_alive():
            raise RuntimeError("The served app did not start.")


def _always(context: tls.SSLContext) -> Callable[[uvicorn.Config, Callable[[], tls.SSLContext]], tls.SSLContext]:
    return lambda _config, _default: context
