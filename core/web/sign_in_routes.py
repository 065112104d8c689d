"""Signing in: to Entra and back, or by the one-time link of a laptop."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.errors import IdentityProviderDown, KeylessError, SignInError, SignInExpired
from core.web import cookies, html, paths
from core.web.safe_next import HOME, safe_next

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.web.entrance import Entrance

OPEN_ATTEMPTS: Final = 8

_LOG = logging.getLogger(__name__)


class SignInRoutes:
    """``/auth/sign-in``, ``/auth/callback`` and ``/auth/local``."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def begin(self, request: Request) -> Response:
        """Send the browser to Entra, with a cookie that binds the attempt to it."""
        next_path = safe_next(request.query_params.get("next"))
        doors = await self._entrance.doors()
        if doors.sign_in is None:
            return RedirectResponse(paths.WELCOME, 303)
        session = (await self._entrance.visitor(request.scope)).session
        claims = await asyncio.to_thread(doors.claims_asked_for, session.id) if session is not None else ""
        try:
            begun = await asyncio.to_thread(
                doors.sign_in.begin,
                redirect_uri=self._redirect_uri,
                next_path=next_path,
                claims=claims,
                login_hint=session.username if session is not None else "",
                # A challenge is for the person who is here: no need to choose an account.
                prompt="" if claims else "select_account",
            )
        except SignInError as error:
            return self._failed(error, again=_sign_in_for(next_path))
        secure = self._entrance.origin.secure
        response = RedirectResponse(begun.location, 302)
        waiting = cookies.flow_names(request.scope, secure=secure)
        for name in waiting if len(waiting) >= OPEN_ATTEMPTS else ():
            response.headers.append("set-cookie", cookies.clearing(name, secure=secure))
        name = cookies.flow_name(_state(urlsplit(begun.location).query), secure=secure)
        response.headers.append(
            "set-cookie",
            cookies.header(name, begun.flow_cookie, secure=secure, max_age_seconds=cookies.FLOW_SECONDS),
        )
        return response

    async def complete(self, request: Request) -> Response:
        """Take what Entra sent back; a new session and the wanted page, or a page that says why not."""
        secure = self._entrance.origin.secure
        name = cookies.flow_name(_state(request.url.query), secure=secure)
        flow = cookies.values(request.scope, name)
        try:
            response = await self._complete(request, flow[0] if len(flow) == 1 else None)
        except SignInError as error:
            response = self._failed(error, again=_sign_in_for(safe_next(error.next_path)))
        if flow:
            response.headers.append("set-cookie", cookies.clearing(name, secure=secure))
        return response

    async def by_link(self, request: Request) -> Response:
        """Open the app for whoever has the one-time link."""
        link = self._entrance.local_link
        if link is None:
            return Response("Not Found", 404, media_type="text/plain")
        if not link.redeem(request.query_params.get("link", "")):
            return self._failed(
                SignInExpired(
                    "This link can no longer be used.",
                    "Each link works once. Open the newest one that was printed where Keyless was started.",
                ),
                again=paths.WELCOME,
            )
        from core.identity.user import local_user

        doors = await self._entrance.doors()
        person, cookie = local_user(), secrets.token_urlsafe(32)
        old = self._session_cookie(request)
        session = await asyncio.to_thread(
            doors.sessions.create,
            cookie=cookie,
            tenant_id=person.tenant_id,
            object_id=person.object_id,
            username=person.username,
            name=person.name,
            token_cache=None,
            replaces_cookie=old,
        )
        await asyncio.to_thread(
            doors.audit.record,
            "sign-in",
            tenant_id=session.tenant_id,
            object_id=session.object_id,
            session_id=session.id,
        )
        _LOG.info("signed in by link")
        return self._welcomed(cookie, HOME)

    async def _complete(self, request: Request, flow_cookie: str | None) -> Response:
        sign_in = (await self._entrance.doors()).sign_in
        if sign_in is None:
            raise SignInExpired
        completed = await asyncio.to_thread(
            sign_in.complete,
            dict(request.query_params),
            flow_cookie=flow_cookie,
            redirect_uri=self._redirect_uri,
            old_cookie=self._session_cookie(request),
        )
        _LOG.info("signed in through Entra")
        return self._welcomed(completed.cookie, safe_next(completed.next_path))

    def _welcomed(self, cookie: str, next_path: str) -> Response:
        secure = self._entrance.origin.secure
        response = RedirectResponse(next_path, 303)
        name = cookies.session_name(secure=secure)
        response.headers.append("set-cookie", cookies.header(name, cookie, secure=secure))
        return response

    def _failed(self, error: KeylessError, *, again: str) -> Response:
        _LOG.warning("sign-in failed: %s %s %s", type(error).__name__, error.reference, error.detail)
        status = 502 if isinstance(error, IdentityProviderDown) else 400 if isinstance(error, SignInExpired) else 403
        return HTMLResponse(html.error(error, again=again), status)

    def _session_cookie(self, request: Request) -> str | None:
        found = cookies.values(request.scope, cookies.session_name(secure=self._entrance.origin.secure))
        return found[0] if len(found) == 1 and cookies.is_well_formed(found[0]) else None

    @property
    def _redirect_uri(self) -> str:
        return self._entrance.origin.url + paths.CALLBACK


def _sign_in_for(next_path: str) -> str:
    return paths.SIGN_IN if next_path == HOME else f"{paths.SIGN_IN}?{urlencode({'next': next_path})}"


def _state(query: str) -> str:
    """The one ``state`` of a query; "" when there is none, or more than one."""
    states = parse_qs(query).get("state", [])
    return states[0] if len(states) == 1 else ""
