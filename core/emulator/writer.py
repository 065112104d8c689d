"""The seeded text generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.emulator.deployments import Deployment
    from core.emulator.prompt import Prompt


class Writer:
    """Writes the answers of the simulated deployments."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def write(self, deployment: Deployment, prompt: Prompt, index: int) -> str:
        """Write one alternative."""
        asked = prompt.turns[-1].text if prompt.turns else ""
        return f"{deployment.style} {index}: {asked}\n\n*Simulated answer – no model was called.*"  # noqa: RUF001 - a dash
