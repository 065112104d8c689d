"""The app as people start it: a process of its own, on a free port, with a database of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
_LEFT_OUT: Final = ("KEYLESS_", "OPENAI_", "AZURE_", "STREAMLIT_", "IDENTITY_", "APP_ENV", "MSI_")


@dataclass
class AppProcess:
    """A running app; ``log`` is the file with everything it prints."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://localhost:{self.port}"

    def printed(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """End it as a service manager would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_commands(port: int) -> dict[str, list[str]]:
    """Every way to start the app that the README names."""
    streamlit = ["--server.port", str(port)]
    return {
        "streamlit run": [sys.executable, "-m", "streamlit", "run", "app.py", *streamlit],
        "uvicorn": [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)],
        "python": [sys.executable, "app.py"],
    }


def environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without anything that configures the app, with a database below ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return {**kept, "KEYLESS_DATABASE_URL": f"sqlite:///{folder / 'keyless.sqlite3'}", **(extra or {})}


@contextlib.contextmanager
def running_app(
    folder: Path,
    *,
    extra: Mapping[str, str] | None = None,
    command: str = "streamlit run",
    port: int | None = None,
    wait_until_ready: bool = True,
) -> Iterator[AppProcess]:
    """Start the app and stop it when the block ends.

    Args:
        folder: Holds its database and its log.
        extra: More environment variables.
        command: One of ``start_commands``.
        port: Where it listens; a free port unless given.
        wait_until_ready: Yield only once ``/readyz`` is 200.
    """
    chosen = port or free_port()
    log = folder / f"app-{chosen}.log"
    variables = environment(folder, {"STREAMLIT_SERVER_PORT": str(chosen), **(extra or {})})
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own app
            start_commands(chosen)[command], cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        app = AppProcess(process, chosen, log)
        try:
            if wait_until_ready:
                _wait_until_ready(app)
            yield app
        finally:
            try:
                app.stop()
            except subprocess.TimeoutExpired:
                app.kill()


def _wait_until_ready(app: AppProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client() as client:
        while time.monotonic() < deadline:
            if app.process.poll() is not None:
                break
            with contextlib.suppress(httpx2.TransportError):
                if client.get(f"{app.url}/readyz").status_code == httpx2.codes.OK:
                    return
            # The process tells nobody when it is ready; asking is all there is.
            time.sleep(0.05)
    raise AssertionError(f"The app did not become ready:\n{app.printed()}")
