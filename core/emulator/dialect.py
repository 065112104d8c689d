"""What the three operations have in common: they read a request and shape an answer, whole or as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from core.emulator.deployments import Deployment, Operation
    from core.emulator.generation import Generation
    from core.emulator.prompt import Prompt

    Body = dict[str, Any]
    Events = AsyncGenerator[Body, None]


@dataclass(frozen=True)
class Dialect:
    """One operation on the wire.

    Attributes:
        operation: Its name in the catalogue.
        name_in_refusals: What the service calls it when a model does not take it.
        name_in_quotas: What the service calls it when a quota is used up.
        is_terminated: Whether a stream ends with ``data: [DONE]``.
        read: Reads a request body; raises ``Refused`` for a parameter that is missing, wrong, or not for this model.
        whole: Shapes a finished answer.
        events: Shapes an answer as events while it is written.
    """

    operation: Operation
    name_in_refusals: str
    name_in_quotas: str
    is_terminated: bool
    read: Callable[[Body, Deployment], Prompt]
    whole: Callable[[Generation], Body]
    events: Callable[[Generation], Events]
