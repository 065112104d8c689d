"""Storage that cannot be used, and too few open files: said in clear words, in the log and on the page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from tests.support.app_process import ROOT, AppProcess, environment, refused_start, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS: Final = 20.0
HOSTED: Final = {
    "KEYLESS_TENANT_ID": "11111111-2222-4333-8444-555555555555",
    "KEYLESS_CLIENT_ID": "99999999-2222-4333-8444-555555555555",
    "KEYLESS_PUBLIC_URL": "https://keyless.example.com",
    "KEYLESS_CLIENT_SECRET": "canary-secret",
    "AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "davinci",
}


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, timeout=30) as client:
        yield client


def errors(app: AppProcess) -> list[str]:
    """What it has logged as errors, waiting for the first."""
    until = time.monotonic() + PATIENCE_SECONDS
    found: list[str] = []
    while not found and time.monotonic() < until and app.process.poll() is None:
        lines = [json.loads(line) for line in app.printed().splitlines() if line.startswith("{")]
        found = [line["message"] for line in lines if line["level"] == "ERROR"]
        time.sleep(0.05)
    return found


def alive(client: httpx2.Client, app: AppProcess) -> httpx2.Response:
    """The answer of ``/livez``, waiting until there is one."""
    while True:
        try:
            return client.get(f"{app.url}/livez")
        except httpx2.ConnectError:
            assert app.process.poll() is None, app.printed()


def test_a_second_process_on_the_same_file_is_told_which_one_has_it(client: httpx2.Client, tmp_path: Path) -> None:
    with (
        running_app(tmp_path) as first,
        running_app(tmp_path, wait_until_ready=False, command="uvicorn") as second,
    ):
        assert alive(client, second).status_code == httpx2.codes.OK
        (said, *_) = errors(second)
        assert f"Another Keyless (process {first.process.pid})" in said
        assert "Stop the other one first" in said
        ready = client.get(f"{second.url}/readyz")
        assert ready.status_code == httpx2.codes.SERVICE_UNAVAILABLE
        assert ready.json()["parts"]["database"] == "not ready"
        page = client.get(f"{second.url}/auth/sign-in")
        assert page.status_code in {500, 503}
        assert f"Another Keyless (process {first.process.pid})" in page.text
        assert re.search(r"K-[0-9A-F]{8}", page.text)
        assert "Traceback" not in second.printed() + page.text
        assert client.get(f"{first.url}/readyz").status_code == httpx2.codes.OK


def test_the_second_process_goes_on_by_itself_once_the_first_has_ended(client: httpx2.Client, tmp_path: Path) -> None:
    with running_app(tmp_path) as first, running_app(tmp_path, wait_until_ready=False) as second:
        assert errors(second)
        first.stop()
        until = time.monotonic() + PATIENCE_SECONDS
        while client.get(f"{second.url}/readyz").status_code != httpx2.codes.OK:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_folder_that_cannot_be_written_is_named_in_the_log_and_kept_from_strangers(
    client: httpx2.Client, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    place = tmp_path / "file" / "keyless.sqlite3"
    with running_app(
        tmp_path, extra={**HOSTED, "KEYLESS_DATABASE_URL": f"sqlite:///{place}"}, wait_until_ready=False
    ) as app:
        alive(client, app)
        (said, *_) = errors(app)
        assert f"The folder of the database cannot be written: {place.parent}" in said
        assert "KEYLESS_DATABASE_URL" in said
        page = client.get(f"{app.url}/auth/sign-in", headers={"host": "keyless.example.com"})
        assert page.status_code == httpx2.codes.SERVICE_UNAVAILABLE
        assert str(tmp_path) not in page.text
        (reference,) = re.findall(r"K-[0-9A-F]{8}", page.text)
        assert reference in app.printed()
        assert "canary-secret" not in app.printed()


def test_a_kind_of_database_that_is_unknown_is_said_without_its_password(
    client: httpx2.Client, tmp_path: Path
) -> None:
    url = {"KEYLESS_DATABASE_URL": "mysql://keyless:canary-password@localhost/keyless"}
    with running_app(tmp_path, extra=url, wait_until_ready=False) as app:
        alive(client, app)
        assert "postgresql://user@host/database" in errors(app)[0]
        assert "canary-password" not in app.printed() + client.get(f"{app.url}/auth/sign-in").text


def test_a_certificate_that_cannot_be_used_and_an_unknown_credential_do_not_start(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_text("nothing")
    wrong = {
        **HOSTED,
        "KEYLESS_CLIENT_CERTIFICATE": str(tmp_path / "certificate.pem"),
        "KEYLESS_CALLS_AS": "app",
        "AZURE_TOKEN_CREDENTIALS": "canary-word",
    }
    del wrong["KEYLESS_CLIENT_SECRET"]
    refusal = refused_start(tmp_path, wrong)
    assert refusal.code == 2
    assert "KEYLESS_CLIENT_CERTIFICATE: is no PEM file" in refusal.stderr
    assert "AZURE_TOKEN_CREDENTIALS: holds an unknown word." in refusal.stderr


def test_too_few_open_files_do_not_start(tmp_path: Path) -> None:
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)); "
    start = "os.execv(sys.executable, [sys.executable, 'app.py'])"
    done = subprocess.run(  # noqa: S603 - our own app
        [sys.executable, "-c", limited + start],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "ulimit -n: lets the process open 200 files" in done.stderr
