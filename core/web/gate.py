"""The gate: pure ASGI in front of Streamlit and of our own routes. What it does not let through does not exist."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from core.errors import KeylessError, new_reference
from core.loopback import is_loopback
from core.web import cookies, html, paths
from core.web.headers import NO_STORE, security_headers
from core.web.paths import Access
from core.web.safe_next import safe_next
from core.web.websocket import SIGNED_OUT_CODE, TRY_LATER, WatchedWebsocket, turn_away

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.web.doors import Session
    from core.web.entrance import Entrance, Visitor

SESSION_HEADER: Final = "X-Keyless-Session"

_FORGEABLE: Final = ("x-keyless-", "x-ms-client-principal", "x-ms-token-")
_XSRF_COOKIE: Final = b"_streamlit_xsrf="
_LOG = logging.getLogger(__name__)


class Gate:
    """Outermost middleware of ``st.App``: ``Middleware(Gate, entrance=...)``.

    Checks the Host, then the path, then the session; strips headers that only the gate may write and injects the
    session's id, which ``server.trustedUserHeaders`` maps into ``st.user``; adds the security headers.
    """

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one websocket, or the lifespan."""
        if scope["type"] == "http":
            await self._guarded_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _guarded_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in any case: a failure becomes a page with a reference, and is logged under it."""
        is_started = False

        async def noting(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        answer = _Answer(scope, self._entrance, noting)
        try:
            await self._http(scope, receive, answer)
        except KeylessError as error:
            _LOG.warning("not served: %s %s", error, error.detail)
            page = html.error(error, again=paths.WELCOME)
            failed: Response = HTMLResponse(page, 503 if error.retryable else 500)
        except ClientDisconnect:
            return  # while it sent its form: nobody is there to be answered
        except Exception:
            reference = new_reference()
            _LOG.exception("request failed (%s)", reference)
            if is_started:
                raise
            failed = PlainTextResponse(f"Something went wrong ({reference}).", 500)
        else:
            return
        if not is_started:
            await failed(scope, receive, answer.send)

    async def _http(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        response = self._refusal(scope, answer.access)
        if response is None:
            answer.visitor = await self._visitor(scope, answer.access)
            response = self._turned_away(scope, answer.access, answer.visitor)
        if response is not None:
            await response(scope, receive, answer.send)
            return
        is_activity = answer.access is not Access.HEALTH and not paths.is_asked_by_itself(scope["path"])
        if answer.visitor is not None and answer.visitor.session is not None and is_activity:
            self._entrance.watch.note_activity(answer.visitor.session.id)
        await self._app(_presenting(scope, answer.visitor), receive, answer.send)

    def _refusal(self, scope: Scope, access: Access) -> Response | None:
        """The answer to a request that comes from, or asks for, the wrong place; None for a right one."""
        entrance = self._entrance
        if entrance.this_computer_only and not _is_from_this_computer(scope):
            return PlainTextResponse("Only this computer is served.", 403)
        entrance.origin.learn(scope)
        if access is Access.PROBE:
            return None
        hosts = _values(scope, b"host")
        if hosts == [entrance.origin.host]:
            return None
        if len(hosts) == 1 and entrance.origin.is_spelled(hosts[0]):
            if access is Access.EMULATOR:
                return None
            return RedirectResponse(entrance.origin.url + _target(scope), 307)
        return PlainTextResponse("This address is not served here.", 403)

    async def _visitor(self, scope: Scope, access: Access) -> Visitor | None:
        """Who asks, where that matters: files of the frontend and the emulator are for everybody."""
        if access in {Access.PAGE, Access.FILE, Access.HOST_CONFIG, Access.HEALTH}:
            return await self._entrance.visitor(scope)
        return None

    def _turned_away(self, scope: Scope, access: Access, visitor: Visitor | None) -> Response | None:
        """The answer to a request that may not go further; None when it may."""
        if access is Access.MALFORMED:
            return PlainTextResponse("Bad Request", 400)
        if access is Access.MISSING or (access is Access.FILE and not self._may_use_file(scope, visitor)):
            return PlainTextResponse("Not Found", 404)
        if visitor is None or visitor.session is not None or access is Access.HEALTH:
            return None
        # A form on a page of ours whose session ended meanwhile: the page is shown again after signing in.
        is_form = scope["method"] == "POST" and scope["path"].startswith(paths.SHOWN)
        if access is Access.PAGE and (scope["method"] in {"GET", "HEAD"} or is_form):
            return RedirectResponse(_door(scope), 303)
        # A tab whose session ended while it was away asks this before it opens its websocket, where it is told.
        if access is Access.HOST_CONFIG and visitor.is_stale:
            return None
        return PlainTextResponse("Not Found", 404)

    def _may_use_file(self, scope: Scope, visitor: Visitor | None) -> bool:
        session = None if visitor is None else visitor.session
        return session is not None and self._entrance.files_told.may_use(session.id, scope["path"])

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        entrance = self._entrance
        try:
            refused = scope["path"] != paths.WEBSOCKET or self._refusal(scope, Access.PAGE) is not None
            refused = refused or _values(scope, b"origin") != [entrance.origin.url]
            visitor = None if refused else await entrance.visitor(scope)
        except KeylessError as error:
            _LOG.warning("websocket not opened: %s", error)
            visitor = None
        if visitor is None or visitor.session is None:
            await receive()
            if visitor is not None and visitor.is_stale and _is_coming_back(scope):
                await turn_away(scope, receive, send, to=paths.SIGNED_OUT, code=SIGNED_OUT_CODE)
            else:
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403
            return
        with entrance.seats.taken(visitor.session) as refusal:
            if refusal is None:
                await self._watched(visitor, visitor.session, scope, receive, send)
                return
        _LOG.warning("tab refused: %s", refusal.title)
        await receive()
        if _is_tab(scope):
            await turn_away(scope, receive, send, to=paths.FULL, code=TRY_LATER)
        else:
            await send({"type": "websocket.close", "code": TRY_LATER})

    async def _watched(self, visitor: Visitor, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            if data := message.get("bytes"):
                self._entrance.files_told.note(session.id, data)
            await send(message)

        watched = WatchedWebsocket(session.id, self._entrance.watch, receive, telling)
        presented = _presenting(scope, visitor)
        presented["headers"] = cookies.without_ours(presented["headers"])
        await watched.run(self._app, presented)


class _Answer:
    """Writes the headers of one answer."""

    def __init__(self, scope: Scope, entrance: Entrance, send: Send) -> None:
        self.access = paths.access(scope["path"], demo=entrance.settings.demo)
        self.visitor: Visitor | None = None
        self._entrance = entrance
        self._is_media = scope["path"].startswith("/media/")
        self._send = send

    async def send(self, message: Message) -> None:
        """Send on, with headers."""
        if message["type"] == "http.response.start":
            message = {**message, "headers": self._headers(list(message.get("headers", [])))}
        await self._send(message)

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        origin = self._entrance.origin
        secure = origin.is_known and origin.secure
        is_known = self.visitor is not None and self.visitor.session is not None
        kept = []
        for name, value in given:
            is_xsrf = name.lower() == b"set-cookie" and value.startswith(_XSRF_COOKIE)
            if is_xsrf and self.access is Access.HEALTH and not is_known:
                continue  # probes get no cookie
            # Streamlit adds Secure only with TLS of its own.
            is_bare = is_xsrf and secure and b"; secure" not in value.lower()
            kept.append((name, value + b"; Secure" if is_bare else value))
        if self.access in {Access.OWN, Access.PROBE, Access.MISSING} or self._is_media:
            kept = [*((name, value) for name, value in kept if name.lower() != NO_STORE[0]), NO_STORE]
        if self.visitor is not None and self.visitor.is_stale and self.access is Access.PAGE:
            clearing = cookies.clearing(cookies.session_name(secure=secure), secure=secure)
            kept.append((b"set-cookie", clearing.encode()))
        present = {name.lower() for name, _ in kept}
        return kept + [line for line in security_headers(secure=secure) if line[0] not in present]


def _presenting(scope: Scope, visitor: Visitor | None) -> dict[str, Any]:
    """The scope as Streamlit and our routes see it: headers only the gate may write, written by the gate."""
    headers = [(name, value) for name, value in scope["headers"] if not _is_forgeable(name)]
    session: Session | None = None if visitor is None else visitor.session
    if session is not None:
        headers.append((SESSION_HEADER.lower().encode(), session.id.encode()))
    return {**scope, "headers": headers}


def _is_forgeable(name: bytes) -> bool:
    return name.decode("latin-1").lower().replace("_", "-").startswith(_FORGEABLE)


def _is_from_this_computer(scope: Scope) -> bool:
    """Whether both ends of the connection are loopback addresses; what has none (a Unix socket) is not."""
    ends = (scope.get("server"), scope.get("client"))
    return all(end is not None and is_loopback(end[0]) for end in ends)


def _is_tab(scope: Scope) -> bool:
    """Whether the frontend of Streamlit asks, which understands where it is sent."""
    return bool(scope["subprotocols"][:1] == ["streamlit"])


def _is_coming_back(scope: Scope) -> bool:
    """Whether a tab asks to go on with a page it had: it names that page's id third."""
    return _is_tab(scope) and len(scope["subprotocols"]) >= 3  # noqa: PLR2004 - see above


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for found, value in scope["headers"] if found.lower() == name]


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return quote(scope["path"], safe="/") + (f"?{quote(query, safe='=&%+')}" if query else "")


def _door(scope: Scope) -> str:
    """Where a signed-out browser goes: from the bare first page to the welcome page, else to sign in and back."""
    query = scope["query_string"].decode("latin-1")
    if scope["path"] == "/" and not query:
        return paths.WELCOME
    return f"{paths.SIGN_IN}?{urlencode({'next': safe_next(scope['path'] + (f'?{query}' if query else ''))})}"
