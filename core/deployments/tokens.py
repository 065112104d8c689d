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
        """What a role is assigned to; "" while unknown."""

    def token(self, scope: str, *, force_refresh: bool = False) -> Awaitable[Token]:
        """A token for ``scope`` that is good now."""


async def bearer(tokens: Tokens, scope: str, *, force_refresh: bool = False) -> str:
    """The bearer to send.

    Raises:
        TokenError: There is none, or one that cannot stand in a header.
        KeylessError: Whatever the source itself says.
    """
    failure = ""
    try:
        value = (await tokens.token(scope, force_refresh=force_refresh)).value
    except KeylessError:
        raise
    except Exception as error:  # noqa: BLE001 - a source's own exception may carry a secret in its text
        failure = type(error).__name__
    if failure:
        raise TokenError(detail=f"the source of tokens failed with {failure}")
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise TokenError(
            "The access token cannot be used: it is empty, or has a character that no header may have.",
            "Sign in again. If it stays, ask your administrator to check the credential behind it.",
        )
    return value
