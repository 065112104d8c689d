"""What is sent for a call: the body in the words of each operation, without what the deployment refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.deployments.deployment import Operation
from core.deployments.parameters import ANSWER_SCHEMA, CONTROLS

if TYPE_CHECKING:
    from core.deployments.deployment import Deployment
    from core.deployments.lessons import Lessons
    from core.deployments.parameters import Call

WIRE_NAMES: Final[dict[Operation, dict[str, str]]] = {
    Operation.RESPONSES: {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_output_tokens",
        "reasoning_effort": "reasoning.effort",
        "verbosity": "text.verbosity",
    },
    Operation.CHAT: {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_completion_tokens",
        "reasoning_effort": "reasoning_effort",
        "verbosity": "verbosity",
    },
    Operation.COMPLETIONS: {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_output_tokens": "max_tokens",
    },
}
"""What each control is called on the wire; a dot leads into an object. What is missing does not exist there."""

SCHEMA_WIRES: Final = {Operation.RESPONSES: "text.format", Operation.CHAT: "response_format"}
"""The parameter that holds the schema of the answer. Legacy completions have none."""

CONTROL_OF: Final = {
    **{wire: control for names in WIRE_NAMES.values() for control, wire in names.items()},
    **dict.fromkeys(SCHEMA_WIRES.values(), ANSWER_SCHEMA),
}
"""The control behind each name."""

USAGE: Final = "stream_options"
"""The parameter that asks for token counts."""

COMPLETIONS_MAX_TOKENS: Final = 1000
"""Legacy completions stop after 16 tokens when nobody says otherwise, in the middle of a sentence."""

WHOLE_OPERATION: Final = "*"
"""In a lesson, in place of a parameter: the deployment does not take the operation at all."""

EVERY_OPERATION: Final = "*"
"""In a lesson, in place of an operation: it is about the endpoint."""

API_VERSION: Final = "api-version"
"""In a lesson for every operation: the endpoint does not take its API version."""

_FIRST_MAX_COMPLETION_TOKENS_API: Final = "2024-09-01"


@dataclass(frozen=True, slots=True)
class Request:
    """One body.

    ``wires`` are the parameters in it that may be left out or renamed. ``left_out`` are controls that were set, but
    are known to be refused.
    """

    operation: Operation
    api_version: str | None
    body: dict[str, Any]
    wires: frozenset[str]
    left_out: tuple[str, ...]


def fitting(deployment: Deployment, lessons: Lessons) -> tuple[str, ...]:
    """The names of the parameters that a page should offer for a deployment, in their order."""
    operation, api_version = operation_of(deployment, lessons), api_version_of(deployment, lessons)
    declared = CONTROLS if deployment.parameters is None else deployment.parameters
    return tuple(
        control
        for control in CONTROLS
        if control in declared and wire_name(deployment, operation, control, api_version, lessons) is not None
    )


def operation_of(deployment: Deployment, lessons: Lessons) -> Operation:
    """The preferred operation that the deployment is not known to refuse."""
    return next(
        (one for one in deployment.operations if not lessons.of(deployment, one, WHOLE_OPERATION)),
        deployment.operations[0],
    )


def api_version_of(deployment: Deployment, lessons: Lessons) -> str | None:
    """The version of the dated API to call, or None for the v1 API."""
    is_refused = lessons.of(deployment, EVERY_OPERATION, API_VERSION)
    return None if is_refused else deployment.endpoint.api_version


def build(call: Call, lessons: Lessons) -> Request:
    """Write the body of a call, as the deployment is known to take it."""
    operation, api_version = operation_of(call.deployment, lessons), api_version_of(call.deployment, lessons)
    wires: dict[str, Any] = {}
    left_out: list[str] = []
    for control, value in _asked(call, operation).items():
        wire = wire_name(call.deployment, operation, control, api_version, lessons)
        if wire is None:
            left_out.append(control)
        else:
            wires[wire] = value
    wires |= _answer_schema(call, operation, lessons)
    if operation is not Operation.RESPONSES and not lessons.of(call.deployment, operation, USAGE):
        wires[USAGE] = {"include_usage": True}
    body: dict[str, Any] = {"model": call.deployment.name, "stream": True, **_content(call, operation)}
    for wire, value in wires.items():
        outer, _, inner = wire.partition(".")
        body[outer] = {**body.get(outer, {}), inner: value} if inner else value
    return Request(operation, api_version, body, frozenset(wires), tuple(left_out))


def wire_name(
    deployment: Deployment, operation: Operation, control: str, api_version: str | None, lessons: Lessons
) -> str | None:
    """What a control is called for this deployment, or None where it takes no such parameter."""
    name = WIRE_NAMES[operation].get(control)
    if name == "max_completion_tokens" and api_version and api_version < _FIRST_MAX_COMPLETION_TOKENS_API:
        name = "max_tokens"
    seen: set[str] = set()
    while name is not None and (lesson := lessons.of(deployment, operation, name)) is not None:
        seen.add(name)
        name = lesson.replacement if lesson.action == "rename" and lesson.replacement not in seen else None
    return name


def _asked(call: Call, operation: Operation) -> dict[str, float | int | str]:
    asked = call.parameters.as_dict()
    if operation is Operation.COMPLETIONS:
        asked.setdefault("max_output_tokens", COMPLETIONS_MAX_TOKENS)
    return asked


def _answer_schema(call: Call, operation: Operation, lessons: Lessons) -> dict[str, Any]:
    wire = SCHEMA_WIRES.get(operation)
    if call.answer_schema is None or wire is None or lessons.of(call.deployment, operation, wire):
        return {}
    schema = {"name": call.answer_schema.name, "schema": dict(call.answer_schema.schema), "strict": True}
    if operation is Operation.RESPONSES:
        return {wire: {"type": "json_schema", **schema}}
    return {wire: {"type": "json_schema", "json_schema": schema}}


def _content(call: Call, operation: Operation) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.content} for message in call.messages]
    if operation is Operation.RESPONSES:
        instructions = {"instructions": call.system} if call.system else {}
        return {"input": messages, **instructions, "store": False}
    if operation is Operation.CHAT:
        system = [{"role": "system", "content": call.system}] if call.system else []
        return {"messages": [*system, *messages]}
    texts = [call.system, *(message.content for message in call.messages)]
    return {"prompt": "\n\n".join(text for text in texts if text)}
