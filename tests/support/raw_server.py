"""A server at the level of sockets: it says exactly the bytes it is told to, and hangs up in exactly that way."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl as tls
    from collections.abc import Callable, Iterable, Iterator

    Script = Callable[["Conversation"], None]

PATIENCE_SECONDS = 30.0
"""No test waits as long; only a broken one does."""

BACKLOG = 128
EVENT_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = EVENT_STREAM + b"transfer-encoding: chunked\r\n\r\n"
UNTIL_CLOSED = EVENT_STREAM + b"connection: close\r\n\r\n"


@dataclass(frozen=True)
class RawRequest:
    """What came in: the request line, lower-case headers, the body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """A server that listens; ``url`` has no slash at its end."""

    url: str
    port: int
    requests: list[RawRequest] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a caller hung up while a script waited for that."""


class Conversation:
    """One request and its connection, from the server's side; the server hangs up with FIN when the script ends."""

    def __init__(
        self, connection: socket.socket, request: RawRequest, server: RawServer, ending: threading.Event
    ) -> None:
        self.request = request
        self._connection = connection
        self._server = server
        self._ending = ending

    def send(self, data: bytes) -> None:
        """Send bytes, all of them, at once."""
        self._connection.sendall(data)

    def send_chunk(self, data: bytes) -> None:
        """Send one chunk of a chunked body."""
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def reset(self) -> None:
        """Hang up with RST."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def wait_until_hung_up(self) -> None:
        """Say nothing until the caller hangs up."""
        with contextlib.suppress(OSError):
            while not self._ending.is_set() and self._connection.recv(4096):
                pass
        self._server.hung_up.set()

    def drip(self, data: Iterable[bytes], seconds: float) -> None:
        """Send one piece every ``seconds``, until the caller hangs up."""
        self._connection.settimeout(seconds)
        for piece in data:
            try:
                self.send(piece)
                if not self._connection.recv(4096):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self._server.hung_up.set()


@contextlib.contextmanager
def raw_server(script: Script, ssl: tls.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[RawServer]:
    """Run ``script`` for every request on a loopback port, each connection in a thread of its own.

    Args:
        script: What to do with a request. Its own broken pipes are no failures: that is what it is for.
        ssl: A server-side TLS context; with one the URL is https.
        host: The name to put into the URL.
    """
    ending = threading.Event()
    connections: list[socket.socket] = []
    with contextlib.closing(socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)) as listening:
        port = listening.getsockname()[1]
        server = RawServer(f"{'https' if ssl else 'http'}://{host}:{port}", port)

        def serve(connection: socket.socket) -> None:
            connection.settimeout(PATIENCE_SECONDS)
            with contextlib.suppress(OSError), contextlib.closing(_secured(connection, ssl)) as secured:
                request = _read(secured)
                server.requests.append(request)
                script(Conversation(secured, request, server, ending))

        def accept() -> None:
            threads = []
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    connections.append(connection)
                    threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                    threads[-1].start()
            for thread in threads:
                thread.join(PATIENCE_SECONDS)

        accepting = threading.Thread(target=accept, name="raw-server", daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            ending.set()
            for one in (listening, *connections):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE_SECONDS)


def _secured(connection: socket.socket, ssl: tls.SSLContext | None) -> socket.socket:
    if ssl is None:
        return connection
    try:
        return ssl.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        raise


def _read(connection: socket.socket) -> RawRequest:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += _some(connection)
    return RawRequest(line, headers, body)


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionAbortedError
    return received
