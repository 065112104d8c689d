"""Forms of ours: the fields, and whether they come from a page of ours, of this session."""

from __future__ import annotations

import hmac
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.web.doors import Session
    from core.web.origin import PublicOrigin

FORM_LIMIT_BYTES: Final = 4096
_TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the field's name


def token_field(form_token: str) -> str:
    """The hidden field, as HTML, by which ``own_form`` knows a form of ours."""
    return f'<input type="hidden" name="{_TOKEN_FIELD}" value="{escape(form_token)}">'


async def own_form(request: Request, session: Session, origin: PublicOrigin) -> dict[str, str] | None:
    """The fields of a small form that this session was given; None for one from elsewhere.

    A page of another site could send the form, but has neither our origin nor the session's token.
    """
    fields = await _fields(request)
    is_ours = _is_same(fields.get(_TOKEN_FIELD, ""), session.form_token)
    return fields if is_ours and request.headers.getlist("origin") == [origin.url] else None


def _is_same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


async def _fields(request: Request) -> dict[str, str]:
    """The fields; a large form has none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT_BYTES:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("latin-1"), keep_blank_values=True).items()}
