"""The processes that are compared: the stub, the tutorial's app, and Keyless with everything on."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2

from tests.support.app_process import ROOT, AppProcess, environment, free_port, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_SECONDS: Final = 30.0
TUTORIAL: Final = Path(__file__).parent / "tutorial_app.py"
_LINK: Final = re.compile(r"http://\S+/auth/local\S+")
_MEMORY: Final = re.compile(r"RssAnon:\s+(\d+) kB")
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")

CATALOGUE: Final = """\
[[endpoint]]
name = "stub"
url = "{url}"
kind = "azure-openai"
api = "v1"
region = "loopback"

[[endpoint.deployment]]
name = "stub"
label = "Stub"
model = "stub"
operations = ["chat"]
prices = {{ input = "1.25", output = "10.00" }}
"""


@dataclass(frozen=True)
class Server:
    """A process and the address that it answers at."""

    name: str
    url: str
    pid: int
    enter: str
    """Where a browser goes first: a one-time link, where one opens the app."""

    def cpu_seconds(self) -> float:
        """What it has used so far, in user and system mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def memory_bytes(self) -> int:
        """What it holds in memory now that is in no file."""
        found = _MEMORY.search(Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8"))
        assert found is not None
        return int(found[1]) * 1024


@contextlib.contextmanager
def stub() -> Iterator[Server]:
    """The stub model; its own page is the raw one."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.benchmarks.stub_model", str(port)]
    with _process(command, ROOT, dict(os.environ), f"{url}/sent") as process:
        yield Server("raw page", url, process.pid, f"{url}/raw")


@contextlib.contextmanager
def tutorial(folder: Path, upstream: Server) -> Iterator[Server]:
    """The tutorial's app, run as a tutorial says: no configuration but that nobody is asked for an e-mail address."""
    port = free_port()
    url = f"http://localhost:{port}"
    variables = environment(
        folder,
        {
            "STUB_URL": upstream.url,
            "STREAMLIT_SERVER_HEADLESS": "true",
            "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        },
    )
    command = [sys.executable, "-m", "streamlit", "run", str(TUTORIAL), "--server.port", str(port)]
    with _process(command, folder, variables, f"{url}/_stcore/health") as process:
        yield Server("tutorial", url, process.pid, url)


def keyless_variables(folder: Path, upstream: Server) -> Mapping[str, str]:
    """Keyless as on a host with a managed identity: gate, session, store and token chain are the real ones."""
    catalogue = folder / "deployments.toml"
    catalogue.write_text(CATALOGUE.format(url=upstream.url), encoding="utf-8")
    return {
        "KEYLESS_SIGN_IN": "local",
        "KEYLESS_CALLS_AS": "app",
        "KEYLESS_CATALOGUE": str(catalogue),
        "IDENTITY_ENDPOINT": f"{upstream.url}/identity",
        "IDENTITY_HEADER": "stub",
    }


@contextlib.contextmanager
def keyless(folder: Path, upstream: Server) -> Iterator[Server]:
    """Keyless, ready."""
    with running_app(folder, extra=keyless_variables(folder, upstream)) as app:
        yield Server("Keyless", app.url, app.process.pid, one_time_link(app))


def one_time_link(app: AppProcess) -> str:
    """The link that the app printed last."""
    found = _LINK.findall(app.printed())
    assert found, app.printed()
    return str(found[-1])


@dataclass(frozen=True)
class Sent:
    """What the stub did for one prompt; epoch seconds."""

    asked_at: float
    at: list[float]


def counts(upstream: Server) -> dict[str, Any]:
    """What the stub counted so far."""
    counted: dict[str, Any] = httpx2.get(f"{upstream.url}/sent").json()
    return counted


def sent(upstream: Server, prompt: str) -> Sent:
    """When the latest answer to this prompt was asked for, and when each of its tokens left."""
    counted = counts(upstream)
    return Sent(counted["asked_at"][prompt], counted["sent_at"][prompt])


@contextlib.contextmanager
def _process(
    command: list[str], folder: Path, variables: Mapping[str, str], ready_url: str
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        _wait_for(ready_url, process)
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url).is_success:
                return
        # The process tells nobody when it is ready; asking is all there is.
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")
