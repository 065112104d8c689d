"""Off Azure the chain answers soon, whatever becomes of the address at which a managed identity would be.

azure-identity asks 169.254.169.254; the environment's proxy leads that to a server of this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.errors import NoCredential
from core.identity.app_credential import AppTokens
from core.identity.credential_failures import CLI, MANAGED
from tests.support.identity import SCOPE, FakeAz, ShiftedClock, make_settings
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from starlette.requests import Request

BOUND_SECONDS = 2.0


@contextlib.contextmanager
def packets_dropped() -> Iterator[str]:
    """A listener whose backlog is full: the kernel drops every further attempt to connect."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listening.getsockname()
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(address)
            except TimeoutError:
                break
        yield f"http://127.0.0.1:{address[1]}"


@contextlib.contextmanager
def accepts_and_never_answers() -> Iterator[str]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def drips() -> Iterator[str]:
    """Begins an answer and sends a byte of it now and then, never the last one."""
    stopping = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
            while not stopping.wait(0.3):
                connection.sendall(b" ")

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                thread = threading.Thread(target=drip, args=(listening.accept()[0],))
                threads.append(thread)
                thread.start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stopping.set()
            listening.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join(5)


def answers(status: int) -> AbstractContextManager[str]:
    async def say(_: Request) -> Response:
        return PlainTextResponse("No such place.", status)

    return serving(Starlette(routes=[Route("/{path:path}", say)]))


SITUATIONS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "packets dropped": packets_dropped,
    "a proxy that answers 404": lambda: answers(404),
    "410": lambda: answers(410),
    "500": lambda: answers(500),
    "429": lambda: answers(429),
    "accepts and never answers": accepts_and_never_answers,
    "drips": drips,
}


@pytest.fixture(params=SITUATIONS)
def off_azure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A laptop in one of the situations, with an empty folder for commands that is yielded."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "IMDS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path))
    with SITUATIONS[request.param]() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        yield tmp_path


def seconds_to_answer(tokens: AppTokens) -> float:
    async def ask() -> float:
        began = time.monotonic()
        with contextlib.suppress(NoCredential):
            await tokens.token(SCOPE)
        return time.monotonic() - began

    with contextlib.closing(tokens):
        return asyncio.run(ask())


def preloaded() -> None:
    """The app imports azure-identity at start; what that takes is not the network's."""
    import azure.identity  # noqa: F401 - for its weight


@pytest.mark.usefixtures("off_azure")
@pytest.mark.parametrize("announced_by", ["nothing", "AZURE_TOKEN_CREDENTIALS", "a setting"])
def test_the_chain_answers_soon_in_every_network(monkeypatch: pytest.MonkeyPatch, announced_by: str) -> None:
    preloaded()
    settings = make_settings(client_assertion_identity="system" if announced_by == "a setting" else None)
    if announced_by == "AZURE_TOKEN_CREDENTIALS":
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", MANAGED)
    tokens = AppTokens(os.environ, settings, ShiftedClock())
    assert seconds_to_answer(tokens) < BOUND_SECONDS
    outcomes = {attempt.credential: (attempt.outcome, attempt.cause) for attempt in tokens.attempts}
    if announced_by == "nothing":
        assert outcomes[MANAGED] == ("left out", "")
    else:
        assert outcomes[MANAGED] == ("failed", "managed-identity-absent")


def test_the_azure_cli_answers_after_a_managed_identity_that_is_not_there(off_azure: Path) -> None:
    preloaded()
    FakeAz(off_azure, "token-of-az")
    tokens = AppTokens(os.environ, make_settings(client_assertion_identity="system"), ShiftedClock())
    assert seconds_to_answer(tokens) < BOUND_SECONDS + 1, "az itself is not counted"
    assert tokens.winner == CLI
