"""The check of an id_token. MSAL decodes it and validates nothing (its issue 911); these checks are the sign-in.

Rules: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation and
https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import jwt

from core.errors import IdentityProviderDown, SignInRefused
from core.identity.authority import CLOCK_LEEWAY_SECONDS
from core.identity.entra_connection import EntraUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jwt.algorithms import AllowedPublicKeys

    from core.identity.authority import Authority, EntraHttp

BACKDATED_SECONDS: Final = 300
"""How much earlier than it is Entra says that it is, for hosts whose clock is a little slow."""
REFETCH_SECONDS: Final = 60
TOKEN_LIMIT: Final = 64 * 1024
_ALGORITHM: Final = "RS256"


class IdTokens:
    """Validates the id_tokens of one tenant for one app.

    The tenant's signing keys are kept, and fetched anew when a token does not fit them: at most once a minute, so
    that forged tokens do not become requests to Entra.

    Args:
        authority: The only tenant whose people may sign in.
        client_id: The app the tokens must be for.
        http: Fetches discovery document and keys.
        clock: Our time; Entra's may differ by five minutes.
        monotonic: Seconds between two fetches of the keys.
    """

    def __init__(
        self,
        authority: Authority,
        client_id: str,
        http: EntraHttp,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority = authority
        self._client_id = client_id
        self._http = http
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, AllowedPublicKeys] = {}
        self._fetched_at: float | None = None

    def validate(self, token: object, nonce: str) -> dict[str, Any]:
        """Return the claims of a token that is genuine, ours, current, and an answer to ``nonce``.

        Args:
            token: What the token endpoint gave as id_token.
            nonce: The flow's secret; the token holds its SHA-256 in hex.

        Raises:
            SignInRefused: With the first check that failed in ``detail``.
            IdentityProviderDown: The signing keys could not be fetched.
        """
        if not isinstance(token, str) or not token or len(token) > TOKEN_LIMIT:
            raise _refused("no id_token of a plausible size")
        claims = self._verify_signature(token)
        self._check_addressing(claims)
        self._check_times(claims)
        expected = hashlib.sha256(nonce.encode()).hexdigest()
        if not nonce or not hmac.compare_digest(_text(claims, "nonce").encode(), expected.encode()):
            raise _refused("nonce")
        return claims

    def _verify_signature(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise _refused("not a token") from None
        kid = header.get("kid")
        if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
            raise _refused("algorithm or key id")
        key = self._key(kid)
        try:
            return self._decode(token, key)
        except jwt.InvalidSignatureError:
            # The key may have been replaced under the same id; once a minute that is worth a look.
            newer = self._key(kid, unlike=key)
            if newer is key:
                raise _refused("signature") from None
        except jwt.InvalidTokenError as invalid:
            raise _refused(f"unreadable ({type(invalid).__name__})") from None
        try:
            return self._decode(token, newer)
        except jwt.InvalidTokenError:
            raise _refused("signature") from None

    @staticmethod
    def _decode(token: str, key: AllowedPublicKeys) -> dict[str, Any]:
        # Only the signature here: the claims are checked below, by the clock passed in.
        options: jwt.types.Options = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": False,
            "verify_iss": False,
            "verify_sub": False,
            "verify_jti": False,
        }
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[_ALGORITHM], options=options)
        return claims

    def _check_addressing(self, claims: dict[str, Any]) -> None:
        expected = {"aud": self._client_id, "iss": self._http.issuer(), "tid": self._authority.tenant_id}
        for name, value in expected.items():
            if not value or _text(claims, name) != value:
                raise _refused(name)
        for name in ("oid", "sub"):
            if not _text(claims, name):
                raise _refused(f"no {name}")

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self._clock().timestamp()
        expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
        begins = _time(claims.get("nbf", issued))
        if expires + CLOCK_LEEWAY_SECONDS <= now:
            raise _clock_differs("expired")
        if max(issued, begins) - CLOCK_LEEWAY_SECONDS > now:
            raise _clock_differs("not yet valid")
        if issued + BACKDATED_SECONDS + CLOCK_LEEWAY_SECONDS <= now:
            raise _clock_differs("not issued just now")
        # Back-dated times would hide a clock that is ten minutes slow; the Date header does not.
        if abs(self._http.skew_seconds) > CLOCK_LEEWAY_SECONDS:
            raise _clock_differs(f"clocks differ by {self._http.skew_seconds:.0f} s")

    def _key(self, kid: str, unlike: AllowedPublicKeys | None = None) -> AllowedPublicKeys:
        with self._lock:
            known = self._keys.get(kid)
            is_wanted = known is None or known is unlike
            if is_wanted and (self._fetched_at is None or self._monotonic() - self._fetched_at >= REFETCH_SECONDS):
                self._keys = self._fetch()
                self._fetched_at = self._monotonic()
                known = self._keys.get(kid)
        if known is None:
            raise _refused("signed with a key the tenant does not publish")
        return known

    def _fetch(self) -> dict[str, AllowedPublicKeys]:
        try:
            document = self._http.get(str(self._http.metadata().get("jwks_uri", ""))).json_object()
        except EntraUnavailable as unavailable:
            raise IdentityProviderDown(detail=f"signing keys: {unavailable}") from None
        published = document.get("keys")
        keys: dict[str, AllowedPublicKeys] = {}
        for jwk in published if isinstance(published, list) else []:
            if (
                isinstance(jwk, dict)
                and jwk.get("kty") == "RSA"
                and jwk.get("use", "sig") == "sig"
                and jwk.get("kid")
            ):
                try:
                    keys[str(jwk["kid"])] = jwt.PyJWK(jwk, algorithm=_ALGORITHM).key
                except (jwt.PyJWTError, TypeError, ValueError):
                    continue
        return keys


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused("no exp or iat")
    return value


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _refused(failed_check: str) -> SignInRefused:
    return SignInRefused(detail=f"id_token: {failed_check}")


def _clock_differs(how: str) -> SignInRefused:
    return SignInRefused(
        "Your sign-in could not be verified: this server's clock and Entra's differ by more than five minutes.",
        "Ask whoever runs this app to check the clock of its server, then sign in again.",
        cause="clock-skew",
        detail=f"id_token: {how}",
    )
