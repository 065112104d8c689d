"""The gate and its routes on a real port, with a scripted Streamlit and scripted services behind."""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.settings import SignInMode
from core.web.entrance import Entrance
from core.web.gate import Gate
from core.web.routes import routes
from core.web.streamlit_files import folder
from tests.support.laptop import laptop_settings
from tests.support.scripted_doors import TENANT, ScriptedDoors
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from core.settings import Settings

SESSION = "keyless_session"
HOST_SESSION = "__Host-keyless_session"
FORBIDDEN = 403
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here is https: reading the system's certificates for each request would take longer than the request."""
_PATIENCE_SECONDS = 30
FAILURE = b"\xff"
"""The message on which what stands behind the gate fails."""


def web_settings(**changed: Any) -> Settings:  # noqa: ANN401 - any field of the settings
    """Settings of a laptop with Entra sign-in, changed as told."""
    return laptop_settings(**{"tenant_id": TENANT, "client_id": "client", **changed})


@dataclass
class Behind:
    """What got through the gate: headers and messages as Streamlit would see them."""

    requests: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    handshakes: list[list[tuple[str, str]]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    disconnects: list[int] = field(default_factory=list)

    async def page(self, request: Request) -> Response:
        """Answer as Streamlit's files, pages, media and health would, with a cookie and an echo."""
        if request.url.path.startswith("/static/"):
            return FileResponse(folder() / request.url.path[1:])
        self.requests.append((request.url.path, request.headers.items()))
        if request.url.path == "/fails":
            raise ValueError("eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.signature")
        response = JSONResponse({"headers": request.headers.items()})
        response.headers["set-cookie"] = "_streamlit_xsrf=2|a|b|1; Path=/; SameSite=Lax"
        response.headers["cache-control"] = "public"
        return response

    async def websocket(self, websocket: WebSocket) -> None:
        """Echo, as long as the client stays."""
        self.handshakes.append(websocket.headers.items())
        await websocket.accept(subprotocol="streamlit")
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.disconnects.append(message["code"])
                return
            if message["bytes"] == FAILURE:
                raise ValueError("failed as told")
            self.messages.append(message["bytes"])
            await websocket.send_bytes(message["bytes"])


@dataclass
class Front:
    """The served gate with everything around it."""

    url: str
    doors: ScriptedDoors
    entrance: Entrance
    behind: Behind

    @property
    def cookie_name(self) -> str:
        """The session cookie's name here."""
        return HOST_SESSION if self.entrance.settings.public_url else SESSION

    def ask(self, path: str, *, method: str = "GET", cookie: str = "", **given: Any) -> httpx2.Response:  # noqa: ANN401 - as httpx2 takes it
        """One request, with this session cookie if given; redirects are not followed."""
        headers = httpx2.Headers(given.pop("headers", {}))
        if cookie:
            headers["cookie"] = f"{self.cookie_name}={cookie}"
        with httpx2.Client(trust_env=False, verify=_NO_AUTHORITIES, timeout=_PATIENCE_SECONDS) as client:
            return client.request(method, self.url + path, headers=headers, **given)

    @contextlib.contextmanager
    def websocket(
        self,
        cookie: str = "",
        *,
        origin: str | None = "",
        subprotocols: Sequence[str] = ("streamlit", "xsrf"),
        headers: Sequence[tuple[str, str]] = (),
        path: str = "/_stcore/stream",
    ) -> Iterator[ClientConnection]:
        """A tab's websocket; ``origin`` is the page's own unless given, None sends none."""
        sent = [*headers, *([("Cookie", f"{self.cookie_name}={cookie}")] if cookie else [])]
        shown = self.url if origin == "" else origin
        with connect(
            self.url.replace("http", "ws", 1) + path,
            origin=None if shown is None else Origin(shown),
            subprotocols=[Subprotocol(name) for name in subprotocols],
            additional_headers=sent,
            max_size=None,
            proxy=None,
        ) as connection:
            yield connection


@contextlib.contextmanager
def front(doors: ScriptedDoors | None = None, poll_seconds: float | None = None, **changed: Any) -> Iterator[Front]:  # noqa: ANN401 - any field of the settings
    """Serve the gate on a free port of localhost until the block ends.

    Args:
        doors: The scripted services; fresh ones unless given.
        poll_seconds: How often open websockets' sessions are looked up again.
        changed: Settings that differ from a laptop's with Entra sign-in.
    """
    behind, opened = Behind(), doors or ScriptedDoors(is_local=changed.get("sign_in") is SignInMode.LOCAL)

    async def open_doors() -> ScriptedDoors:
        return opened

    entrance = Entrance(web_settings(**changed), open_doors, announce=lambda _link: None)
    if poll_seconds is not None:
        entrance.watch.poll_seconds = poll_seconds
    app = Starlette(
        routes=[
            *routes(entrance),
            WebSocketRoute("/{path:path}", behind.websocket),
            Route("/{path:path}", behind.page, methods=["GET", "HEAD", "POST", "PUT", "DELETE"]),
        ],
        middleware=[Middleware(Gate, entrance=entrance)],
    )
    with serving(app, host="localhost") as url:
        yield Front(url, opened, entrance, behind)
