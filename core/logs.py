"""What the process logs: JSON lines, one per event, without secrets.

Prompts, answers, names and tokens are never logged. Should one slip into a message of ours or of a library, what
looks like a secret is cut out here, whichever handler writes the line.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Any, Final

REMOVED: Final = "[removed]"
OURS: Final = ("core", "pages")
TOLD_ELSEWHERE: Final = "streamlit.error_util"
"""Writes the message of whatever breaks a page, which may quote a prompt; pages log class and place instead."""

_NAMED: Final = (
    "password|passwd|pwd|client_secret|client_assertion|code_verifier|access_token|refresh_token|id_token|device_code|"
    "api[-_]key|form_token|keyless_session|keyless_flow_[0-9a-f]+"
)
_VALUE: Final = r"\"[^\"]*\"|'[^']*'|[^\s&\"',;)}]+"
_SECRETS: Final = (
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"),
    re.compile(r"(?i)(?<=\bbearer\s)[^\s\"',;]+"),
    re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"),
    # name=value, name: value, "name": "value"
    re.compile(rf"(?i)(?P<name>\b(?:{_NAMED})[\"']?\s*[=:]\s*)(?:{_VALUE})"),
    # In URLs and forms; "code: DeploymentNotFound" is worth reading, an authorization code is long.
    re.compile(rf"(?i)(?P<name>\b(?:code|sig|link|nonce)=)(?:{_VALUE})"),
    re.compile(r"(?i)(?P<name>\bcode[\"']?\s*:\s*)[\"']?[^\s\"',}]{40,}[\"']?"),
    # A link by which whoever is signed in becomes a member of a board.
    re.compile(r"(?i)(?P<name>(?:/|%2F)join(?:/|%2F))[\w-]+"),
)
_NOT_TOLD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def redact(text: str) -> str:
    """``text`` without what looks like a token, a password, a signature or an authorization code."""
    for secret in _SECRETS:
        text = secret.sub(lambda found: found.groupdict().get("name", "") + REMOVED, text)
    return text


class RedactedRecord(logging.LogRecord):
    """A record that tells no secret, not even in the traceback (plain: without the values of variables)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as logging makes it
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            # Formatters use the text that is there already.
            self.exc_text = redact(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """The message with its arguments."""
        return redact(super().getMessage())


class JsonLines(logging.Formatter):
    """One JSON object a line: ``at`` (UTC), ``level``, ``logger``, ``message``; ``error`` with a traceback.

    Line breaks and control characters are escaped, so a name or a header cannot forge a line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: redact(str(value)) for name, value in vars(record).items() if name not in _NOT_TOLD}
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line, ensure_ascii=True)


def set_up_logging(stream: IO[str] | None = None) -> None:
    """Send everything through one handler: ours from INFO, the libraries' from WARNING.

    Call it again once the server is up: uvicorn and Streamlit give their loggers handlers and levels of their own.
    MSAL at DEBUG would log authorization codes, uvicorn at INFO every address with its query.

    Args:
        stream: Where the lines go; standard error unless given.
    """
    logging.setLogRecordFactory(RedactedRecord)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for logger in [known for known in root.manager.loggerDict.values() if isinstance(known, logging.Logger)]:
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    logging.getLogger(TOLD_ELSEWHERE).setLevel(logging.CRITICAL)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
