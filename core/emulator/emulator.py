"""The emulator as one object: a tenant, its sign-in, its managed identity and two Azure OpenAI resources."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Router

from core.emulator.azure_openai import AzureOpenAI
from core.emulator.clock import Clock
from core.emulator.directory import AUTHORITY_HOST, Directory
from core.emulator.entra import Entra
from core.emulator.managed_identity import InstanceMetadata, ManagedIdentityEndpoint
from core.emulator.resource_manager import ResourceManager
from core.emulator.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from core.emulator.received import Received

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
RECEIVED_LIMIT: Final = 500


class Emulator:
    """Everything on the other side of the wire, in memory.

    Args:
        clock: Where time comes from, seconds since the epoch.
        authority_host: Host (and port) that issuers name; a name that cannot exist unless it is served over https.
        seed: Makes the written answers repeatable.
        upstream: Base URL of an OpenAI-compatible server that writes the answers instead.
        pace: Factor on every delay; 0 answers at once.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        authority_host: str = AUTHORITY_HOST,
        seed: int = 0,
        upstream: str | None = None,
        pace: float = 1.0,
    ) -> None:
        self.clock = Clock(clock)
        self.directory = Directory()
        self.signer = Signer(authority_host, self.clock)
        self.entra = Entra(self.directory, self.signer, self.clock)
        self.identity = ManagedIdentityEndpoint(self.directory, self.entra.mint, self.clock)
        self.identity_header = self.identity.header
        self.imds = InstanceMetadata(self.directory, self.entra.mint, self.clock)
        self.management = ResourceManager(self.directory, self.signer)
        self.received: deque[Received] = deque(maxlen=RECEIVED_LIMIT)
        self.openai = AzureOpenAI(self.directory, self.signer, self.clock, seed, upstream, pace, self.received)

    def routes(self, prefix: str = "/emulator") -> list[BaseRoute]:
        """All of it below ``prefix``: ``/entra``, ``/identity``, ``/imds``, ``/management`` and ``/resources``."""
        routes = [
            Mount("/entra", app=Router(self.entra.routes())),
            Mount("/identity", app=Router(self.identity.routes())),
            Mount("/imds", app=Router(self.imds.routes())),
            Mount("/management", app=Router(self.management.routes())),
            *self.openai.routes(""),
        ]
        return [Mount(prefix, app=LoopbackOnly(Router(routes)))]

    def entra_routes(self, prefix: str = "") -> list[BaseRoute]:
        """Entra alone, ``{prefix}/{tenant}/…``: an authority of one's own, served over https at its root."""
        return [Mount(prefix, app=LoopbackOnly(Router(self.entra.routes())))]

    def catalogue(self, base_url: str, *, further: bool = False) -> dict[str, Any]:
        """The deployments in the shape of the deployments TOML; ``base_url`` includes the routes' prefix.

        ``further`` adds a Foundry project and a resource of another tenant.
        """
        return self.openai.catalogue(base_url, further=further)


class LoopbackOnly:
    """Answers 404 unless the request's Host is a loopback name: nobody reaches the emulator from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the Host before anything else does."""
        if scope["type"] == "http" and not is_loopback(Headers(scope=scope).get("host", "")):
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether a Host header, with or without a port, is one of the loopback names."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or not port.isdigit():
        name = host.lower()
    return name in LOOPBACK_NAMES
