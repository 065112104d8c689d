"""The emulator as a whole: who reaches it, and how it is started alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from core.emulator.directory import TENANT_ID
from core.emulator.emulator import is_loopback

ROOT = Path(__file__).parents[3]
DISCOVERY = f"/entra/{TENANT_ID}/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8501"])
def test_loopback_names_are_served(emulator_url: str, host: str) -> None:
    assert is_loopback(host)
    assert httpx2.get(emulator_url + DISCOVERY, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "169.254.169.254",
        "10.0.0.1:8501",
        "localhost:80:80",
        "localhost@evil.example",
        "::1",
        "localhost:",
    ],
)
def test_every_other_name_finds_nothing(emulator_url: str, host: str) -> None:
    assert not is_loopback(host)
    answer = httpx2.get(emulator_url + DISCOVERY, headers={"Host": host})
    assert answer.status_code in {400, 404}
    assert "issuer" not in answer.text


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", "::"])  # noqa: S104 - refused here
def test_alone_it_refuses_to_listen_where_others_could_reach_it(host: str) -> None:
    command = [sys.executable, "-m", "core.emulator", "--port", "8600", "--host", host]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own module
    assert ended.returncode == 2
    assert "is not a loopback address" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_alone_it_says_where_everything_is_and_serves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "core.emulator", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603 - our own module
        try:
            assert process.stdout is not None
            told: dict[str, str] = {}
            for line in process.stdout:
                name, _, value = line.strip().partition("=")
                told[name] = value
                if line.startswith("Azure OpenAI"):
                    break
            with httpx2.Client(transport=httpx2.HTTPTransport(retries=8)) as client:
                answer = client.get(
                    told["IDENTITY_ENDPOINT"],
                    params={"resource": "https://cognitiveservices.azure.com", "api-version": "2019-08-01"},
                    headers={"X-IDENTITY-HEADER": told["IDENTITY_HEADER"]},
                )
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read() if process.stdout else None
    assert answer.status_code == 200
    assert process.returncode in {0, -signal.SIGINT, 128 + signal.SIGINT}
