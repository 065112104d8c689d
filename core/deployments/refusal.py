"""What a service said when it refused, taken out of the many shapes in which it says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from core.deployments.content_filter import NOTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_ODD: Final = re.compile(r"[^A-Za-z0-9_.\[\] -]+")
_STATUS_OF_CODE: Final = {
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
    "content_filter": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "unsupported_parameter": 400,
    "unsupported_value": 400,
    "OperationNotSupported": 400,
    "DeploymentNotFound": 404,
    "PermissionDenied": 401,
}
_SERVER_ERROR: Final = 500
_AUDIENCE: Final = re.compile(r"audience is incorrect \((https://[A-Za-z0-9./_-]{1,100}?)/?\)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal without the vendor's exception.

    ``status`` is the HTTP status, for an error event in mid-stream the one it stands for; ``code``, ``parameter`` and
    ``message`` are "" when missing; ``inner`` is Azure's ``innererror``; ``filters`` are the content filter's notes,
    which Responses have instead; ``is_page`` says that the body was no JSON object. ``message`` is only for hints: it
    is never shown, because it may repeat what was sent.
    """

    status: int
    code: str = ""
    parameter: str = ""
    message: str = ""
    inner: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_page: bool = False
    filters: object = None

    @classmethod
    def read(cls, status: int | None, body: object, headers: Mapping[str, str]) -> Refusal:
        """Take a refusal out of a body: ``{"error": {…}}``, ``{"code": …}``, ``{"statusCode": …}``, or a page."""
        said = body.get("error") or body if isinstance(body, dict) else body
        if not isinstance(said, dict):
            return cls(status or _SERVER_ERROR, headers=headers, is_page=status is not None)
        inner = said.get("innererror")
        code = _words(said.get("code") or said.get("type"))
        return cls(
            status if status is not None else _implied_status(code),
            _words(said.get("code")),
            _words(said.get("param")),
            said["message"] if isinstance(said.get("message"), str) else "",
            inner if isinstance(inner, dict) else {},
            headers,
            filters=said.get(NOTES) or (body.get(NOTES) if isinstance(body, dict) else None),
        )

    @property
    def request_id(self) -> str:
        """Azure's own number of the request, which its support asks for."""
        return _words(self.headers.get("apim-request-id") or self.headers.get("x-request-id"))

    @property
    def audience(self) -> str:
        """The audience that the resource wants tokens for, where it says so, else ""."""
        named = _AUDIENCE.search(self.message)
        return named[1] if named else ""

    @property
    def date(self) -> datetime | None:
        """The service's clock, by its Date header."""
        return date_of(self.headers)

    @property
    def detail(self) -> str:
        """For the log and the support: status, code and numbers; no text of anybody's."""
        code = self.code if self.code != str(self.status) else ""
        facts = [f"HTTP {self.status}", code, f"parameter {self.parameter}" if self.parameter else ""]
        return " ".join(fact for fact in (*facts, numbers_of(self.headers)) if fact)


def numbers_of(headers: Mapping[str, str]) -> str:
    """What Azure's support asks for: the numbers of a request, and the region that answered."""
    numbers = {name: _words(headers.get(name, "")) for name in ("apim-request-id", "x-request-id", "x-ms-region")}
    if numbers["x-request-id"] == numbers["apim-request-id"]:
        del numbers["x-request-id"]
    return " ".join(f"{name}={number}" for name, number in numbers.items() if number)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The sender's clock, by the Date header; None where there is none, or nonsense."""
    return moment_of(headers.get("date", ""))


def moment_of(date: str) -> datetime | None:
    """A date as HTTP writes it; None for nonsense."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _implied_status(code: str) -> int:
    if re.fullmatch(r"[45]\d\d", code):
        return int(code)
    return _STATUS_OF_CODE.get(code, _SERVER_ERROR)


def _words(value: object) -> str:
    """A code or a number as short plain text; anything else that a service may send there is cut away."""
    return _ODD.sub("", str(value))[:100] if isinstance(value, str | int) else ""
