"""The access tokens of signed-in people: one locked source per session, renewed silently as long as Entra agrees."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from core.errors import SignInAgain, SignInError, TokenError
from core.identity.access_token import AccessToken, check_token
from core.identity.entra_connection import EntraUnavailable
from core.identity.entra_refusals import entra_is_down, refused_refresh
from core.identity.msal_clients import UNREADABLE, MsalClients, as_bytes, token_cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.identity.authority import Authority, EntraHttp
    from core.identity.msal_clients import MsalClient, TokenCache
    from core.identity.web_app_credential import Credential
    from core.settings import Settings
    from core.storage.sessions import SessionRecord, SessionStore

WORKERS: Final = 16
REMEMBERED_SESSIONS: Final = 2_000
ROUNDS: Final = 4
"""How often a save may lose against another process before a call gives up."""


@dataclass
class _Held:
    """What one process remembers of a session: its lock, its tokens by scope, and the claims Entra asks for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens: dict[str, AccessToken] = field(default_factory=dict)
    claims: str = ""


class SessionTokens:
    """Makes the token source of a session.

    Every token is given only after a look at the session's row: a session that was signed out, here or by another
    process, gives none. MSAL blocks, so it runs in worker threads of its own.

    Args:
        settings: ``client_id``.
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
        self._clients = MsalClients(settings.client_id, authority, http, credential)
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
        with self._lock:
            held = self._held.get(session_id)
        return held.claims if held else ""

    def forget(self, session_id: str) -> None:
        """Drop what is remembered of a session, as when it was signed out."""
        with self._lock:
            self._held.pop(session_id, None)

    def close(self) -> None:
        """End the worker threads; calls under way finish."""
        self._workers.shutdown(wait=True)

    async def token(self, session: SessionRecord, scope: str, *, force_refresh: bool) -> AccessToken:
        """See :meth:`SessionTokenSource.token`."""
        held = self._of(session.id)
        refused = held.tokens.get(scope) if force_refresh else None
        ask = functools.partial(self._token, session, scope, held, refused, force_refresh=force_refresh)
        return await asyncio.get_running_loop().run_in_executor(self._workers, ask)

    def _of(self, session_id: str) -> _Held:
        with self._lock:
            if session_id not in self._held and len(self._held) >= REMEMBERED_SESSIONS:
                self._drop_the_stale()
            return self._held.setdefault(session_id, _Held())

    def _drop_the_stale(self) -> None:
        now = self._clock()
        for session_id, held in list(self._held.items()):
            if not held.lock.locked() and not any(token.is_fresh(now) for token in held.tokens.values()):
                del self._held[session_id]

    def _token(
        self, session: SessionRecord, scope: str, held: _Held, refused: AccessToken | None, *, force_refresh: bool
    ) -> AccessToken:
        if self._sessions.by_id(session.id) is None:
            self.forget(session.id)
            raise _signed_out()
        token = self._remembered(scope, held, refused)
        if token is not None:
            return token
        with held.lock:
            # Whoever waited here finds what the first one fetched.
            token = self._remembered(scope, held, refused)
            if token is None:
                try:
                    token = self._fetch(session, scope, force_refresh=force_refresh)
                except SignInAgain as again:
                    held.claims = again.claims
                    raise
                held.tokens[scope] = token
            return token

    def _remembered(self, scope: str, held: _Held, refused: AccessToken | None) -> AccessToken | None:
        token = held.tokens.get(scope)
        return token if token is not None and token is not refused and token.is_fresh(self._clock()) else None

    def _fetch(self, session: SessionRecord, scope: str, *, force_refresh: bool) -> AccessToken:
        """Ask MSAL, and save its cache unless the session was deleted or another process saved first."""
        refusal: SignInAgain | None = None
        seen_version: int | None = None
        for _ in range(ROUNDS):
            loaded = self._sessions.load_cache(session.id)
            if loaded is None:
                raise _signed_out()
            data, version = loaded
            if refusal is not None and version == seen_version:
                raise refusal
            # A newer version comes from another process, which has just renewed the token.
            force_refresh = force_refresh and seen_version is None
            seen_version = version
            cache = token_cache(data)
            try:
                token = self._ask_msal(session, scope, cache, force_refresh=force_refresh)
            except SignInAgain as refused:
                refusal = refused
                continue
            if not cache.has_state_changed or self._sessions.save_cache(session.id, as_bytes(cache), version):
                return token
        raise refusal or TokenError(retryable=True, detail="the token cache kept changing")

    def _ask_msal(self, session: SessionRecord, scope: str, cache: TokenCache, *, force_refresh: bool) -> AccessToken:
        try:
            client = self._clients.build(cache)
            account = _account_of(client.get_accounts(), session)
            token, is_cached = self._read(client, scope, account, force_refresh=force_refresh)
            if is_cached and not token.is_fresh(self._clock()):
                # MSAL goes by its own clock; ours decides.
                token, _ = self._read(client, scope, account, force_refresh=True)
        except EntraUnavailable as unavailable:
            raise entra_is_down(str(unavailable)) from None
        except SignInError as refused:
            raise TokenError(
                refused.title, refused.remedy, retryable=refused.retryable, detail=refused.detail
            ) from None
        except UNREADABLE as error:
            raise entra_is_down(f"unreadable reply of the token endpoint ({type(error).__name__})") from None
        return token

    def _read(
        self, client: MsalClient, scope: str, account: dict[str, Any], *, force_refresh: bool
    ) -> tuple[AccessToken, bool]:
        result = client.acquire_token_silent_with_error([scope], account, force_refresh=force_refresh)
        if result is None:
            raise SignInAgain(detail="no refresh token")
        if "error" in result:
            raise refused_refresh(result)
        is_cached = result.get("token_source") == "cache"
        # MSAL counts what it remembers from the real time, Entra's answer counts from now.
        now = datetime.now(UTC) if is_cached else self._clock()
        value = result.get("access_token")
        expires_at = now + timedelta(seconds=int(result["expires_in"]))
        return AccessToken(check_token(value if isinstance(value, str) else ""), expires_at), is_cached


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

    async def token(self, scope: str, *, force_refresh: bool = False) -> AccessToken:
        """A token of the person for ``scope``; without network while the last one is good.

        Raises:
            SignInAgain: The session has ended, or only the person can renew it; ``claims`` says what Entra asks for.
            TokenError: Entra does not answer, or the app cannot prove itself.
        """
        return await self.tokens.token(self.session, scope, force_refresh=force_refresh)


def _account_of(accounts: list[dict[str, Any]], session: SessionRecord) -> dict[str, Any]:
    for account in accounts:
        if (account.get("realm"), account.get("local_account_id")) == (session.tenant_id, session.object_id):
            return account
    raise SignInAgain(detail="the token cache holds no account of this person")


def _signed_out() -> SignInAgain:
    return SignInAgain("You are signed out.", "Sign in again.", detail="the session has ended")
