"""The app's own identity: whichever of managed identity, service principal and Azure CLI answers first."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from core.errors import NoCredential, TokenError
from core.errors.who import DIRECTORY_ADMINISTRATOR, RUNS_THE_APP
from core.identity.access_token import AccessToken, TokenRequest, check_token, unverified_claims
from core.identity.bounded import Bounded
from core.identity.credential_chain import chain
from core.identity.credential_failures import WAITING, Explanation, explain, reason_of
from core.identity.entra_refusals import in_one_line
from core.identity.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.identity.authority import EntraHttp
    from core.identity.credential_chain import Credential, Member
    from core.settings import Settings

WORKERS: Final = 4
FAILURE_SECONDS: Final = 5.0
"""How long a failure of the whole chain is given to whoever asks next, before everything is tried again."""
UNKNOWN_IDENTITY: Final = "the app's own identity"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one credential.

    Attributes:
        credential: Its name, such as ``AzureCliCredential``.
        outcome: It answered, failed, or was left out.
        reason: Why not, in one line for whoever runs the app.
        why: What to tell people about it when it failed.
    """

    credential: str
    outcome: Literal["answered", "failed", "left out"]
    reason: str = ""
    why: Explanation | None = None

    @property
    def cause(self) -> str:
        """The code of what is behind a failure, such as ``az-not-logged-in``, or ""."""
        return self.why.cause if self.why else ""


class AppTokens:
    """A token source for the app's own identity; see ``TokenSource``.

    The credentials are asked in order until one answers; that one is asked first from then on. Any failure, a wrong
    secret included, leads on to the next. One thread at a time asks, the others wait for its token.

    Args:
        environ: Says which credentials join; azure-identity itself reads ``os.environ``.
        settings: The authority, and the managed identity where one is named.
        clock: Decides whether a token is still good.
        http: Speaks to Entra for device codes, which are left out without it.
        members: The chain, when it is not to be made of ``environ``.
    """

    identity_kind: Literal["app"] = "app"

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        http: EntraHttp | None = None,
        members: Sequence[Member] | None = None,
    ) -> None:
        self._members = list(chain(environ, settings, http) if members is None else members)
        self._tenant_id = settings.tenant_id
        self._clock = clock
        self._lock = threading.Lock()
        self._bounded = {member.name: Bounded(member.seconds) for member in self._members}
        self._credentials: dict[str, Credential] = {}
        self._remembered = Remembered()
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
        """The object id in the latest token for the own directory; "" before the first."""
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

    async def token(self, scope: str, *, tenant_id: str = "", refused: str = "", claims: str = "") -> AccessToken:
        """A token of the app for ``scope``; without network or process while the last one is good.

        Raises:
            NoCredential: None of the credentials answered; ``detail`` names each and why.
            TokenError: The token cannot be used, or a resource asks for what the app cannot prove.
        """
        elsewhere = "" if tenant_id == self._tenant_id else tenant_id
        request = self._remembered.informed(TokenRequest(scope, elsewhere, refused, claims if refused else ""))
        token = self._remembered.fitting(request, self._clock())
        if token is not None:
            return token
        return await asyncio.get_running_loop().run_in_executor(self._workers, self._fetch, request)

    def close(self) -> None:
        """End the worker threads and the connections; calls under way finish."""
        self._workers.shutdown(wait=True)
        self._forget_credentials()

    def _fetch(self, request: TokenRequest) -> AccessToken:
        with self._lock:
            token = self._remembered.fitting(request, self._clock())
            if token is not None:
                return token
            if self._remembered.is_challenged_again(request):
                raise _more_than_an_app_can_prove()
            if request.refused and not request.claims:
                # Credentials remember tokens too, and would give the refused one again.
                self._forget_credentials()
            elif self._has_just_failed():
                raise self._none_answered()
            token = self._go_through(request)
            self._remembered.keep(request, token, is_answer=bool(request.claims))
            if not request.tenant_id:
                self._claims = unverified_claims(token.value)
            return token

    def _go_through(self, request: TokenRequest) -> AccessToken:
        attempts: dict[str, Attempt] = {}
        for member in sorted(self._members, key=lambda member: member is not self._winner):
            if member.left_out_because:
                attempts[member.name] = Attempt(member.name, "left out", member.left_out_because)
                continue
            try:
                token = self._ask(member, request)
            except Exception as error:  # noqa: BLE001 - whatever a vendor's credential raises, the next one is asked
                tenant_id = request.tenant_id or self._tenant_id
                why = explain(member.name, error, tenant_id=tenant_id, claims=request.claims)
                attempts[member.name] = Attempt(member.name, "failed", reason_of(error), why)
                continue
            attempts[member.name] = Attempt(member.name, "answered")
            self._remember(attempts, member)
            return token
        self._remember(attempts, None)
        raise self._none_answered()

    def _ask(self, member: Member, request: TokenRequest) -> AccessToken:
        if member.name not in self._credentials:
            self._credentials[member.name] = member.build()
        get_token = self._credentials[member.name].get_token
        given = self._bounded[member.name].run(
            lambda: get_token(request.scope, tenant_id=request.tenant_id, claims=request.claims)
        )
        audience = str(unverified_claims(given.token).get("aud", ""))
        resource = request.scope.removesuffix("/.default")
        if "://" in audience and audience.rstrip("/") != resource.rstrip("/"):
            raise TokenError(
                "The credential gave a token for another resource.",
                "Ask whoever runs this app what answers in its place.",
                cause="wrong-audience",
                who=RUNS_THE_APP,
                detail="answered with a token for another resource",
            )
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
        """Told by the credential that waits for a person, if one does, else by the first that failed."""
        failed = [attempt.why for attempt in self._attempts if attempt.why is not None]
        told = next((why for why in failed if why.cause == WAITING), failed[0] if failed else None)
        detail = "; ".join(f"{at.credential}: {at.reason}" for at in self._attempts)
        if told is None:
            return NoCredential(detail=detail)
        title = f"The app has no identity that answers: {told.title[0].lower()}{told.title[1:]}"
        return NoCredential(
            told.title if told.cause == WAITING else title,
            told.remedy,
            command=told.command,
            who=told.who,
            cause=told.cause,
            detail=detail,
        )


def _more_than_an_app_can_prove() -> TokenError:
    return TokenError(
        "The resource asks for more than the app's own identity can prove.",
        "Ask an administrator of your directory which Conditional Access policy applies to the app's identity.",
        cause="interaction-required",
        who=DIRECTORY_ADMINISTRATOR,
        detail="the resource asks for more than a renewed token says",
    )
