"""What the process logs: JSON lines, one per event, without secrets.

Prompts, answers, names and tokens are never logged. Should one slip into a message of ours or of a library, what
looks like a secret is cut out here.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Final

REMOVED: Final = "[removed]"

QUIET: Final = ("msal", "azure", "httpx2", "httpcore2", "openai", "urllib3", "asyncio", "streamlit", "uvicorn")
"""Libraries of which only warnings are wanted. MSAL at DEBUG logs authorization codes and PKCE verifiers, and at
ERROR the whole body of a token reply that is no JSON."""

_NAMES: Final = (
    "password|passwd|pwd|client_secret|client_assertion|code|code_verifier|access_token|refresh_token|id_token|"
    "device_code|api[-_]key|sig|form_token|link|state|nonce|keyless_session|keyless_flow_[0-9a-f]+"
)
_SECRETS: Final = (
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"),
    re.compile(r"(?i)(?<=\bbearer\s)[^\s\"',;]+"),
    re.compile(r"(?i)(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"),
    # name=value, name: value, "name": "value"
    re.compile(
        rf"(?i)\b(?P<name>{_NAMES})(?P<between>[\"']?\s*[=:]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s&\"',;)}}]+)"
    ),
)
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """``text`` without what looks like a token, a password, a signature or an authorization code."""
    for secret in _SECRETS:
        text = secret.sub(lambda found: _kept(found) + REMOVED, text)
    return text


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
            "message": redact(record.getMessage()),
        }
        line |= {name: redact(str(value)) for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


def set_up_logging(stream: IO[str] | None = None) -> None:
    """Send everything through one handler; ours from INFO, the libraries' from WARNING.

    Args:
        stream: Where the lines go; standard error unless given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Streamlit and uvicorn give each logger a handler of its own and keep its lines to themselves.
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] in {"streamlit", "uvicorn"}]:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


def _kept(found: re.Match[str]) -> str:
    parts = found.groupdict()
    return f"{parts['name']}{parts['between']}" if parts else ""
