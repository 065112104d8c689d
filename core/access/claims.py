"""What of an access token may be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from core.identity.access_token import unverified_claims

SHOWN: Final = ("aud", "tid", "oid", "upn", "idtyp", "exp")
_LONGEST: Final = 200


def claims_summary(token: str) -> dict[str, str]:
    """Whom a token is for and whose it is, by its own words: the claims in ``SHOWN`` that it has, as text.

    ``exp`` is in ISO 8601, UTC. A version 2 token's user name stands under ``upn``. {} for an opaque token.
    """
    claims = unverified_claims(token)
    claims.setdefault("upn", claims.get("preferred_username") or claims.get("unique_name"))
    return {name: text for name in SHOWN if (text := _text(name, claims.get(name)))}


def _text(name: str, value: object) -> str:
    if name == "exp":
        return _moment(value)
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value[:_LONGEST] if letter.isprintable())


def _moment(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
