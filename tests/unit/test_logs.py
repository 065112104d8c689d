"""What is logged, and what is cut out of it."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from core.logs import QUIET, redact, set_up_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the log goes; all loggers are put back afterwards."""
    root = logging.getLogger()
    names = [*QUIET, "streamlit.web", "uvicorn.error"]
    kept = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
    before = root.handlers, root.level
    stream = io.StringIO()
    yield stream
    root.handlers, level = before[0], before[1]
    root.setLevel(level)
    for name, (old_level, handlers) in kept.items():
        logging.getLogger(name).setLevel(old_level)
        logging.getLogger(name).handlers = handlers


def read(stream: io.StringIO) -> list[dict[str, str]]:
    """Each line as the object it is."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token {TOKEN} here", "token [removed] here"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [removed]"),
        ("bearer abc.def", "bearer [removed]"),
        ("https://x/y?sig=aB%2F1&se=2", "https://x/y?sig=[removed]&se=2"),
        (
            "GET /auth/callback?code=0.AAAA&state=xyz HTTP/1.1",
            "GET /auth/callback?code=[removed]&state=[removed] HTTP/1.1",
        ),
        ('{"password": "hunter two", "user": "a"}', '{"password": [removed], "user": "a"}'),
        ("password=hunter2", "password=[removed]"),
        ("postgresql://me:hunter2@db/keyless", "postgresql://[removed]@db/keyless"),
        ("{'client_secret': 'a b'}", "{'client_secret': [removed]}"),
        ("keyless_session=abc; a=b", "keyless_session=[removed]; a=b"),
        ("refresh_token=0.abc", "refresh_token=[removed]"),
        ("/auth/local?link=abc", "/auth/local?link=[removed]"),
        ("status code 429 for deployment gpt", "status code 429 for deployment gpt"),
        ("AADSTS50105: not assigned (K-7F3A90C2)", "AADSTS50105: not assigned (K-7F3A90C2)"),
    ],
)
def test_what_looks_like_a_secret_is_cut_out(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_an_event_is_one_line_whatever_it_holds(lines: io.StringIO) -> None:
    set_up_logging(lines)
    forged = 'name\r\n{"level":"CRITICAL"}\x1b[31m\u2028'
    logging.getLogger("core.web").info("hello %s", forged, extra={"reference": "K-1\n"})
    (line,) = read(lines)
    assert line["message"] == f"hello {forged}"
    assert (line["level"], line["logger"], line["reference"]) == ("INFO", "core.web", "K-1\n")
    assert "\x1b" not in lines.getvalue()
    assert lines.getvalue().count("\n") == 1


def test_arguments_extras_and_tracebacks_are_cut_too_and_hold_no_locals(lines: io.StringIO) -> None:
    set_up_logging(lines)
    local_secret = "s3cr3t-local"

    def fail() -> None:
        raise ValueError(f"{len(local_secret)} {TOKEN}")

    try:
        fail()
    except ValueError:
        logging.getLogger("core").exception("failed with %s", TOKEN, extra={"header": f"Bearer {TOKEN}"})
    assert "Traceback" in read(lines)[0]["error"]
    assert "eyJ" not in lines.getvalue()
    assert local_secret not in lines.getvalue()


@pytest.mark.parametrize("name", [*QUIET, "msal.token_cache", "azure.identity", "streamlit.web", "uvicorn.error"])
def test_libraries_speak_up_from_warnings_only_and_through_the_same_filter(name: str, lines: io.StringIO) -> None:
    logger = logging.getLogger(name)
    own = logging.StreamHandler(io.StringIO())
    logger.addHandler(own)
    logger.propagate = True
    set_up_logging(lines)
    logger.info("code=%s", "abc")
    logger.debug("code=%s", "abc")
    logger.warning("code=%s", "abc")
    assert [line["message"] for line in read(lines)] == ["code=[removed]"]
    if name.startswith(("streamlit", "uvicorn")):
        assert logger.handlers == []
    logger.removeHandler(own)
