"""What the tenant's tokens say, and which scopes lead to which audience."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from core.emulator.directory import TENANT_ID
from core.emulator.entra_refusals import STEP_UP_CLASS, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.emulator.directory import Person
    from core.emulator.signing import Signer

    Mutation = Callable[[dict[str, Any]], dict[str, Any] | str]

EXCHANGE: Final = "api://AzureADTokenExchange"
GRAPH: Final = "https://graph.microsoft.com"
AUDIENCES: Final = (
    "https://cognitiveservices.azure.com",
    "https://ai.azure.com",
    "https://management.azure.com",
    GRAPH,
    EXCHANGE,
)
OPENID_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
# Entra dates tokens back, so that hosts whose clock is a little slow accept them at once.
BACKDATED_SECONDS: Final = 300


def audience_of(scopes: list[str]) -> str:
    """The one API that the scopes are for; Microsoft Graph when they name none.

    Raises:
        Refusal: A scope is malformed, of an unknown API, or of a second one.
    """
    named = {_api_of(scope) for scope in scopes if scope not in OPENID_SCOPES}
    if len(named) > 1:
        raise Refusal(28000, " ".join(scopes))
    audience = named.pop() if named else GRAPH
    if audience not in AUDIENCES:
        raise Refusal(500011, audience)
    return audience


def _api_of(scope: str) -> str:
    api, slash, permission = scope.rpartition("/")
    if slash and "://" in api and permission:
        return api
    if "/" in scope or ":" in scope:
        raise Refusal(70011, scope)
    return GRAPH


class Mint:
    """Makes the tenant's tokens.

    Args:
        signer: Signs them.
        clock: Emulator time, seconds since the epoch.

    Attributes:
        lifetime_seconds: How long id_tokens and access tokens live from now on; managed identities have their own.
    """

    def __init__(self, signer: Signer, clock: Callable[[], float]) -> None:
        self.lifetime_seconds = 3_600
        self._signer = signer
        self._clock = clock
        self._mutations: deque[Mutation] = deque()

    def mutate_next_id_token(self, mutation: Mutation) -> None:
        """Let ``mutation`` change the claims of the next id_token, or replace the whole token by returning text."""
        self._mutations.append(mutation)

    def id_token(self, person: Person, client_id: str, nonce: str, tenant_id: str = TENANT_ID) -> str:
        """A version 2 id_token."""
        claims: dict[str, Any] = {
            **self._envelope(self._signer.issuer_of(tenant_id), client_id, self.lifetime_seconds, tenant_id),
            "name": person.name,
            "oid": person.object_id,
            "preferred_username": person.username,
            "sub": _pairwise(person.object_id, client_id),
            "ver": "2.0",
        }
        if person.roles:
            claims["roles"] = list(person.roles)
        if nonce:
            claims["nonce"] = nonce
        changed = self._mutations.popleft()(claims) if self._mutations else claims
        return changed if isinstance(changed, str) else self._signer.sign(changed)

    def access_token_for_person(
        self,
        person: Person,
        client_id: str,
        audience: str,
        tenant_id: str = TENANT_ID,
        *,
        has_stepped_up: bool = False,
    ) -> str:
        """An access token with which the application calls ``audience`` for the person."""
        issuer = self._signer.access_token_issuer_of(tenant_id)
        return self._signer.sign(
            {
                **self._envelope(issuer, audience, self.lifetime_seconds, tenant_id),
                **({"acrs": [STEP_UP_CLASS]} if has_stepped_up else {}),
                "appid": client_id,
                "idtyp": "user",
                "name": person.name,
                "oid": person.object_id,
                "scp": "user_impersonation",
                "sub": _pairwise(person.object_id, audience),
                "unique_name": person.username,
                "upn": person.username,
                "ver": "1.0",
            }
        )

    def access_token_for_itself(
        self, client_id: str, object_id: str, audience: str, seconds: int = 0, tenant_id: str = TENANT_ID
    ) -> str:
        """An access token for an application or managed identity; ``seconds`` replaces the usual lifetime."""
        signer = self._signer
        issuer = signer.issuer if audience == EXCHANGE else signer.access_token_issuer_of(tenant_id)
        return signer.sign(
            {
                **self._envelope(issuer, audience, seconds or self.lifetime_seconds, tenant_id),
                "appid": client_id,
                "idtyp": "app",
                "oid": object_id,
                "sub": object_id,
                "ver": "1.0",
            }
        )

    def _envelope(self, issuer: str, audience: str, seconds: int, tenant_id: str) -> dict[str, Any]:
        now = int(self._clock())
        return {
            "aud": audience,
            "iss": issuer,
            "iat": now - BACKDATED_SECONDS,
            "nbf": now - BACKDATED_SECONDS,
            "exp": now + seconds,
            "tid": tenant_id,
            "uti": secrets.token_urlsafe(16),
        }


def client_info(person: Person) -> str:
    """Which account a token response is about, as MSAL reads it."""
    text = json.dumps({"uid": person.object_id, "utid": TENANT_ID}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _pairwise(object_id: str, audience: str) -> str:
    digest = hashlib.sha256(f"{object_id}|{audience}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
