"""Signing in and out: authorization code with PKCE, and the session that comes of it. Every method may block."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from core.errors import IdentityProviderDown, SignInError, SignInExpired, SignInRefused, TokenError
from core.identity.access_token import check_token
from core.identity.entra_connection import EntraUnavailable
from core.identity.entra_refusals import in_one_line, refused_sign_in
from core.identity.id_token import IdTokens
from core.identity.msal_clients import UNREADABLE, MsalClients, as_bytes, token_cache
from core.settings import CallsAs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from core.identity.authority import Authority, EntraHttp
    from core.identity.web_app_credential import Credential
    from core.settings import Settings
    from core.storage.audit import AuditLog
    from core.storage.sessions import FlowStore, SessionRecord, SessionStore, StoredFlow

logger = logging.getLogger(__name__)

COOKIE_BYTES: Final = 32
SHOWN_NAME_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the cookie that binds the attempt to it."""

    location: str
    flow_cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Completed:
    """The new session, the cookie that stands for it, and where the person wanted to go."""

    cookie: str = field(repr=False)
    record: SessionRecord
    next_path: str


class SignIn:
    """The authorization-code flow through Entra.

    Args:
        settings: ``client_id``, and ``scope`` and ``calls_as``: the person's own token is asked for only when
            deployments are called with it.
        authority: The one tenant whose people may sign in.
        http: Speaks to Entra.
        credential: What the web app proves itself with.
        flows: Attempts that have begun: single use, ten minutes.
        sessions: Where the session goes.
        audit: Every sign-in, refusal and sign-out.
        clock: Our time.
    """

    def __init__(  # noqa: PLR0913 - each is named by the composition root
        self,
        settings: Settings,
        authority: Authority,
        http: EntraHttp,
        credential: Credential,
        *,
        flows: FlowStore,
        sessions: SessionStore,
        audit: AuditLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._with_token = settings.calls_as is CallsAs.USER
        self._scopes = [settings.scope] if self._with_token else []
        self._authority = authority
        self._consent_url = authority.consent_url(settings.client_id)
        self._http = http
        self._clients = MsalClients(settings.client_id, authority, http, credential)
        self._id_tokens = IdTokens(authority, settings.client_id, http, clock)
        self._flows = flows
        self._sessions = sessions
        self._audit = audit

    def begin(
        self,
        *,
        redirect_uri: str,
        next_path: str,
        claims: str = "",
        login_hint: str = "",
        prompt: str = "select_account",
    ) -> Begun:
        """Start an attempt.

        Args:
            redirect_uri: The app's own callback by its public URL, never by the request.
            next_path: Where the person goes afterwards; already known to be a page of the app.
            claims: The challenge Entra gave when it refused to renew a token, or "".
            login_hint: The user name to offer, or "".
            prompt: OpenID Connect's ``prompt``; "" for none.

        Raises:
            SignInError: Entra does not answer, or does not know the tenant.
        """
        client = self._clients.build(token_cache(), with_refresh_token=self._with_token)
        # MSAL would rather have form_post; a cross-site POST would come without the SameSite=Lax flow cookie.
        warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning)
        flow = client.initiate_auth_code_flow(
            self._scopes,
            redirect_uri=redirect_uri,
            response_mode="query",
            prompt=prompt or None,
            login_hint=login_hint or None,
            claims_challenge=claims or None,
        )
        cookie = secrets.token_urlsafe(COOKIE_BYTES)
        self._flows.put(cookie=cookie, flow=json.dumps(flow).encode(), next_path=next_path)
        return Begun(location=flow["auth_uri"], flow_cookie=cookie)

    def complete(
        self, query: Mapping[str, str], *, flow_cookie: str | None, redirect_uri: str, old_cookie: str | None
    ) -> Completed:
        """Finish the attempt that belongs to ``flow_cookie`` and make a session; nothing is kept if a check fails.

        Args:
            query: The parameters of the callback.
            flow_cookie: What :meth:`begin` gave this browser.
            redirect_uri: The app's own callback, as in :meth:`begin`.
            old_cookie: The browser's session cookie; its session ends.

        Raises:
            SignInError: With the sentence for the person. It has been written to the audit log.
        """
        stored = self._flows.take(flow_cookie) if flow_cookie else None
        try:
            return self._complete(query, stored, redirect_uri, old_cookie)
        except SignInError as refusal:
            refusal.next_path = stored.next_path if stored else refusal.next_path
            logger.info("sign-in refused: %s %s", refusal.reference, refusal.detail)
            self._audit.record(
                "sign-in refused",
                tenant_id=self._authority.tenant_id,
                detail=f"{type(refusal).__name__}: {refusal.detail}",
                reference=refusal.reference,
            )
            raise

    def sign_out(self, session_id: str) -> None:
        """End a session: its row and its tokens are gone. A session that is not there is signed out already."""
        record = self._sessions.by_id(session_id)
        if self._sessions.delete(session_id) and record is not None:
            self._audit.record(
                "sign-out", tenant_id=record.tenant_id, object_id=record.object_id, session_id=session_id
            )

    def end_session_url(self, post_logout_redirect_uri: str) -> str | None:
        """Where the browser also signs out of Entra; None while Entra does not answer."""
        try:
            endpoint = self._http.metadata().get("end_session_endpoint")
        except SignInError:
            return None
        if not isinstance(endpoint, str):
            return None
        return f"{endpoint}?{urlencode({'post_logout_redirect_uri': post_logout_redirect_uri})}"

    def _complete(
        self, query: Mapping[str, str], stored: StoredFlow | None, redirect_uri: str, old_cookie: str | None
    ) -> Completed:
        if stored is None:
            raise SignInExpired(detail="no such flow")
        flow: dict[str, Any] = json.loads(stored.flow)
        if not hmac.compare_digest(query.get("state", "").encode(), flow["state"].encode()):
            raise SignInExpired(detail="state")
        if flow["redirect_uri"] != redirect_uri:
            raise SignInExpired(detail="redirect URI")
        if "error" in query:
            raise refused_sign_in(query, consent_url=self._consent_url)
        if not query.get("code"):
            raise SignInRefused(detail="neither code nor error")
        tokens, cache = self._redeem(flow, query["code"])
        claims = self._id_tokens.validate(tokens.get("id_token"), flow["nonce"])
        if self._with_token:
            _require_usable(tokens.get("access_token"))
        cookie = secrets.token_urlsafe(COOKIE_BYTES)
        username = _shown(claims.get("preferred_username")) or claims["oid"]
        record = self._sessions.create(
            cookie=cookie,
            tenant_id=claims["tid"],
            object_id=claims["oid"],
            username=username,
            name=_shown(claims.get("name")) or username,
            roles=_roles(claims),
            token_cache=cache if self._with_token else None,
            replaces_cookie=old_cookie,
        )
        self._audit.record(
            "sign-in",
            tenant_id=record.tenant_id,
            object_id=record.object_id,
            session_id=record.id,
            detail="too many groups to list: none counts" if "_claim_names" in claims else "",
        )
        return Completed(cookie=cookie, record=record, next_path=stored.next_path)

    def _redeem(self, flow: dict[str, Any], code: str) -> tuple[dict[str, Any], bytes]:
        # A cache of its own: MSAL fills it before anything has been checked.
        scratch = token_cache()
        try:
            client = self._clients.build(scratch, with_refresh_token=self._with_token)
            tokens = client.acquire_token_by_auth_code_flow(flow, {"code": code, "state": flow["state"]})
        except EntraUnavailable as unavailable:
            raise IdentityProviderDown(detail=str(unavailable)) from None
        except TokenError as no_credential:
            raise SignInError(
                no_credential.title,
                no_credential.remedy,
                cause=no_credential.cause,
                who=no_credential.who,
                detail=no_credential.detail,
            ) from None
        except UNREADABLE as error:
            raise SignInRefused(detail=f"unreadable reply of the token endpoint ({type(error).__name__})") from None
        if "error" in tokens:
            raise refused_sign_in(tokens, consent_url=self._consent_url)
        return tokens, as_bytes(scratch)


def _require_usable(token: object) -> None:
    try:
        check_token(token if isinstance(token, str) else "")
    except TokenError as unusable:
        raise SignInRefused(cause=unusable.cause, detail=unusable.detail) from None


def _shown(value: object) -> str:
    return in_one_line(value, SHOWN_NAME_LIMIT) if isinstance(value, str) else ""


def _roles(claims: Mapping[str, Any]) -> tuple[str, ...]:
    # Groups give no rights: a person in many has none of them in the token, only a pointer to a list.
    roles = claims.get("roles")
    return tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else ()
