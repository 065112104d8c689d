"""What somebody without a session gets from the running app: the way in, and nothing else."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest

from tests.support.app_process import ROOT

if TYPE_CHECKING:
    from tests.support.app_process import AppProcess

TRAVERSALS = (
    "/../app.py",
    "/static/../../app.py",
    "/%2e%2e/app.py",
    "/%2e%2e%2fapp.py",
    "/..%2fapp.py",
    "/%252e%252e/app.py",
    "/..%5capp.py",
    "/%5c%5chost%5cshare",
    "//etc/passwd",
    "/static/..;/app.py",
    "/C:%5cWindows%5cwin.ini",
    "/C:/Windows/win.ini",
    "/static/%00/app.py",
    "/static//etc/passwd",
)
INSIDE = (
    "/_stcore/metrics",
    "/_stcore/host-config",
    "/_stcore/agent/openapi.json",
    "/openapi.json",
    "/docs",
    "/.streamlit/secrets.toml",
    "/.streamlit/config.toml",
    "/.keyless/keyless.sqlite3",
    "/.keyless/sealing.key",
    "/.git/config",
    "/app.py",
    "/app/static/x",
    "/pages/prompt.py",
    "/requirements.txt",
    "/server-status",
    "/actuator/env",
)


def ask(app: AppProcess, target: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """One request with the target exactly as written: no client tidies it up first."""
    connection = http.client.HTTPConnection("localhost", app.port, timeout=20)
    try:
        connection.putrequest(method, target)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def assert_tells_nothing(status: int, headers: dict[str, str], body: bytes) -> None:
    """Not found, malformed, or the way in; no file, no version, no path."""
    assert status in {303, 400, 404}
    if status == 303:
        assert headers["location"].startswith(("/welcome", "/auth/sign-in?next="))
        assert body == b""
    told = body.decode("utf-8", "replace") + str({name: v for name, v in headers.items() if name != "location"})
    for secret in ("import ", "root:", str(ROOT), "streamlit/1", "Traceback", "[server]", "python"):
        assert secret.lower() not in told.lower()
    assert "content-security-policy" in headers


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_spelling_of_a_path_leads_to_a_file(demo: AppProcess, path: str) -> None:
    status, headers, body = ask(demo, path)
    assert_tells_nothing(status, headers, body)


@pytest.mark.parametrize("path", INSIDE)
def test_nothing_of_the_inside_is_shown(demo: AppProcess, path: str) -> None:
    assert_tells_nothing(*ask(demo, path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_open_no_page(demo: AppProcess, method: str) -> None:
    status, _, body = ask(demo, "/", method)
    assert status in {400, 404, 405}
    assert b"<script" not in body


def test_welcome_page_and_probes_name_no_version(demo: AppProcess) -> None:
    for path in ("/welcome", "/livez", "/readyz"):
        assert b"1.67" not in ask(demo, path)[2]
