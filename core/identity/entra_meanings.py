"""What the codes of Entra's refusals mean, as title, remedy, cause, and who can act.

Codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import ConsentMissing, IdentityProviderDown, SignInError, SignInRefused
from core.errors.who import DIRECTORY_ADMINISTRATOR, RUNS_THE_APP, YOU


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to tell the person.

    Attributes:
        title: What happened; "" leaves it to ``kind``, and so do ``remedy``, ``cause`` and ``who``.
        remedy: What to do.
        cause: The code by which causes are told apart.
        who: Who can do it.
        kind: The error of a sign-in.
        of_the_app: Nobody can sign in until someone mends the app; a person's own sign-in changes nothing.
    """

    title: str = ""
    remedy: str = ""
    cause: str = ""
    who: str = ""
    kind: type[SignInError] = SignInRefused
    of_the_app: bool = False


CONSENT: Final = Meaning(kind=ConsentMissing)
DECLINED: Final = Meaning(
    "You did not let the app sign you in.",
    "Sign in again and accept what the app asks for.",
    "sign-in-declined",
    YOU,
)
NOT_ASSIGNED: Final = Meaning(
    "Your account is not assigned to this app.",
    "Ask an administrator of your directory to assign you, or a group of yours, to this app, then sign in again.",
    "not-assigned",
    DIRECTORY_ADMINISTRATOR,
)
MULTI_FACTOR: Final = Meaning(
    "Your organisation asks for a second factor.",
    "Sign in again and confirm with your second factor.",
    "interaction-required",
    YOU,
)
CONDITIONAL_ACCESS: Final = Meaning(
    "Your organisation's Conditional Access policy does not allow this sign-in.",
    "Sign in again from a device and network that it allows, or ask an administrator of your directory.",
    "interaction-required",
    DIRECTORY_ADMINISTRATOR,
)
DISABLED: Final = Meaning(
    "Your account is disabled or locked.",
    "Ask an administrator of your directory to enable your account.",
    "account-disabled",
    DIRECTORY_ADMINISTRATOR,
)
PASSWORD: Final = Meaning(
    "Your password has to be renewed.", "Renew your password, then sign in again.", "password-expired", YOU
)
FOREIGN: Final = Meaning(
    "Your account does not belong to the directory of this app.",
    "Sign in with an account of that directory, or ask its administrator to invite you as a guest.",
    "wrong-tenant",
    YOU,
)
INTERACTION: Final = Meaning("Entra wants to see you again.", "Sign in again.", "interaction-required", YOU)
WORN_OUT: Final = Meaning("Your sign-in is no longer valid.", "Sign in again.", "signed-out", YOU)
SECRET_WRONG: Final = Meaning(
    "The app could not prove itself to Entra: its client secret is wrong.",
    "Ask whoever runs this app to set the secret's value (not its ID) from the app registration.",
    "service-principal-secret-wrong",
    RUNS_THE_APP,
    of_the_app=True,
)
SECRET_EXPIRED: Final = Meaning(
    "The app could not prove itself to Entra: its client secret has expired.",
    "Ask whoever runs this app to make a new secret in its registration, or better: to use a managed identity.",
    "service-principal-secret-expired",
    RUNS_THE_APP,
    of_the_app=True,
)
CREDENTIAL: Final = Meaning(
    "The app could not prove itself to Entra.",
    "Ask whoever runs this app to renew its own credential in the app registration.",
    "app-credential-refused",
    RUNS_THE_APP,
    of_the_app=True,
)
UNKNOWN_APP: Final = Meaning(
    "The directory does not know this app.",
    "Ask whoever runs this app to check client id and tenant against the app registration.",
    "app-unknown",
    RUNS_THE_APP,
    of_the_app=True,
)
UNKNOWN_TENANT: Final = Meaning(
    "There is no directory with the configured tenant id.",
    "Ask whoever runs this app to check the tenant and the cloud.",
    "wrong-tenant",
    RUNS_THE_APP,
    of_the_app=True,
)
AUDIENCE: Final = Meaning(
    "The directory does not know what a token was asked for.",
    "Ask whoever runs this app to check the scope of the endpoint.",
    "wrong-audience",
    RUNS_THE_APP,
    of_the_app=True,
)
REGISTRATION: Final = Meaning(
    "The app's registration in Entra does not fit its settings.",
    "Ask whoever runs this app to check client id, tenant, redirect URI, scope and permissions of its registration.",
    "app-registration",
    RUNS_THE_APP,
    of_the_app=True,
)
DOWN: Final = Meaning(kind=IdentityProviderDown)
UNKNOWN: Final = Meaning(
    "Entra refused the sign-in.",
    "Sign in again. If it stays, ask an administrator of your directory.",
    "sign-in-refused",
    DIRECTORY_ADMINISTRATOR,
)

_BY_CODE: Final[dict[int, Meaning]] = {
    **dict.fromkeys((65001, 90093, 90094, 90095, 90097, 650052, 650056, 650057), CONSENT),
    65004: DECLINED,
    50105: NOT_ASSIGNED,
    **dict.fromkeys((50072, 50074, 50076, 50078, 50079, 50158, 500121), MULTI_FACTOR),
    **dict.fromkeys((50005, 50097, 50129, 53000, 53001, 53002, 53003, 53004, 530032, 530035), CONDITIONAL_ACCESS),
    **dict.fromkeys((50053, 50057), DISABLED),
    **dict.fromkeys((50055, 50144), PASSWORD),
    **dict.fromkeys((50020, 50034, 50177, 51004, 90072, 500341), FOREIGN),
    **dict.fromkeys((16000, 16001, 50058, 50132, 50133, 50140, 50173, 70043, 70044), INTERACTION),
    **dict.fromkeys((54005, 70000, 70008, 70020, 700082, 700084, 9002313), WORN_OUT),
    7000215: SECRET_WRONG,
    7000222: SECRET_EXPIRED,
    **dict.fromkeys(
        (50012, 50013, 70021, 70022, 700023, 700024, 700027, 700030, 700211, 700212, 700213, 700222, 7000218),
        CREDENTIAL,
    ),
    700016: UNKNOWN_APP,
    **dict.fromkeys((90002, 50059, 50128), UNKNOWN_TENANT),
    **dict.fromkeys((500011, 70011, 28000), AUDIENCE),
    **dict.fromkeys((50011, 70001, 70003, 70005, 70007, 90023), REGISTRATION),
    **dict.fromkeys((500112, 500113, 700022, 900144, 900971, 9002325), REGISTRATION),
    **dict.fromkeys((50196, 90033, 90043, 90055), DOWN),
}
_BY_SUBERROR: Final[dict[str, Meaning]] = {
    "consent_required": CONSENT,
    "basic_action": INTERACTION,
    "additional_action": INTERACTION,
    "message_only": CONDITIONAL_ACCESS,
    "user_password_expired": PASSWORD,
    "token_expired": WORN_OUT,
    "bad_token": WORN_OUT,
}
_BY_ERROR: Final[dict[str, Meaning]] = {
    "consent_required": CONSENT,
    "interaction_required": INTERACTION,
    "login_required": INTERACTION,
    "invalid_grant": WORN_OUT,
    "invalid_client": CREDENTIAL,
    "unauthorized_client": REGISTRATION,
    "invalid_scope": AUDIENCE,
    "invalid_resource": AUDIENCE,
    "server_error": DOWN,
    "temporarily_unavailable": DOWN,
}


def meaning_of(codes: list[int], *, subcode: str = "", suberror: str = "", error: str = "") -> Meaning:
    """The first that is known, of the AADSTS codes, the suberror, and the OAuth error; never of the wording."""
    for code in codes:
        if code in _BY_CODE:
            return _BY_CODE[code]
    if subcode == "cancel":
        return DECLINED
    return _BY_SUBERROR.get(suberror) or _BY_ERROR.get(error) or UNKNOWN
