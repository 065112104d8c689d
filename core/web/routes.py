"""Our own routes, for ``st.App(routes=...)``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from core.web import html, paths
from core.web.health import Health
from core.web.safe_next import safe_next
from core.web.sign_in_routes import SignInRoutes
from core.web.sign_out_routes import SignOutRoutes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from core.web.entrance import Entrance

FAVICON: Final = Path(__file__).with_name("favicon.png")


def routes(entrance: Entrance) -> list[BaseRoute]:
    """Health, welcome, sign-in, sign-out and the tab's picture."""
    health, coming, leaving = Health(entrance), SignInRoutes(entrance), SignOutRoutes(entrance)

    async def welcome(request: Request) -> Response:
        next_path = safe_next(request.query_params.get("next"))
        if (await entrance.visitor(request.scope)).session is not None:
            return RedirectResponse(next_path, 303)
        by_link = entrance.local_link is not None
        demo, upstream = entrance.settings.demo, entrance.settings.demo_upstream is not None
        return HTMLResponse(html.welcome(demo=demo, by_link=by_link, upstream=upstream, next_path=next_path))

    async def favicon(_request: Request) -> Response:
        return FileResponse(FAVICON, headers={"Cache-Control": "public, max-age=86400"})

    return [
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route(paths.WELCOME, welcome),
        Route("/favicon.png", favicon),
        Route(paths.SIGN_IN, coming.begin),
        Route(paths.CALLBACK, coming.complete),
        Route(paths.LOCAL, coming.by_link),
        Route(paths.SIGN_OUT, leaving.ask, methods=["GET"]),
        Route(paths.SIGN_OUT, leaving.leave, methods=["POST"]),
        Route(paths.SIGNED_OUT, leaving.done),
    ]
