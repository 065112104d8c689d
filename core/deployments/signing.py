"""The token that the requests of one call are sent with: for which audience, and renewed when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.clouds import CLOUDS
from core.deployments.challenge import claims_asked
from core.deployments.given_catalogue import PROJECT_SCOPE
from core.deployments.sentences import NO_ROLE
from core.deployments.tokens import usable_token

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from core.deployments.client import Clients
    from core.deployments.deployment import Endpoint
    from core.deployments.refusal import Refusal
    from core.deployments.tokens import Tokens

_KNOWN_SCOPES: Final = frozenset({PROJECT_SCOPE, *(cloud.scope for cloud in CLOUDS.values())})
_UNAUTHORISED: Final = 401
_MOST_CHALLENGES: Final = 3
"""Of the token at hand, of one that was got meanwhile for another reason, and of the one that answers a challenge."""


class Signing:
    """Gives the client of every attempt. ``object_id`` is who calls, in the resource's directory; "" if unknown."""

    def __init__(self, clients: Clients, endpoint: Endpoint, tokens: Tokens) -> None:
        self._clients = clients
        self._endpoint = endpoint
        self._tokens = tokens
        self._scope = clients.scopes.get(endpoint.url, endpoint.scope)
        self._sent = ""
        self._refused = ""
        self._may_renew = True
        self._claims = ""
        self._challenges = 0
        self.object_id = tokens.object_id

    async def client(self, api_version: str | None) -> AsyncOpenAI:
        """The client of the next attempt; ``None`` is the v1 API.

        Raises:
            TokenError: There is no token.
        """
        token = await usable_token(
            self._tokens,
            self._scope,
            tenant_id=self._endpoint.tenant,
            refused=self._refused,
            claims=self._claims,
        )
        self._sent = token.value
        self.object_id = token.object_id or self.object_id
        return self._clients.for_token(self._endpoint, token.value, api_version=api_version)

    @staticmethod
    def is_refused(refusal: Refusal) -> bool:
        """Whether it is the token that was refused, and not its owner."""
        return refusal.status == _UNAUTHORISED and refusal.code != NO_ROLE

    def renew(self, refusal: Refusal) -> str | None:
        """After a refused token: another one for the next attempt; what to tell of it, or None: no use to try again.

        Once, and for the audience that the refusal names if that is one of Azure OpenAI's. A claims challenge is
        handed to the source of tokens, which may answer it without the person; when its answer is challenged too, it
        says that it cannot.
        """
        self._refused = self._sent
        self._claims = claims_asked(refusal.headers.get("www-authenticate", ""))
        if self._claims:
            self._challenges += 1
            return "" if self._challenges <= _MOST_CHALLENGES else None
        if not self._may_renew:
            return None
        self._may_renew = False
        scope = f"{refusal.audience}/.default"
        if scope == self._scope or scope not in _KNOWN_SCOPES:
            return ""
        self._scope = scope
        # For this audience none was refused yet.
        self._refused = ""
        return f"The endpoint wants tokens for {refusal.audience}; such a one was sent instead."

    def accepted(self) -> None:
        """The token was taken: later calls ask for this audience at once."""
        if self._scope != self._endpoint.scope:
            self._clients.scopes[self._endpoint.url] = self._scope
