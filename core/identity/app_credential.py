"""The app's own identity: whichever of managed identity, service principal and Azure CLI answers first."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from core.errors import NoCredential, TokenError
from core.identity.access_token import AccessToken, check_token, unverified_claims
from core.identity.credential_chain import chain, reason_of
from core.identity.entra_refusals import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.identity.credential_chain import Credential, Member
    from core.settings import Settings

WORKERS: Final = 4
FAILURE_SECONDS: Final = 5.0
"""How long a failure of the whole chain is given to whoever asks next, before everything is tried again."""
UNKNOWN_IDENTITY: Final = "the app's own identity"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one credential: it answered, failed, or was left out; ``reason`` says why not."""

    credential: str
    outcome: Literal["answered", "failed", "left out"]
    reason: str = ""


class AppTokens:
    """A token source for the app's own identity; see ``TokenSource``.

    The credentials are asked in order until one answers; that one is asked first from then on. Any failure, a wrong
    secret included, leads on to the next. One thread at a time asks, the others wait for its token.

    Args:
        environ: Says which credentials join; azure-identity itself reads ``os.environ``.
        settings: The authority, and the managed identity where one is named.
        clock: Decides whether a token is still good.
        members: The chain, when it is not to be made of ``environ``.
    """

    identity_kind: Literal["app"] = "app"

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Settings,
        clock: Callable[[], datetime],
        members: Sequence[Member] | None = None,
    ) -> None:
        self._members = list(chain(environ, settings) if members is None else members)
        self._clock = clock
        self._lock = threading.Lock()
        self._credentials: dict[str, Credential] = {}
        self._tokens: dict[str, AccessToken] = {}
        self._winner: Member | None = None
        self._claims: dict[str, Any] = {}
        self._attempts: tuple[Attempt, ...] = ()
        self._failed_at: datetime | None = None
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="app-tokens")

    @property
    def identity(self) -> str:
        """What people see: the winner's label, and the account or app id that its token names."""
        winner, claims = self._winner, self._claims
        if winner is None:
            return UNKNOWN_IDENTITY
        who = next((str(claims[name]) for name in ("upn", "unique_name", "appid", "azp") if claims.get(name)), "")
        return f"{winner.label} ({in_one_line(who)})" if who else winner.label

    @property
    def object_id(self) -> str:
        """The object id in the latest token; "" before the first."""
        return in_one_line(str(self._claims.get("oid", "")))

    @property
    def winner(self) -> str:
        """The name of the credential that answered, such as ``AzureCliCredential``; "" before the first token."""
        winner = self._winner
        return winner.name if winner else ""

    @property
    def attempts(self) -> list[Attempt]:
        """What became of every credential when the chain was last gone through."""
        return list(self._attempts)

    async def token(self, scope: str, *, force_refresh: bool = False) -> AccessToken:
        """A token of the app for ``scope``; without network or process while the last one is good.

        Raises:
            NoCredential: None of the credentials answered; ``detail`` names each and why.
            TokenError: The token cannot be used.
        """
        refused = self._tokens.get(scope) if force_refresh else None
        token = self._remembered(scope, refused)
        if token is not None:
            return token
        return await asyncio.get_running_loop().run_in_executor(self._workers, self._fetch, scope, refused)

    def close(self) -> None:
        """End the worker threads and the connections; calls under way finish."""
        self._workers.shutdown(wait=True)
        self._forget_credentials()

    def _remembered(self, scope: str, refused: AccessToken | None) -> AccessToken | None:
        token = self._tokens.get(scope)
        return token if token is not None and token is not refused and token.is_fresh(self._clock()) else None

    def _fetch(self, scope: str, refused: AccessToken | None) -> AccessToken:
        with self._lock:
            token = self._remembered(scope, refused)
            if token is not None:
                return token
            if refused is not None:
                # Credentials remember tokens too, and would give the refused one again.
                self._forget_credentials()
            elif self._has_just_failed():
                raise self._none_answered()
            token = self._go_through(scope)
            self._tokens[scope] = token
            self._claims = unverified_claims(token.value)
            return token

    def _go_through(self, scope: str) -> AccessToken:
        attempts: dict[str, Attempt] = {}
        for member in sorted(self._members, key=lambda member: member is not self._winner):
            if member.left_out_because:
                attempts[member.name] = Attempt(member.name, "left out", member.left_out_because)
                continue
            try:
                token = self._ask(member, scope)
            except Exception as error:  # noqa: BLE001 - whatever a vendor's credential raises, the next one is asked
                attempts[member.name] = Attempt(member.name, "failed", reason_of(error))
                continue
            attempts[member.name] = Attempt(member.name, "answered")
            self._remember(attempts, member)
            return token
        self._remember(attempts, None)
        raise self._none_answered()

    def _ask(self, member: Member, scope: str) -> AccessToken:
        if member.name not in self._credentials:
            self._credentials[member.name] = member.build()
        given = self._credentials[member.name].get_token(scope)
        audience = str(unverified_claims(given.token).get("aud", ""))
        resource = scope.removesuffix("/.default")
        if "://" in audience and audience.rstrip("/") != resource.rstrip("/"):
            raise TokenError(detail="answered with a token for another resource")
        return AccessToken(check_token(given.token), datetime.fromtimestamp(given.expires_on, UTC))

    def _forget_credentials(self) -> None:
        while self._credentials:
            self._credentials.popitem()[1].close()

    def _remember(self, attempts: dict[str, Attempt], winner: Member | None) -> None:
        self._winner = winner
        self._failed_at = None if winner else self._clock()
        self._attempts = tuple(
            attempts.get(member.name, Attempt(member.name, "left out", "another credential answered first"))
            for member in self._members
        )

    def _has_just_failed(self) -> bool:
        return (
            self._failed_at is not None and 0 <= (self._clock() - self._failed_at).total_seconds() < FAILURE_SECONDS
        )

    def _none_answered(self) -> NoCredential:
        return NoCredential(detail="; ".join(f"{at.credential}: {at.reason}" for at in self._attempts))
