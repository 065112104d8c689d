"""What Entra's refusals mean, in sentences for the person: decided by code and suberror, never by wording.

Codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.errors import ConsentMissing, IdentityProviderDown, SignInAgain, SignInError, SignInRefused, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION_LIMIT: Final = 300
_CODE: Final = re.compile(r"\AAADSTS(\d{4,9}):")
_WORD: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,60}\Z")


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What to tell the person; ``of_the_app``: nobody can sign in until an administrator mends the app."""

    title: str
    remedy: str
    kind: type[SignInError] = SignInRefused
    of_the_app: bool = False


_CONSENT: Final = _Meaning("", "", ConsentMissing)
_DECLINED: Final = _Meaning("You did not let the app sign you in.", "Sign in again and accept what the app asks for.")
_NOT_ASSIGNED: Final = _Meaning(
    "Your account is not assigned to this app.",
    "Ask your administrator to assign you, or a group of yours, to the app in Entra, then sign in again.",
)
_MULTI_FACTOR: Final = _Meaning(
    "Your organisation asks for a second factor.", "Sign in again and confirm with your second factor."
)
_CONDITIONAL_ACCESS: Final = _Meaning(
    "Your organisation's Conditional Access policy does not allow this sign-in.",
    "Sign in again from a device and network that your organisation allows, or ask your administrator.",
)
_DISABLED: Final = _Meaning("Your account is disabled or locked.", "Ask your administrator to enable your account.")
_PASSWORD: Final = _Meaning("Your password has to be renewed.", "Renew your password, then sign in again.")
_FOREIGN: Final = _Meaning(
    "Your account does not belong to the directory of this app.",
    "Sign in with an account of that directory, or ask its administrator to invite you as a guest.",
)
_INTERACTION: Final = _Meaning("Entra wants to see you again.", "Sign in again.")
_WORN_OUT: Final = _Meaning("Your sign-in is no longer valid.", "Sign in again.")
_CREDENTIAL: Final = _Meaning(
    "The app could not prove itself to Entra.",
    "Ask your administrator to renew the app's own credential in its app registration.",
    of_the_app=True,
)
_REGISTRATION: Final = _Meaning(
    "The app's registration in Entra does not fit its settings.",
    "Ask your administrator to check client id, tenant, redirect URI, scope and permissions of the app registration.",
    of_the_app=True,
)
_DOWN: Final = _Meaning("", "", IdentityProviderDown)
_UNKNOWN: Final = _Meaning("Entra refused the sign-in.", "Sign in again. If it stays, tell your administrator.")

_BY_CODE: Final[dict[int, _Meaning]] = {
    **dict.fromkeys((65001, 90093, 90094, 90095, 90097, 650052, 650056, 650057), _CONSENT),
    65004: _DECLINED,
    50105: _NOT_ASSIGNED,
    **dict.fromkeys((50072, 50074, 50076, 50078, 50079, 50158, 500121), _MULTI_FACTOR),
    **dict.fromkeys((50005, 50097, 50129, 53000, 53001, 53002, 53003, 53004, 530032, 530035), _CONDITIONAL_ACCESS),
    **dict.fromkeys((50053, 50057), _DISABLED),
    **dict.fromkeys((50055, 50144), _PASSWORD),
    **dict.fromkeys((50020, 50034, 50177, 51004, 90072, 500341), _FOREIGN),
    **dict.fromkeys((16000, 16001, 50058, 50132, 50133, 50140, 50173, 70043, 70044), _INTERACTION),
    **dict.fromkeys((54005, 70000, 70008, 700082, 700084, 9002313), _WORN_OUT),
    **dict.fromkeys(
        (50012, 50013, 70021, 70022, 700023, 700024, 700027, 700030, 700211, 700212, 700213, 700222), _CREDENTIAL
    ),
    **dict.fromkeys((7000215, 7000218, 7000222), _CREDENTIAL),
    **dict.fromkeys((50011, 50059, 50128, 70001, 70003, 70005, 70007, 70011, 90002, 90023), _REGISTRATION),
    **dict.fromkeys((500011, 500112, 500113, 700016, 700022, 900144, 900971, 9002325, 28000), _REGISTRATION),
    **dict.fromkeys((50196, 90033, 90043, 90055), _DOWN),
}
_BY_SUBERROR: Final[dict[str, _Meaning]] = {
    "consent_required": _CONSENT,
    "basic_action": _INTERACTION,
    "additional_action": _INTERACTION,
    "message_only": _CONDITIONAL_ACCESS,
    "user_password_expired": _PASSWORD,
    "token_expired": _WORN_OUT,
    "bad_token": _WORN_OUT,
}
_BY_ERROR: Final[dict[str, _Meaning]] = {
    "consent_required": _CONSENT,
    "interaction_required": _INTERACTION,
    "login_required": _INTERACTION,
    "invalid_grant": _WORN_OUT,
    "invalid_client": _CREDENTIAL,
    "unauthorized_client": _REGISTRATION,
    "invalid_scope": _REGISTRATION,
    "invalid_resource": _REGISTRATION,
    "server_error": _DOWN,
    "temporarily_unavailable": _DOWN,
}


def refused_sign_in(error: Mapping[str, Any]) -> SignInError:
    """The error a person meets when Entra refused to sign them in.

    Args:
        error: The parameters of an error callback, or the JSON of the token endpoint's refusal.
    """
    meaning, detail = _meaning(error), _detail(error)
    return meaning.kind(meaning.title, meaning.remedy, detail=detail)


def refused_refresh(error: Mapping[str, Any]) -> TokenError:
    """The error of a token that could not be renewed silently; the ``claims`` Entra asks for are kept.

    Signing in again is the way out, unless Entra is down or the app itself is at fault.
    """
    meaning, detail = _meaning(error), _detail(error)
    if meaning.kind is IdentityProviderDown:
        return entra_is_down(detail)
    if meaning.of_the_app:
        return TokenError(meaning.title, meaning.remedy, detail=detail)
    claims = error.get("claims")
    if meaning.kind is ConsentMissing:
        missing = ConsentMissing
        return SignInAgain(missing.default_title, missing.default_remedy, claims=_text(claims), detail=detail)
    return SignInAgain(meaning.title, meaning.remedy, claims=_text(claims), detail=detail)


def entra_is_down(detail: str) -> TokenError:
    """The error of a token that could not be renewed because Entra does not answer."""
    return TokenError(
        IdentityProviderDown.default_title,
        "Wait a moment and try again. If it stays, tell your administrator.",
        retryable=True,
        detail=detail,
    )


def in_one_line(text: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """``text`` cut to ``limit`` characters, with a space for everything that does not print."""
    cut = text[: limit * 2]
    return "".join(letter if letter.isprintable() else " " for letter in cut)[:limit].strip()


def _meaning(error: Mapping[str, Any]) -> _Meaning:
    for code in _codes(error):
        if code in _BY_CODE:
            return _BY_CODE[code]
    if error.get("error_subcode") == "cancel":
        return _DECLINED
    suberror, kind = _text(error.get("suberror")), _text(error.get("error"))
    return _BY_SUBERROR.get(suberror) or _BY_ERROR.get(kind) or _UNKNOWN


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
