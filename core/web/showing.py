"""What the stage, the vote and the invitation have in common: boards, who asks, and failures told on a page."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from core.errors import KeylessError, NotAllowed, NotFound
from core.web import html, paths
from core.web.forms import own_form
from core.web.headers import NO_STORE, SHOWN_POLICY, content_security_policy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from core.taglines.desk import Taglines
    from core.web.doors import Session
    from core.web.entrance import Entrance

    Serve = Callable[[Request], Awaitable[Response]]

_JSON: Final = "application/json"
_LOG = logging.getLogger(__name__)


class Guest:
    """A signed-in person at one of these pages, and what they sent."""

    def __init__(self, request: Request, session: Session, boards: Taglines, form: Mapping[str, str]) -> None:
        from core.identity.user import User

        self.session = session
        self.boards = boards
        self.form = form
        self.user = User(session.tenant_id, session.object_id, session.username, session.name)
        self.id = str(request.path_params["id"])


class FormRefused(KeylessError):
    """A form that was not sent from a page of this session."""

    default_title = "This form was not sent from here."
    default_remedy = "Load the page again and try once more."


class Showing:
    """Serves pages to people who are signed in."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def page(self, render: Callable[[Guest], str | Response]) -> Serve:
        """A route that answers with what ``render`` makes, in a thread; HTML unless it is an answer already.

        A failure is told on a page, or as JSON to a script that asks for it.
        """

        async def serve(request: Request) -> Response:
            try:
                guest = await self._guest(request)
                if guest is None:
                    return RedirectResponse(paths.SIGN_IN, 303)
                made = await asyncio.to_thread(render, guest)
            except KeylessError as error:
                _LOG.warning("not shown: %s", error)
                is_asked_by_script = request.headers.get("accept") == _JSON
                made = _data_of(error) if is_asked_by_script else _page_of(error, request.url.path)
            return shown(made)

        return serve

    def data(self, render: Callable[[Guest], Mapping[str, object]]) -> Serve:
        """A route that answers with JSON."""
        return self.page(lambda guest: JSONResponse(dict(render(guest))))

    async def _guest(self, request: Request) -> Guest | None:
        session = (await self._entrance.visitor(request.scope)).session
        if session is None:
            return None
        form: dict[str, str] | None = {}
        if request.method == "POST":
            form = await own_form(request, session, self._entrance.origin)
        if form is None:
            raise FormRefused
        return Guest(request, session, (await self._entrance.doors()).taglines, form)


def shown(made: str | Response) -> Response:
    """An answer that is kept nowhere and can load nothing but our own files."""
    response = HTMLResponse(made) if isinstance(made, str) else made
    response.headers.setdefault("Content-Security-Policy", SHOWN_POLICY)
    response.headers.setdefault(NO_STORE[0].decode(), NO_STORE[1].decode())
    return response


def _page_of(error: KeylessError, path: str) -> Response:
    again, label = paths.BOARDS, "Go to your boards"
    if isinstance(error, FormRefused):
        # The page that the form stands on: its kind and id.
        again, label = "/".join(path.split("/")[:3]), "Load the page again"
    page = html.error(error, again=again, label=label)
    # That page has its style inside.
    return HTMLResponse(page, _status(error), headers={"Content-Security-Policy": content_security_policy()})


def _data_of(error: KeylessError) -> Response:
    return JSONResponse({"title": error.title, "remedy": error.remedy}, _status(error))


def _status(error: KeylessError) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, (NotAllowed, FormRefused)):
        return 403
    return 503 if error.retryable else 400
