"""Entra's refusals as errors with a sentence for the person: decided by code and suberror, never by wording."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from core.errors import ConsentMissing, IdentityProviderDown, SignInAgain, SignInError, TokenError
from core.errors.who import DIRECTORY_ADMINISTRATOR
from core.identity.entra_meanings import (
    CONDITIONAL_ACCESS,
    FOREIGN,
    INTERACTION,
    MULTI_FACTOR,
    UNKNOWN_APP,
    WORN_OUT,
    Meaning,
    meaning_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION_LIMIT: Final = 300
_CODE: Final = re.compile(r"\AAADSTS(\d{4,9}):")
_WORD: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,60}\Z")

_CURED_BY_SIGNING_IN: Final = (MULTI_FACTOR, CONDITIONAL_ACCESS, INTERACTION, WORN_OUT)
"""What another directory's refusal may be cured of by signing in to the own one again."""
_NO_GUEST: Final = Meaning(
    "Your account is not known in the directory that this resource belongs to.",
    "Ask an administrator of that directory to invite you as a guest, or choose another deployment.",
    "wrong-tenant",
    "An administrator of the resource's directory",
)


def refused_sign_in(error: Mapping[str, Any], *, consent_url: str = "") -> SignInError:
    """The error a person meets when Entra refused to sign them in.

    Args:
        error: The parameters of an error callback, or the JSON of the token endpoint's refusal.
        consent_url: Where an administrator of the directory approves the app.
    """
    meaning = _meaning(error)
    return meaning.kind(
        meaning.title,
        meaning.remedy,
        cause=meaning.cause,
        who=meaning.who,
        command=consent_url if meaning.kind is ConsentMissing else "",
        detail=_detail(error),
    )


def refused_refresh(
    error: Mapping[str, Any], *, consent_url: str = "", of_another_directory: bool = False
) -> TokenError:
    """The error of a token that could not be got silently; the ``claims`` Entra asks for are kept.

    Signing in again is the way out, unless Entra is down, the app itself is at fault, or the directory of a resource
    does not know person or app.

    Args:
        error: The JSON of the token endpoint's refusal.
        consent_url: Where an administrator of the directory approves the app.
        of_another_directory: The token was for a directory that is not the person's own.
    """
    meaning, detail = _meaning(error), _detail(error)
    if meaning.kind is IdentityProviderDown:
        return entra_is_down(detail)
    if of_another_directory and meaning not in _CURED_BY_SIGNING_IN:
        return _refused_elsewhere(meaning, consent_url, detail)
    if meaning.of_the_app:
        return TokenError(meaning.title, meaning.remedy, cause=meaning.cause, who=meaning.who, detail=detail)
    claims = _text(error.get("claims"))
    if meaning.kind is ConsentMissing:
        return SignInAgain(
            ConsentMissing.default_title,
            ConsentMissing.default_remedy,
            claims=claims,
            command=consent_url,
            who=ConsentMissing.default_who,
            cause=ConsentMissing.default_cause,
            detail=detail,
        )
    return SignInAgain(
        meaning.title, meaning.remedy, claims=claims, who=meaning.who, cause=meaning.cause, detail=detail
    )


def entra_is_down(detail: str) -> TokenError:
    """The error of a token that could not be renewed because Entra does not answer."""
    return TokenError(
        IdentityProviderDown.default_title,
        "Wait a moment and try again. If it stays, tell whoever runs this app.",
        retryable=True,
        who=IdentityProviderDown.default_who,
        cause=IdentityProviderDown.default_cause,
        detail=detail,
    )


def in_one_line(text: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """``text`` cut to ``limit`` characters, with a space for everything that does not print."""
    cut = text[: limit * 2]
    return "".join(letter if letter.isprintable() else " " for letter in cut)[:limit].strip()


def _refused_elsewhere(meaning: Meaning, consent_url: str, detail: str) -> TokenError:
    if meaning.kind is ConsentMissing or meaning is UNKNOWN_APP:
        return TokenError(
            "The directory that this resource belongs to has not approved this app.",
            "Ask an administrator of that directory to open the address below and accept, or choose another "
            "deployment.",
            command=consent_url,
            who="An administrator of the resource's directory",
            cause=ConsentMissing.default_cause,
            detail=detail,
        )
    told = _NO_GUEST if meaning is FOREIGN else meaning
    return TokenError(
        told.title, told.remedy, cause=told.cause, who=told.who or DIRECTORY_ADMINISTRATOR, detail=detail
    )


def _meaning(error: Mapping[str, Any]) -> Meaning:
    return meaning_of(
        _codes(error),
        subcode=_text(error.get("error_subcode")),
        suberror=_text(error.get("suberror")),
        error=_text(error.get("error")),
    )


def _codes(error: Mapping[str, Any]) -> list[int]:
    listed = error.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    # An error callback has no list; there the description begins with the code.
    described = _CODE.match(_text(error.get("error_description")))
    return codes or ([int(described[1])] if described else [])


def _detail(error: Mapping[str, Any]) -> str:
    kind = _text(error.get("error"))
    named = [kind if _WORD.match(kind) else "error", *(f"AADSTS{code}" for code in _codes(error)[:3])]
    description = in_one_line(_text(error.get("error_description")))
    return " ".join(named) + (f": {description}" if description else "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
