"""The one address under which browsers know the app."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

HTTP_PORT = 80


class PublicOrigin:
    """The public origin: configured, or on a laptop ``http://localhost`` with the port that was really bound.

    It never comes from a request's headers. Streamlit moves to the next port when its own is taken, so without a
    configured address the port is learned: from the server where it can tell, or from the socket on which the first
    request came in. May be used from any thread.
    """

    def __init__(self, public_url: str | None) -> None:
        self._url = public_url
        self._waiting: list[Callable[[str], object]] = []
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether the address is configured, or a request has shown the port."""
        return self._url is not None

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end.

        Raises:
            RuntimeError: No address is configured and no request has come in yet.
        """
        if self._url is None:
            raise RuntimeError("The public address is known only after the first request.")
        return self._url

    @property
    def host(self) -> str:
        """The Host header of a browser that asks for this origin."""
        return urlsplit(self.url).netloc

    @property
    def secure(self) -> bool:
        """Whether browsers come over https."""
        return self.url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer can use the address."""
        return is_loopback(urlsplit(self.url).hostname or "")

    def is_spelled(self, host: str) -> bool:
        """Whether a Host header is a loopback address (``127.0.0.1``, ``[::1]``) for this loopback origin."""
        name, colon, port = host.rpartition(":")
        if not colon or not port.isdigit():
            name, port = host, str(HTTP_PORT)
        own_port = str(urlsplit(self.url).port or HTTP_PORT)
        return not self.secure and self.is_loopback and is_loopback(name) and port == own_port

    def learn(self, scope: Scope) -> None:
        """Take the port from the socket of a request, when the address is not known yet."""
        if self._url is None and (server := scope.get("server")) and server[1]:
            self.learn_port(server[1])

    def learn_port(self, port: int) -> None:
        """Take the port that was really bound, when the address is not known yet."""
        with self._lock:
            if self._url is not None:
                return
            self._url = "http://localhost" + ("" if port == HTTP_PORT else f":{port}")
            waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell(self._url)

    def when_known(self, tell: Callable[[str], object]) -> None:
        """Call ``tell`` with the address: now, or on the thread that learns it."""
        with self._lock:
            if self._url is None:
                self._waiting.append(tell)
                return
        tell(self._url)
