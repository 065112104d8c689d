"""What a call to a deployment is signed with, and where it comes from."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from core.errors import TokenError
from core.errors.who import RUNS_THE_APP

if TYPE_CHECKING:
    from datetime import datetime

TOKEN_LIMIT_BYTES: Final = 64 * 1024
LOOKS_LIKE_A_TOKEN: Final = re.compile(r"eyJ[\w-]{5,}(\.[\w-]*){1,4}")
RENEW_BEFORE: Final = timedelta(minutes=5)
"""How long before its end a token is renewed: a stream that begins now must not outlive it."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token; ``value`` does not print. ``expires_at`` is aware UTC."""

    value: str = field(repr=False)
    expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether a call may begin with it."""
        return self.expires_at - now > RENEW_BEFORE

    @property
    def object_id(self) -> str:
        """Whose it is, by its own words: the object id in the directory it is for; "" when it does not say."""
        claim = unverified_claims(self.value).get("oid")
        return claim if isinstance(claim, str) else ""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as azure-core's credentials give it; ``expires_on`` is in seconds since the epoch."""

    token: str = field(repr=False)
    expires_on: int


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Which token is asked for.

    Attributes:
        scope: What it is for.
        tenant_id: The directory of the resource; "" for the person's own.
        refused: The value of a token that a resource refused, or "": a newer one is asked for. It does not print.
        claims: The claims challenge with which it was refused, or "".
    """

    scope: str
    tenant_id: str = ""
    refused: str = field(default="", repr=False)
    claims: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells one kind of token from another."""
        return self.tenant_id, self.scope


class TokenSource(Protocol):
    """Gives access tokens of one identity.

    ``identity`` is what people see ("called as …"); ``object_id`` is what a role is assigned to, "" while unknown.
    """

    @property
    def identity(self) -> str:
        """A user name, or the name of the app's own identity."""

    @property
    def identity_kind(self) -> Literal["user", "app"]:
        """Whose identity it is."""

    @property
    def object_id(self) -> str:
        """The object id of the person or service principal in its own directory."""

    async def token(self, scope: str, *, tenant_id: str = "", refused: str = "", claims: str = "") -> AccessToken:
        """A token for ``scope``, such as ``https://cognitiveservices.azure.com/.default``.

        Args:
            scope: What the token is for.
            tenant_id: The directory of the resource, when it is not the identity's own.
            refused: The value of a token for this scope that the resource refused; a newer one is given, which may
                have been got for another call meanwhile.
            claims: The claims challenge with which it was refused. When the token that Entra gave in answer to a
                challenge is challenged itself, there is no other.

        Raises:
            TokenError: No token; as ``SignInAgain`` or ``NoCredential`` where that is the way out.
        """


def check_token(value: str) -> str:
    """Return ``value`` if it can stand in an HTTP header; httpx and openai fail late and unclearly on what cannot.

    Raises:
        TokenError: naming the reason, never the token.
    """
    reason = _fault(value)
    if reason:
        raise TokenError(
            f"The access token cannot be used: it {reason}.",
            "Sign in again. If it stays, ask whoever runs this app to check the credential behind it.",
            cause="token-unusable",
            who=RUNS_THE_APP,
            detail=f"access token {reason}",
        )
    return value


def unverified_claims(token: str) -> dict[str, Any]:
    """What an access token says about itself, to show it; {} when it is opaque. Never decide rights by it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _fault(value: str) -> str:
    if not value:
        return "is empty"
    if len(value) > TOKEN_LIMIT_BYTES:
        return f"is longer than {TOKEN_LIMIT_BYTES // 1024} KB"
    if not value.isascii():
        return "holds characters outside ASCII"
    if "\n" in value or "\r" in value:
        return "holds a line break"
    if not value.isprintable() or " " in value:
        return "holds a space or control character"
    return ""
