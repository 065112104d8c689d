"""Who may call a resource: keys never, tokens when they are good, and only with the role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from core.emulator import refusals
from core.emulator.entra_refusals import STEP_UP_CLASS
from core.emulator.signing import TokenRejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.emulator.directory import Directory, Resource
    from core.emulator.signing import Signer

AUDIENCES = {"azure-openai": "https://cognitiveservices.azure.com", "foundry": "https://ai.azure.com"}


def identify(headers: Mapping[str, str], resource: Resource, signer: Signer, directory: Directory) -> str:
    """Verify the bearer and return its object id.

    Raises:
        Refused: There is a key, no bearer, one that is not good here, one of another tenant, or one that does not
            say enough about how the person signed in.
    """
    audience = AUDIENCES[resource.kind]
    if "api-key" in headers:
        raise refusals.key_auth_disabled()
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refusals.token_refused(audience)
    try:
        claims = signer.verify(token, audience, resource.tenant_id)
    except TokenRejected as rejected:
        if rejected.reason in {"tenant", "issuer"}:
            tenant = _tenant_of(token)
            if tenant != resource.tenant_id:
                raise refusals.wrong_tenant(tenant) from None
        raise refusals.token_refused(audience) from None
    oid = str(claims.get("oid", ""))
    if directory.demands_step_up(oid) and STEP_UP_CLASS not in claims.get("acrs", ()):
        raise refusals.insufficient_claims()
    return oid


def require_role(oid: str, resource: Resource, directory: Directory, operation: str) -> None:
    """Let only those in who hold the data-plane role.

    Raises:
        Refused: The role is missing; a 401, in the words of the resource's kind.
    """
    if directory.has_role(oid, resource.name):
        return
    if resource.kind == "foundry":
        raise refusals.role_missing_foundry(oid, operation)
    raise refusals.role_missing()


def _tenant_of(token: str) -> str:
    """The tenant a token names; asked only after its signature was found good."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return str(claims.get("tid"))
