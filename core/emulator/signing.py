"""The keys of the made-up tenant: tokens are signed and verified here, with the emulator's own clock and issuer."""

from __future__ import annotations

import json
import secrets
import threading
from typing import TYPE_CHECKING, Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from core.emulator.directory import TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Callable

Reason = Literal["malformed", "signature", "issuer", "tenant", "audience", "expired", "not_yet_valid"]

LEEWAY_SECONDS: Final = 300


class TokenRejected(Exception):
    """A token that the emulator does not accept, and why.

    Attributes:
        reason: The first check that failed.
    """

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


class _Key:
    """One RSA pair with its key id."""

    def __init__(self) -> None:
        self.kid = secrets.token_urlsafe(20)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_jwk(self) -> dict[str, Any]:
        """The public half as JWKS publishes it."""
        jwk: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": "RS256"}


class Signer:
    """Signs and verifies RS256 tokens of the tenant.

    The key pair is made when it is first needed, so that importing and wiring the emulator costs nothing.

    Args:
        authority_host: Host (and port) that issuers name.
        clock: Emulator time, seconds since the epoch.
    """

    def __init__(self, authority_host: str, clock: Callable[[], float]) -> None:
        self.authority_host = authority_host
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: list[_Key] = []

    @property
    def issuer(self) -> str:
        """The issuer of id_tokens and of federated assertions."""
        return self.issuer_of(TENANT_ID)

    @property
    def access_token_issuer(self) -> str:
        """The issuer of access tokens for Azure's own APIs, which still take version 1 tokens."""
        return self.access_token_issuer_of(TENANT_ID)

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""
        return self._current().kid

    def issuer_of(self, tenant_id: str) -> str:
        """The issuer of a tenant's id_tokens."""
        return f"https://{self.authority_host}/{tenant_id}/v2.0"

    def access_token_issuer_of(self, tenant_id: str) -> str:
        """The issuer of a tenant's access tokens for Azure's own APIs."""
        return f"https://{self.authority_host}/{tenant_id}/"

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign the claims as they are; nothing is added."""
        key = self._current()
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

    def verify(self, token: str, audience: str, tenant_id: str = TENANT_ID) -> dict[str, Any]:
        """Check signature, issuer, tenant, audience and times, and return the claims.

        Raises:
            TokenRejected: With the first check that failed.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = next((key for key in self._published() if key.kid == kid), None)
            if key is None:
                raise TokenRejected("signature")
            payload = jwt.api_jws.decode(token, key.private.public_key(), algorithms=["RS256"])
            claims: dict[str, Any] = json.loads(payload)
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            raise TokenRejected("signature") from None
        except (jwt.InvalidTokenError, ValueError):
            raise TokenRejected("malformed") from None
        self._check(claims, audience, tenant_id)
        return claims

    def jwks(self) -> dict[str, Any]:
        """The published public keys: the one that signs, and the one before the last rotation."""
        return {"keys": [key.public_jwk() for key in self._published()]}

    def rotate(self) -> None:
        """Sign with a new key from now on; the key before it stays published, older ones do not."""
        self._current()
        with self._lock:
            self._keys = [_Key(), self._keys[0]]

    def _check(self, claims: dict[str, Any], audience: str, tenant_id: str) -> None:
        now = self._clock()
        if claims.get("iss") not in {self.issuer_of(tenant_id), self.access_token_issuer_of(tenant_id)}:
            raise TokenRejected("issuer")
        if claims.get("tid") != tenant_id:
            raise TokenRejected("tenant")
        if claims.get("aud") != audience:
            raise TokenRejected("audience")
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
            raise TokenRejected("expired")
        if not isinstance(claims.get("nbf", 0), int) or claims.get("nbf", 0) > now + LEEWAY_SECONDS:
            raise TokenRejected("not_yet_valid")

    def _current(self) -> _Key:
        return self._published()[0]

    def _published(self) -> list[_Key]:
        with self._lock:
            if not self._keys:
                self._keys = [_Key()]
            return list(self._keys)
