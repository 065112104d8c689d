"""A small Streamlit script in a process of its own: with the app's settings, without its gate and its headers."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import httpx2

from tests.support.app_process import ROOT, START_SECONDS, STOP_SECONDS, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENTRY: Final = """
from streamlit.starlette import App
from starlette.middleware import Middleware

class Headers:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def sending(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)
        await self.app(scope, receive, sending)

app = App("page.py", middleware=[Middleware(Headers)])
"""


@contextlib.contextmanager
def running_script(folder: Path, script: str, headers: tuple[tuple[str, str], ...] = ()) -> Iterator[str]:
    """Serve ``script`` from ``folder``, every answer with ``headers``, and yield its base URL."""
    lines = [(name.encode(), value.encode()) for name, value in headers]
    (folder / "page.py").write_text(script, encoding="utf-8")
    (folder / "entry.py").write_text(f"HEADERS = {lines!r}\n{_ENTRY}", encoding="utf-8")
    port = free_port()
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    with (folder / "script.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-m", "uvicorn", "entry:app", "--port", str(port), "--log-level", "warning"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(f"http://localhost:{port}", process)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client() as client:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if client.get(f"{url}/_stcore/health").status_code == httpx2.codes.OK:
                    return
            # The process tells nobody when it is ready; asking is all there is.
            time.sleep(0.05)
    raise AssertionError("The script did not start.")
