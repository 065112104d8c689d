"""How an application proves who it is at the token endpoint: not at all, by secret, certificate or federation."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core.emulator.entra_refusals import Refusal
from core.emulator.entra_tokens import EXCHANGE
from core.emulator.signing import LEEWAY_SECONDS, TokenRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.emulator.directory import Application, Directory
    from core.emulator.signing import Signer

Proof = Literal["none", "secret", "certificate", "federated"]

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Clients:
    """Checks the applications of the directory.

    Args:
        directory: Knows the applications and their credentials.
        signer: Verifies federated assertions, which the tenant's own managed identities bring.
        clock: Emulator time, seconds since the epoch.
    """

    def __init__(self, directory: Directory, signer: Signer, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._signer = signer
        self._clock = clock

    def authenticate(
        self, form: Mapping[str, str], authorization: str, token_endpoints: frozenset[str]
    ) -> tuple[Application, Proof]:
        """Find the application of a token request and check its credential, if it brought one.

        Args:
            form: The fields of the request.
            authorization: Its ``Authorization`` header, or "".
            token_endpoints: The audiences that a certificate's assertion may name.

        Raises:
            Refusal: Unknown application, or its credential is not accepted.
        """
        basic_id, basic_secret = _basic(authorization)
        client_id, secret = form.get("client_id") or basic_id, form.get("client_secret") or basic_secret
        assertion = form.get("client_assertion", "")
        if not client_id and assertion:
            client_id = str(_unverified(assertion).get("sub", ""))
        if not client_id:
            raise Refusal(900144, "client_id")
        application = self._directory.application(client_id)
        if application is None:
            raise Refusal(700016, client_id)
        if secret:
            if not any(hmac.compare_digest(secret.encode(), known.encode()) for known in application.client_secrets):
                raise Refusal(7000215, client_id)
            return application, "secret"
        if not assertion:
            return application, "none"
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Refusal(900144, "client_assertion_type")
        if _unverified(assertion).get("iss") == self._signer.issuer:
            self._check_federated(application, assertion)
            return application, "federated"
        self._check_certificate(application, assertion, token_endpoints)
        return application, "certificate"

    def _check_federated(self, application: Application, assertion: str) -> None:
        try:
            claims = self._signer.verify(assertion, EXCHANGE)
        except TokenRejected as rejected:
            if rejected.reason == "audience":
                raise Refusal(700212, str(_unverified(assertion).get("aud", ""))) from None
            if rejected.reason in {"expired", "not_yet_valid"}:
                raise Refusal(700024) from None
            raise Refusal(700027, "The key was not found.") from None
        if claims["sub"] not in application.federated_subjects:
            raise Refusal(700213, claims["sub"])

    def _check_certificate(self, application: Application, assertion: str, audiences: frozenset[str]) -> None:
        key = _key_named_by(assertion, application.certificates)
        try:
            # Times are checked below, with the emulator's clock.
            payload = jwt.api_jws.decode(assertion, key, algorithms=["RS256", "PS256"])
            claims = json.loads(payload)
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise Refusal(700027, "The key was found, but use of the key to verify the signature failed.") from None
        if claims.get("sub") != application.client_id or claims.get("iss") != application.client_id:
            raise Refusal(700027, "The issuer and subject must be the application.")
        if claims.get("aud") not in audiences:
            raise Refusal(700027, "The audience must be the token endpoint.")
        now, start, end = self._clock(), claims.get("nbf", 0), claims.get("exp", 0)
        if not (start - LEEWAY_SECONDS <= now < end + LEEWAY_SECONDS):
            raise Refusal(700024)


def _key_named_by(assertion: str, registered: tuple[bytes, ...]) -> RSAPublicKey:
    header = jwt.get_unverified_header(assertion)
    for pem in registered:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
        # Entra still takes the SHA-1 thumbprint that older libraries send; it names the certificate, no more.
        for name, algorithm in (("x5t#S256", hashes.SHA256()), ("x5t", hashes.SHA1())):  # noqa: S303 - see above
            # Libraries differ in whether they keep the padding.
            named = str(header.get(name, "")).rstrip("=")
            if named == _base64url(certificate.fingerprint(algorithm)) and isinstance(key, RSAPublicKey):
                return key
    raise Refusal(700027, "The key was not found.")


def _unverified(assertion: str) -> dict[str, Any]:
    try:
        claims = json.loads(jwt.api_jws.decode(assertion, options={"verify_signature": False}))
    except (jwt.InvalidTokenError, ValueError):
        raise Refusal(50027) from None
    if not isinstance(claims, dict):
        raise Refusal(50027)
    return claims


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
