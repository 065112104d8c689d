"""What is asked of a deployment: messages, and the parameters that go with them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.deployments.deployment import Deployment

REASONING_EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh")
VERBOSITIES: Final = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a person may set for an answer; ``None`` leaves it to the deployment.

    ``max_output_tokens`` counts hidden reasoning tokens too, where there are any.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None

    def as_dict(self) -> dict[str, float | int | str]:
        """Only what is set, by name, ready for JSON."""
        given = {name: getattr(self, name) for name in CONTROLS}
        return {name: value for name, value in given.items() if value is not None}


CONTROLS: Final = tuple(field.name for field in fields(Parameters))
"""Every control that a page could offer, in the order in which it offers them."""

ANSWER_SCHEMA: Final = "answer_schema"
"""What lessons call the schema of an answer. It is no control: nobody sets it on a page."""

LABELS: Final = {
    "temperature": "Temperature",
    "top_p": "Top p",
    "max_output_tokens": "The maximum of output tokens",
    "reasoning_effort": "Reasoning effort",
    "verbosity": "Verbosity",
    ANSWER_SCHEMA: "The schema of the answer",
}
"""What sentences call the controls, and the schema."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The JSON that an answer has to be, in the strict subset of JSON schema that structured output takes.

    A deployment that takes no schemas is asked without it, so the prompt has to ask for the same form in words.
    """

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One prompt for one deployment; the last of ``messages`` is the prompt, ``system`` may be empty."""

    deployment: Deployment
    system: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    answer_schema: AnswerSchema | None = None
