"""The access tokens of signed-in people: one locked source per session, renewed silently as long as Entra agrees."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from core.errors import SignInAgain, TokenError
from core.identity.access_token import TokenRequest
from core.identity.entra_meanings import INTERACTION
from core.identity.msal_clients import as_bytes, token_cache
from core.identity.remembered import Remembered
from core.identity.silent_renewal import SilentRenewal
from core.storage.sessions import IDLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.identity.access_token import AccessToken
    from core.identity.authority import Authority, EntraHttp
    from core.identity.web_app_credential import Credential
    from core.settings import Settings
    from core.storage.sessions import SessionRecord, SessionStore

WORKERS: Final = 16
REMEMBERED_SESSIONS: Final = 2_000
ROUNDS: Final = 4
"""How often a save may lose against another process before a call gives up."""


class Horizon(NamedTuple):
    """Until when calls need nobody: ``token_expires_at`` is None while no token is held."""

    token_expires_at: datetime | None
    session_expires_at: datetime


@dataclass
class _Held:
    """What one process remembers of a session.

    Attributes:
        lock: One thread at a time asks Entra.
        remembered: The tokens.
        refusals: The kinds that Entra would not renew without the person, with the claims it asks for, or "".
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    remembered: Remembered = field(default_factory=Remembered)
    refusals: dict[tuple[str, str], str] = field(default_factory=dict)


class SessionTokens:
    """Makes the token source of a session.

    Every token is given only after a look at the session's row: a session that was signed out, here or by another
    process, gives none. MSAL blocks, so it runs in worker threads of its own.

    Args:
        settings: ``client_id``, and ``scope`` for the horizon.
        authority: The people's tenant.
        http: Speaks to Entra.
        credential: What the web app proves itself with.
        sessions: Holds the sealed token caches.
        clock: Decides whether a token is still good.
    """

    def __init__(  # noqa: PLR0913 - each is named by the composition root
        self,
        settings: Settings,
        authority: Authority,
        http: EntraHttp,
        credential: Credential,
        *,
        sessions: SessionStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._usual = TokenRequest(settings.scope)
        self._renewal = SilentRenewal(settings, authority, http, credential, clock)
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="session-tokens")

    def source(self, session: SessionRecord) -> SessionTokenSource:
        """The token source of a session; cheap, so ask for it whenever a call begins."""
        return SessionTokenSource(self, session)

    def claims_asked_for(self, session_id: str) -> str:
        """The claims challenge that the next sign-in of this session has to answer, or ""."""
        return self._sessions.challenge(session_id)

    def horizon(self, session: SessionRecord) -> Horizon:
        """When the person's token for the usual scope ends, and when the session does if nobody uses it.

        Raises:
            SignInAgain: The session has ended.
        """
        record = self._sessions.by_id(session.id)
        if record is None:
            raise _signed_out()
        token = self._of(session.id).remembered.tokens.get(self._usual.key)
        return Horizon(token.expires_at if token else None, min(record.expires_at, record.seen_at + IDLE))

    def needs_person_within(self, session: SessionRecord, seconds: float) -> bool:
        """Whether calls that go on for so long will need a sign-in before they end, as far as is known now.

        Tokens are renewed without the person until Entra refuses to.

        Raises:
            SignInAgain: The session has ended.
        """
        end = self._clock() + timedelta(seconds=seconds)
        token_expires_at, session_expires_at = self.horizon(session)
        token_ends = token_expires_at is None or token_expires_at <= end
        is_refused = bool(self._of(session.id).refusals or self._sessions.challenge(session.id))
        return session_expires_at <= end or (is_refused and token_ends)

    def forget(self, session_id: str) -> None:
        """Drop what is remembered of a session, as when it was signed out."""
        with self._lock:
            self._held.pop(session_id, None)

    def close(self) -> None:
        """End the worker threads; calls under way finish."""
        self._workers.shutdown(wait=True)

    async def token(
        self, session: SessionRecord, scope: str, *, tenant_id: str, refused: str, claims: str
    ) -> AccessToken:
        """See :meth:`SessionTokenSource.token`."""
        elsewhere = "" if tenant_id == session.tenant_id else tenant_id
        held = self._of(session.id)
        request = held.remembered.informed(TokenRequest(scope, elsewhere, refused, claims if refused else ""))
        ask = functools.partial(self._token, session, held, request)
        return await asyncio.get_running_loop().run_in_executor(self._workers, ask)

    def _of(self, session_id: str) -> _Held:
        with self._lock:
            if session_id not in self._held and len(self._held) >= REMEMBERED_SESSIONS:
                self._drop_the_stale()
            return self._held.setdefault(session_id, _Held())

    def _drop_the_stale(self) -> None:
        now = self._clock()
        for session_id, held in list(self._held.items()):
            if not held.lock.locked() and not any(token.is_fresh(now) for token in held.remembered.tokens.values()):
                del self._held[session_id]

    def _token(self, session: SessionRecord, held: _Held, request: TokenRequest) -> AccessToken:
        if self._sessions.by_id(session.id) is None:
            self.forget(session.id)
            raise _signed_out()
        token = held.remembered.fitting(request, self._clock())
        if token is not None:
            return token
        with held.lock:
            # Whoever waited here finds what the first one fetched.
            return held.remembered.fitting(request, self._clock()) or self._renew(session, held, request)

    def _renew(self, session: SessionRecord, held: _Held, request: TokenRequest) -> AccessToken:
        try:
            if held.remembered.is_challenged_again(request):
                raise _asked_again(request.claims)
            token, is_cached = self._fetch(session, request)
        except SignInAgain as again:
            held.refusals[request.key] = claims = again.claims or request.claims
            if claims:
                # Not only remembered here: the sign-in that answers it may reach another process.
                self._sessions.keep_challenge(session.id, claims)
            raise
        if held.refusals.pop(request.key, ""):
            others = next((claims for claims in held.refusals.values() if claims), "")
            self._sessions.keep_challenge(session.id, others)
        held.remembered.keep(request, token, is_answer=bool(request.claims) and not is_cached)
        return token

    def _fetch(self, session: SessionRecord, request: TokenRequest) -> tuple[AccessToken, bool]:
        """Ask MSAL, and save its cache unless the session was deleted or another process saved first.

        The next round finds what the other process saved, so that a token which it renewed is not renewed again.
        """
        refusal: SignInAgain | None = None
        seen_version: int | None = None
        for _ in range(ROUNDS):
            loaded = self._sessions.load_cache(session.id)
            if loaded is None:
                raise _signed_out()
            data, version = loaded
            if refusal is not None and version == seen_version:
                raise refusal
            seen_version = version
            cache = token_cache(data)
            try:
                token, is_cached = self._renewal.ask(session, cache, request)
            except SignInAgain as refused:
                refusal = refused
                continue
            if not cache.has_state_changed or self._sessions.save_cache(session.id, as_bytes(cache), version):
                return token, is_cached
        raise refusal or TokenError(retryable=True, cause="token-cache-busy", detail="the token cache kept changing")


@dataclass(frozen=True, slots=True)
class SessionTokenSource:
    """The token source of one session; see ``TokenSource``."""

    tokens: SessionTokens
    session: SessionRecord
    identity_kind: Literal["user"] = "user"

    @property
    def identity(self) -> str:
        """The person's user name."""
        return self.session.username

    @property
    def object_id(self) -> str:
        """The person's object id."""
        return self.session.object_id

    async def token(self, scope: str, *, tenant_id: str = "", refused: str = "", claims: str = "") -> AccessToken:
        """A token of the person for ``scope``; without network while the last one is good.

        One sign-in gives tokens of every directory in which the person is a guest. A claims challenge is first
        answered without the person; the next one has to be answered by signing in, and is kept for that.

        Raises:
            SignInAgain: The session has ended, or only the person can renew it; ``claims`` says what Entra asks for.
            TokenError: Entra does not answer, the app cannot prove itself, or another directory refuses the person.
        """
        return await self.tokens.token(self.session, scope, tenant_id=tenant_id, refused=refused, claims=claims)


def _asked_again(claims: str) -> SignInAgain:
    return SignInAgain(
        INTERACTION.title,
        INTERACTION.remedy,
        claims=claims,
        who=INTERACTION.who,
        cause=INTERACTION.cause,
        detail="the resource asks for more than a renewed token says",
    )


def _signed_out() -> SignInAgain:
    return SignInAgain("You are signed out.", "Sign in again.", detail="the session has ended")
