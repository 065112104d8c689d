"""What is logged, and what is cut out of it."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from core.logs import redact, set_up_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
LIBRARIES = ("msal", "msal.token_cache", "azure.identity", "httpx2", "openai", "streamlit.web", "uvicorn.access")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the log goes; every logger is put back afterwards."""
    for name in LIBRARIES:
        logging.getLogger(name)
    root = logging.getLogger()
    loggers = [root, *(known for known in root.manager.loggerDict.values() if isinstance(known, logging.Logger))]
    kept = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    factory = logging.getLogRecordFactory()
    yield io.StringIO()
    logging.setLogRecordFactory(factory)
    for logger, handlers, level, propagate in kept:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def read(stream: io.StringIO) -> list[dict[str, str]]:
    """Each line as the object it is."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail_with_a_secret_in_a_variable() -> None:
    local = "s3cr3t-local"
    raise ValueError(f"{len(local)} {TOKEN}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token {TOKEN} here", "token [removed] here"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [removed]"),
        ("bearer abc.def", "bearer [removed]"),
        ("https://x/y?sig=aB%2F1&se=2", "https://x/y?sig=[removed]&se=2"),
        ("GET /auth/callback?code=0.AAAA&state=xyz HTTP/1.1", "GET /auth/callback?code=[removed]&state=xyz HTTP/1.1"),
        ("{'code': '" + "0.A" * 20 + "'}", "{'code': [removed]}"),
        ('{"password": "hunter two", "user": "a"}', '{"password": [removed], "user": "a"}'),
        ("password=hunter2", "password=[removed]"),
        ("postgresql://me:hunter2@db/keyless", "postgresql://[removed]@db/keyless"),
        ("{'client_secret': 'a b'}", "{'client_secret': [removed]}"),
        ("keyless_session=abc; a=b", "keyless_session=[removed]; a=b"),
        ("__Host-keyless_session=abc; a=b", "__Host-keyless_session=[removed]; a=b"),
        ("refresh_token=0.abc", "refresh_token=[removed]"),
        ("/auth/local?link=abc", "/auth/local?link=[removed]"),
        ("GET /join/vhRt-c_fZ HTTP/1.1", "GET /join/[removed] HTTP/1.1"),
        ("/auth/sign-in?next=%2Fjoin%2FvhRt-c_fZ", "/auth/sign-in?next=%2Fjoin%2F[removed]"),
        ("status code 429, code: DeploymentNotFound", "status code 429, code: DeploymentNotFound"),
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


def test_arguments_extras_and_tracebacks_are_cut_too_and_hold_no_variables(lines: io.StringIO) -> None:
    set_up_logging(lines)
    try:
        fail_with_a_secret_in_a_variable()
    except ValueError:
        logging.getLogger("core").exception("failed with %s", TOKEN, extra={"header": f"Bearer {TOKEN}"})
    assert "Traceback" in read(lines)[0]["error"]
    assert "eyJ" not in lines.getvalue()
    assert "s3cr3t-local" not in lines.getvalue()


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_speak_up_from_warnings_only_and_through_the_same_handler(name: str, lines: io.StringIO) -> None:
    logger = logging.getLogger(name)
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    set_up_logging(lines)
    logger.info("code=%s", "abc")
    logger.warning("code=%s", "abc")
    assert [line["message"] for line in read(lines)] == ["code=[removed]"]


def test_a_handler_that_a_library_adds_later_tells_no_secret_either(lines: io.StringIO) -> None:
    set_up_logging(lines)
    elsewhere = io.StringIO()
    logger = logging.getLogger("streamlit.web")
    logger.addHandler(logging.StreamHandler(elsewhere))
    try:
        fail_with_a_secret_in_a_variable()
    except ValueError:
        logger.exception("failed with %s", TOKEN)
    assert "Traceback" in elsewhere.getvalue()
    assert "eyJ" not in elsewhere.getvalue()


def test_what_breaks_a_page_is_not_quoted_by_streamlit() -> None:
    set_up_logging(io.StringIO())
    assert not logging.getLogger("streamlit.error_util").isEnabledFor(logging.ERROR)
