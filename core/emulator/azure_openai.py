"""Two Azure OpenAI resources over real HTTP: who may call, which deployment, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.emulator import deployments
from core.emulator.faults import Faults

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from starlette.routing import BaseRoute

    from core.emulator.directory import Directory
    from core.emulator.received import Received
    from core.emulator.signing import Signer


class AzureOpenAI:
    """Both resources with their deployments, faults and counters.

    Args:
        directory: Says who holds the role on which resource.
        signer: Verifies every bearer.
        clock: Emulator time, seconds since the epoch.
        seed: Makes the written answers repeatable.
        upstream: Base URL of an OpenAI-compatible server that writes the answers instead, or ``None``.
        pace: Factor on every delay; 0 answers at once.
        received: Every request is appended here.
    """

    def __init__(  # noqa: PLR0913 - the emulator hands over everything the two sides of the wire share
        self,
        directory: Directory,
        signer: Signer,
        clock: Callable[[], float],
        seed: int,
        upstream: str | None,
        pace: float,
        received: deque[Received],
    ) -> None:
        self.faults = Faults()
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._seed = seed
        self._upstream = upstream
        self._pace = pace
        self._received = received

    def routes(self, prefix: str) -> list[BaseRoute]:
        """Routes below ``{prefix}/resources/{resource}/openai``."""
        return []

    def catalogue(self, base_url: str) -> dict[str, Any]:
        """Describe the deployments in the shape of the deployments TOML; ``base_url`` includes the routes' prefix."""
        return deployments.catalogue(base_url, self._directory)
