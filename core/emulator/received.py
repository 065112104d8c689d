"""What reached the emulator, kept so that tests can see who called, how, and whether they stayed to the end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request


@dataclass
class Received:
    """One request.

    Attributes:
        path: Path of the URL, without the query.
        query: The query's parameters.
        headers: Lower-case names; the bearer is replaced by ``sha256:<hex of the token>``.
        body: The parsed body: a JSON object, the fields of a form, or empty.
        at: Emulator time, seconds since the epoch.
        oid: Object id of the caller, once the token was accepted.
        status: HTTP status of the answer, once it was decided.
        closed_early: Whether the caller hung up before the answer had been sent.
    """

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    oid: str | None = None
    status: int | None = None
    closed_early: bool = False


def received(request: Request, body: dict[str, Any], at: float) -> Received:
    """Note a request without the token it carries."""
    headers = dict(request.headers)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if token:
        headers["authorization"] = f"{scheme} sha256:{hashlib.sha256(token.encode()).hexdigest()}"
    return Received(request.url.path, dict(request.query_params), headers, body, at)
