"""Signing out: a question, an answer that is checked, and the page every tab lands on."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from core.errors import SignInError
from core.web import cookies, html, paths
from core.web.forms import own_form
from core.web.headers import content_security_policy

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.web.doors import Doors, Session
    from core.web.entrance import Entrance

CLEAR: Final = '"cache", "storage"'

_LOG = logging.getLogger(__name__)


class SignOutRoutes:
    """``/auth/sign-out`` and ``/auth/signed-out``."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def ask(self, request: Request) -> Response:
        """The confirmation; it changes nothing."""
        session = (await self._entrance.visitor(request.scope)).session
        if session is None:
            return RedirectResponse(paths.SIGNED_OUT, 303)
        entra = await self._end_session_url(await self._entrance.doors())
        page = html.sign_out(
            username=session.username, form_token=session.form_token, from_microsoft_too=entra is not None
        )
        # Chromium holds the redirect that follows the form to the form's policy.
        policy = content_security_policy(_origin(entra) if entra else "")
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def leave(self, request: Request) -> Response:
        """End the session, here or everywhere; only for a form of ours, sent from a page of ours."""
        session = (await self._entrance.visitor(request.scope)).session
        if session is None:
            # A form on another site comes without the cookie: it must not clear anything either.
            return RedirectResponse(paths.SIGNED_OUT, 303)
        form = await own_form(request, session, self._entrance.origin)
        if form is None:
            return PlainTextResponse("This form is not from here.", 403)
        doors = await self._entrance.doors()
        ended = await asyncio.to_thread(_end, doors, session, everywhere="everywhere" in form)
        self._entrance.watch.ended(ended)
        _LOG.info("signed out; %d sessions ended", len(ended))
        entra = await self._end_session_url(doors) if "microsoft" in form else None
        return self._gone(entra or paths.SIGNED_OUT)

    async def done(self, request: Request) -> Response:
        """The page of a tab whose session is over."""
        visitor = await self._entrance.visitor(request.scope)
        if visitor.session is not None:
            return RedirectResponse(paths.WELCOME, 303)
        response = HTMLResponse(html.signed_out())
        if visitor.is_stale:
            self._clear_cookie(response)
        return response

    def _gone(self, location: str) -> Response:
        response = RedirectResponse(location, 303, headers={"Clear-Site-Data": CLEAR})
        self._clear_cookie(response)
        return response

    def _clear_cookie(self, response: Response) -> None:
        secure = self._entrance.origin.secure
        clearing = cookies.clearing(cookies.session_name(secure=secure), secure=secure)
        response.headers.append("set-cookie", clearing)

    async def _end_session_url(self, doors: Doors) -> str | None:
        if doors.sign_in is None:
            return None
        try:
            return await asyncio.to_thread(
                doors.sign_in.end_session_url, self._entrance.origin.url + paths.SIGNED_OUT
            )
        except SignInError as error:
            _LOG.warning("Entra's own sign-out is not offered: %s", error)
            return None


def _end(doors: Doors, session: Session, *, everywhere: bool) -> list[str]:
    """End one session or all of the person's, with what they started; returns the ids of those that ended."""
    if everywhere:
        ended = {session.id, *doors.sessions.delete_person(session.tenant_id, session.object_id)}
        doors.live.cancel_owner((session.tenant_id, session.object_id))
    else:
        ended = {session.id}
        doors.live.cancel_session(session.id)
    if doors.sign_in is not None and not everywhere:
        doors.sign_in.sign_out(session.id)
        return list(ended)
    doors.sessions.delete(session.id)
    doors.audit.record(
        "sign-out everywhere" if everywhere else "sign-out",
        tenant_id=session.tenant_id,
        object_id=session.object_id,
        session_id=session.id,
    )
    return list(ended)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
