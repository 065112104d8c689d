"""id_tokens that Entra never sent, each as a mutation for ``Entra.mutate_next_id_token``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.emulator.signing import Signer

    Mutation = Callable[[dict[str, Any]], dict[str, Any] | str]


def changed(**values: object) -> Mutation:
    """Well signed, with some claims changed; a claim given as ``None`` is left out."""

    def mutation(claims: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**claims, **values}.items() if value is not None}

    return mutation


def shifted(seconds: int) -> Mutation:
    """Well signed, with every time moved by ``seconds``."""

    def mutation(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, **{name: claims[name] + seconds for name in ("iat", "nbf", "exp")}}

    return mutation


def unsigned() -> Mutation:
    """``alg: none``."""
    return lambda claims: jwt.encode(claims, "", algorithm="none")


def signed_by_a_stranger(signer: Signer) -> Mutation:
    """Signed by another key under the key id that is published."""
    return lambda claims: _signed(claims, signer.kid)


def signed_by_an_unknown_key() -> Mutation:
    """Signed by another key under a key id that nobody publishes."""
    return lambda claims: _signed(claims, "unknown")


def signed_with_the_public_key(signer: Signer) -> Mutation:
    """HS256, the published modulus taken for a shared secret."""
    modulus = signer.jwks()["keys"][0]["n"]
    return lambda claims: jwt.encode(claims, modulus, algorithm="HS256", headers={"kid": signer.kid})


def replaced_by(text: str) -> Mutation:
    """No token at all."""
    return lambda _claims: text


def _signed(claims: dict[str, Any], kid: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
