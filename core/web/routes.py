"""Our own routes, for ``st.App(routes=...)``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from core.web import html, paths
from core.web.health import Health
from core.web.safe_next import safe_next
from core.web.showing import Showing
from core.web.shown_files import ShownFiles
from core.web.sign_in_routes import SignInRoutes
from core.web.sign_out_routes import SignOutRoutes
from core.web.stage_routes import StageRoutes
from core.web.vote_routes import VoteRoutes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from core.web.entrance import Entrance

FAVICON: Final = Path(__file__).with_name("favicon.png")
FULL_SECONDS: Final = 60


def routes(entrance: Entrance) -> list[BaseRoute]:
    """Health, welcome, sign-in, sign-out, the tab's picture, and boards as they are shown to others."""
    health, coming, leaving = Health(entrance), SignInRoutes(entrance), SignOutRoutes(entrance)
    showing, files = Showing(entrance), ShownFiles(entrance.settings.brand)

    async def welcome(request: Request) -> Response:
        next_path = safe_next(request.query_params.get("next"))
        if (await entrance.visitor(request.scope)).session is not None:
            return RedirectResponse(next_path, 303)
        by_link = entrance.local_link is not None
        demo, upstream = entrance.settings.demo, entrance.settings.demo_upstream is not None
        return HTMLResponse(html.welcome(demo=demo, by_link=by_link, upstream=upstream, next_path=next_path))

    async def full(request: Request) -> Response:
        came_from = request.headers.get("referer", "").removeprefix(entrance.origin.url)
        next_path = safe_next(request.query_params.get("next", came_from))
        session = (await entrance.visitor(request.scope)).session
        refusal = None if session is None else entrance.seats.refusal(session)
        if refusal is None:
            return RedirectResponse(next_path, 303)
        again = f"{paths.FULL}?{urlencode({'next': next_path})}"
        page = html.error(refusal, again=again, label="Try again")
        return HTMLResponse(page, 503, headers={"Retry-After": str(FULL_SECONDS)})

    async def favicon(_request: Request) -> Response:
        return FileResponse(FAVICON, headers={"Cache-Control": "public, max-age=86400"})

    return [
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route(paths.WELCOME, welcome),
        Route(paths.FULL, full),
        Route("/favicon.png", favicon),
        Route(paths.SIGN_IN, coming.begin),
        Route(paths.CALLBACK, coming.complete),
        Route(paths.LOCAL, coming.by_link),
        Route(paths.SIGN_OUT, leaving.ask, methods=["GET"]),
        Route(paths.SIGN_OUT, leaving.leave, methods=["POST"]),
        Route(paths.SIGNED_OUT, leaving.done),
        Route(f"{paths.SHOWN_FILES}{{version}}/{{name}}", files.serve),
        *StageRoutes(entrance, showing, files).routes(),
        *VoteRoutes(showing, files).routes(),
    ]
