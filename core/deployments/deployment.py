"""A deployment and what it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from decimal import Decimal

Kind = Literal["azure-openai", "foundry"]
Api = Literal["v1", "dated"]


class Operation(StrEnum):
    """What a deployment is asked to do; the order is the order of preference."""

    RESPONSES = "responses"
    CHAT = "chat"
    COMPLETIONS = "completions"


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens."""

    input_usd: Decimal
    output_usd: Decimal


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A resource or project.

    ``url`` has no slash at its end and no ``/openai``; ``api_version`` is set only for the dated API; ``tenant``,
    ``region`` and ``resource_id`` (the full ARM id) are "" when unknown.
    """

    name: str
    url: str
    kind: Kind
    api: Api
    api_version: str | None
    tenant: str
    scope: str
    region: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A named instance of a model.

    ``operations`` are those to try, the preferred one first. ``parameters`` names the controls that the catalogue
    says it takes; None leaves that to be learned.
    """

    name: str
    label: str
    model: str
    operations: tuple[Operation, ...]
    prices: Prices | None
    endpoint: Endpoint
    parameters: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """Unique in the catalogue: endpoint and deployment name."""
        return f"{self.endpoint.name}/{self.name}"
