"""How Entra says no: the AADSTS codes, their sentences, and the JSON they come in.

Codes and sentences: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import JSONResponse


@dataclass(frozen=True, slots=True)
class _Kind:
    """One code: the OAuth error it comes with at the token endpoint, its sentence, and its suberror."""

    error: str
    sentence: str
    suberror: str = ""
    at_authorize: str = ""


MULTI_FACTOR: Final = 50076
NOT_ASSIGNED: Final = 50105
CONSENT_MISSING: Final = 65001
CLAIMS_CHALLENGE: Final = json.dumps(
    {"access_token": {"capolids": {"essential": True, "values": ["6f0f9d0c-2b1e-4c3d-8a57-1f2e3d4c5b6a"]}}},
    separators=(",", ":"),
)
STEP_UP_CLASS: Final = "c1"
STEP_UP_CHALLENGE: Final = json.dumps(
    {"access_token": {"acrs": {"essential": True, "value": STEP_UP_CLASS}}}, separators=(",", ":")
)
"""What a resource asks for that wants the person to have signed in more strongly (an authentication context)."""

_KINDS: Final[dict[int, _Kind]] = {
    50011: _Kind(
        "invalid_request",
        "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the "
        "application '{1}'. Make sure the redirect URI sent in the request matches one added to your application.",
    ),
    50020: _Kind(
        "invalid_grant",
        "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the "
        "application '{3}' in that tenant. The account needs to be added as an external user in the tenant first.",
    ),
    50057: _Kind("invalid_grant", "The user account is disabled.", at_authorize="access_denied"),
    50058: _Kind(
        "login_required", "Session information is not sufficient for single-sign-on.", at_authorize="login_required"
    ),
    50076: _Kind(
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access '{0}'.",
        "basic_action",
        "interaction_required",
    ),
    50105: _Kind(
        "invalid_grant",
        "Your administrator has configured the application to block users unless they are specifically granted "
        "('assigned') access to the application. The signed in user '{0}' is blocked because they are not a direct "
        "member of a group with access, nor had access directly assigned by an administrator.",
        at_authorize="access_denied",
    ),
    50148: _Kind(
        "invalid_grant",
        "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
    ),
    501481: _Kind(
        "invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request."
    ),
    50149: _Kind("invalid_request", "Invalid Code_Challenge_method parameter."),
    501491: _Kind("invalid_request", "Invalid size of Code_Challenge parameter."),
    50173: _Kind(
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password.",
        "bad_token",
    ),
    53003: _Kind(
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "message_only",
        "access_denied",
    ),
    54005: _Kind(
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
        "refresh token.",
    ),
    65001: _Kind(
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{0}'. Send an interactive "
        "authorization request for this user and resource.",
        "consent_required",
        "consent_required",
    ),
    65004: _Kind("access_denied", "User declined to consent to access the app."),
    70000: _Kind("invalid_grant", "Provided grant is invalid or malformed."),
    70003: _Kind("unsupported_grant_type", "The app requested an unsupported grant type '{0}'."),
    70005: _Kind("unsupported_response_type", "The app returned an unsupported response type '{0}'."),
    70008: _Kind(
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
    ),
    70016: _Kind(
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    70020: _Kind(
        "expired_token", "The provided value for the 'device_code' is not valid. The device code has expired."
    ),
    70011: _Kind(
        "invalid_scope",
        "The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid.",
    ),
    90002: _Kind(
        "invalid_request",
        "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud.",
    ),
    90023: _Kind("invalid_request", "Unsupported 'response_mode' value '{0}'."),
    500011: _Kind(
        "invalid_resource",
        "The resource principal named {0} was not found in the tenant named Contoso. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    500112: _Kind(
        "invalid_client",
        "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
    ),
    50027: _Kind("invalid_request", "JWT token is invalid or malformed."),
    28000: _Kind(
        "invalid_request",
        "Provided value for the input parameter scope is not valid because it contains more than one resource. "
        "Scope {0} is not valid.",
    ),
    700016: _Kind(
        "unauthorized_client",
        "Application with identifier '{0}' was not found in the directory 'Contoso'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700024: _Kind("invalid_client", "Client assertion is not within its valid time range."),
    700027: _Kind(
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        "[Reason - {0}]",
    ),
    700082: _Kind(
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was issued on {0} and was inactive for "
        "90.00:00:00.",
    ),
    700212: _Kind(
        "invalid_client",
        "No matching federated identity record found for presented assertion audience '{0}'.",
    ),
    700213: _Kind(
        "invalid_client",
        "No matching federated identity record found for presented assertion subject '{0}'.",
    ),
    700222: _Kind("invalid_client", "AAD-issued tokens may not be used for federated identity flows: {0}."),
    900144: _Kind("invalid_request", "The request body must contain the following parameter: '{0}'."),
    1002012: _Kind(
        "invalid_scope",
        "The provided value for scope {0} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    7000215: _Kind(
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{0}'.",
    ),
    7000218: _Kind(
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: _Kind(
        "invalid_client",
        "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for "
        "your app, or consider using certificate credentials for added security.",
    ),
    9000411: _Kind("invalid_request", "The request is not properly formatted. The parameter '{0}' is duplicated."),
    9002313: _Kind("invalid_grant", "Invalid request. Request is malformed or invalid."),
    9002325: _Kind(
        "invalid_request",
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    ),
}
_OTHER: Final = _Kind("invalid_grant", "The request was refused.", at_authorize="access_denied")
_WITH_CLAIMS: Final = frozenset({MULTI_FACTOR, 53003})


class Refusal(Exception):
    """Entra says no.

    Args:
        code: The AADSTS number.
        values: What its sentence names.
        claims: The challenge that a sign-in has to answer.
    """

    def __init__(self, code: int, *values: str, claims: str = "") -> None:
        self.code = code
        self._claims = claims or (CLAIMS_CHALLENGE if code in _WITH_CLAIMS else "")
        self._kind = _KINDS.get(code, _OTHER)
        self._sentence = self._kind.sentence.format(*(values or ("",)))
        super().__init__(f"AADSTS{code}")

    @property
    def error_at_authorize(self) -> str:
        """The ``error`` parameter that a redirect back to the app carries."""
        return self._kind.at_authorize or self._kind.error

    def as_json(self, authority_host: str, now: float, correlation_id: str = "") -> dict[str, Any]:
        """The body the token endpoint answers with."""
        trace_id, correlation_id = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        timestamp = as_timestamp(now)
        body: dict[str, Any] = {
            "error": self._kind.error,
            "error_description": f"AADSTS{self.code}: {self._sentence} Trace ID: {trace_id} "
            f"Correlation ID: {correlation_id} Timestamp: {timestamp}",
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://{authority_host}/error?code={self.code}",
        }
        if self._kind.suberror:
            body["suberror"] = self._kind.suberror
        if self._claims:
            body["claims"] = self._claims
        return body

    def response(self, authority_host: str, now: float, correlation_id: str = "") -> JSONResponse:
        """The answer of the token endpoint: 401 where the client could not prove itself, else 400."""
        status = 401 if self._kind.error == "invalid_client" else 400
        return JSONResponse(self.as_json(authority_host, now, correlation_id), status)


def as_timestamp(at: float) -> str:
    """Entra's way to write a time: ``2026-01-31 09:30:00Z``."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"
