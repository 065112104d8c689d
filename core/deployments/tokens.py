"""What a call needs to know about access tokens; any source of them that has this fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from core.errors import KeylessError, TokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Token(Protocol):
    """An access token."""

    @property
    def value(self) -> str:
        """The bearer itself."""

    @property
    def object_id(self) -> str:
        """Whose it is, in the directory it is for; "" when unknown."""


class Tokens(Protocol):
    """Gives the access tokens of one identity."""

    @property
    def identity(self) -> str:
        """What people know it by."""

    @property
    def identity_kind(self) -> Literal["user", "app"]:
        """A person, or the app itself."""

    @property
    def object_id(self) -> str:
        """What a role is assigned to in its own directory; "" while unknown."""

    def token(self, scope: str, *, tenant_id: str = "", refused: str = "", claims: str = "") -> Awaitable[Token]:
        """A token for ``scope`` in the directory ``tenant_id`` that is good now.

        After the resource refused one: newer than that of the value ``refused``, and meant to answer ``claims``.
        """


async def usable_token(tokens: Tokens, scope: str, *, tenant_id: str, refused: str = "", claims: str = "") -> Token:
    """The token to send.

    Raises:
        TokenError: There is none, or one that cannot stand in a header.
        KeylessError: Whatever the source itself says.
    """
    failure = ""
    try:
        token = await tokens.token(scope, tenant_id=tenant_id, refused=refused, claims=claims)
    except KeylessError:
        raise
    except Exception as error:  # noqa: BLE001 - a source's own exception may carry a secret in its text
        failure = type(error).__name__
    if failure:
        raise TokenError(detail=f"the source of tokens failed with {failure}")
    value = token.value
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise TokenError(
            "The access token cannot be used: it is empty, or has a character that no header may have.",
            "Sign in again. If it stays, ask whoever runs this app to check the credential behind it.",
        )
    return token


async def bearer(tokens: Tokens, scope: str, *, tenant_id: str = "") -> str:
    """The bearer itself; see :func:`usable_token`."""
    return (await usable_token(tokens, scope, tenant_id=tenant_id)).value
