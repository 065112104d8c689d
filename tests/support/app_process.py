"""The app as people start it: a process of its own, on a free port, with a database of its own."""

from __future__ import annotations

import contextlib
import os
import re
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
    from collections.abc import Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
_SHOWN_PORT: Final = re.compile(r"URL: http://[^:\s]+:(\d+)")
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

    def printed_match(self, pattern: re.Pattern[str]) -> str:
        """The first group of what it prints, waiting until it does."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := pattern.search(self.printed()):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"The app did not print {pattern.pattern}:\n{self.printed()}")

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


def start_commands(port: int | None = None) -> dict[str, list[str]]:
    """Every way to start the app that the README names; without a ``port`` exactly as it stands there."""
    streamlit = [] if port is None else ["--server.port", str(port)]
    uvicorn = [] if port is None else ["--port", str(port)]
    return {
        "streamlit run": [sys.executable, "-m", "streamlit", "run", "app.py", *streamlit],
        "uvicorn": [sys.executable, "-m", "uvicorn", "app:app", *uvicorn],
        "python": [sys.executable, "app.py"],
    }


@dataclass(frozen=True)
class Refusal:
    """What became of an app that did not start."""

    code: int
    stdout: str
    stderr: str


def refused_start(
    folder: Path, extra: Mapping[str, str], *, command: str = "streamlit run", arguments: Sequence[str] = ()
) -> Refusal:
    """Start the app with a configuration that it is expected to refuse, and wait until it has ended.

    Raises:
        subprocess.TimeoutExpired: It started.
    """
    port = free_port()
    done = subprocess.run(  # noqa: S603 - our own app
        [*start_commands(port)[command], *arguments],
        cwd=ROOT,
        env=environment(folder, {"STREAMLIT_SERVER_PORT": str(port), **extra}),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    return Refusal(done.returncode, done.stdout, done.stderr)


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
    arguments: Sequence[str] = (),
    port: int | None = None,
    wait_until_ready: bool = True,
) -> Iterator[AppProcess]:
    """Start the app and stop it when the block ends.

    Args:
        folder: Holds its database and its log.
        extra: More environment variables.
        command: One of ``start_commands``.
        arguments: More of its command line.
        port: Where it listens; a free port unless given.
        wait_until_ready: Yield only once ``/readyz`` is 200.
    """
    chosen = port or free_port()
    log = folder / f"app-{chosen}.log"
    variables = environment(folder, {"STREAMLIT_SERVER_PORT": str(chosen), **(extra or {})})
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own app
            [*start_commands(chosen)[command], *arguments],
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
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


@contextlib.contextmanager
def running_on_the_default_port(folder: Path) -> Iterator[AppProcess]:
    """Start ``streamlit run app.py`` with no port given: it takes 8501, or the next one that is free."""
    log = folder / "app.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own app
            start_commands()["streamlit run"], cwd=ROOT, env=environment(folder), stdout=output, stderr=output
        )
    app = AppProcess(process, 0, log)
    try:
        app.port = int(app.printed_match(_SHOWN_PORT))
        _wait_until_ready(app)
        yield app
    finally:
        app.stop()


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
