"""An answer in the form of a schema, where the deployment takes one; else without, which is said and remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from core.deployments.deployment import Operation
from core.deployments.lessons import Lesson, Lessons
from core.deployments.parameters import AnswerSchema, Message, Parameters
from core.emulator import refusals
from core.errors import RequestRefused
from tests.support.openai_calls import BALANCED, LEGACY
from tests.support.raw_server import UNTIL_CLOSED, Conversation, raw_server
from tests.unit.deployments.asking import ask, deployment_at, ending, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.deployments.catalogue import Catalogue
    from core.deployments.client import Clients
    from core.emulator.emulator import Emulator
    from core.emulator.reply import Refused
    from tests.unit.deployments.asking import ScriptedTokens

SCHEMA = AnswerSchema(
    "taglines",
    {
        "type": "object",
        "properties": {"taglines": {"type": "array", "items": {"type": "string"}}},
        "required": ["taglines"],
        "additionalProperties": False,
    },
)
WIRES = {Operation.RESPONSES: "text.format", Operation.CHAT: "response_format"}
NOTICE = "The schema of the answer was left out: GPT lab does not take it."


def refusing_schemas(operation: Operation, refused: Refused) -> Callable[[Conversation], None]:
    """A deployment that refuses whatever holds a schema, and answers the rest."""

    def give(conversation: Conversation) -> None:
        if format_of(operation, json.loads(conversation.request.body)) is None:
            conversation.send(UNTIL_CLOSED + b"".join(pieces(operation, "1. x") + ending(operation)))
            return
        head = f"HTTP/1.1 {refused.status} No\r\ncontent-type: application/json\r\n"
        conversation.send(f"{head}content-length: {len(refused.body)}\r\n\r\n".encode() + refused.body)

    return give


def format_of(operation: Operation, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return (body.get("text") or {}).get("format") if operation is Operation.RESPONSES else body.get("response_format")


@pytest.mark.parametrize("operation", list(WIRES))
async def test_the_answer_fits_the_schema_over_the_real_library(
    catalogue: Catalogue,
    clients: Clients,
    tokens: ScriptedTokens,
    shared_emulator: Emulator,
    operation: Operation,
) -> None:
    deployment = replace(catalogue.find(f"contoso-sweden/{BALANCED}"), operations=(operation,))
    messages = [Message("user", "Write 8 taglines for an ice cream brand:")]
    outcome = await ask(clients, deployment, tokens, messages=messages, answer_schema=SCHEMA)
    assert (outcome.error, outcome.notices) == (None, [])
    answer = json.loads(outcome.text)
    jsonschema.validate(answer, dict(SCHEMA.schema))
    assert len(answer["taglines"]) == 8
    sent = format_of(operation, shared_emulator.received[-1].body)
    assert sent.pop("type") == "json_schema"
    schema = sent if operation is Operation.RESPONSES else sent["json_schema"]
    assert schema == {"name": "taglines", "strict": True, "schema": SCHEMA.schema}


async def test_legacy_completions_are_asked_without_it_and_nothing_is_said(
    catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens, shared_emulator: Emulator
) -> None:
    deployment = catalogue.find(f"contoso-eastus/{LEGACY}")
    outcome = await ask(clients, deployment, tokens, answer_schema=SCHEMA)
    assert (outcome.error, outcome.notices) == (None, [])
    assert outcome.text
    assert not {"text", "response_format"} & set(shared_emulator.received[-1].body)


async def test_a_schema_and_a_verbosity_stand_side_by_side(clients: Clients) -> None:
    def answer(conversation: Conversation) -> None:
        conversation.send(UNTIL_CLOSED + b"".join(pieces(Operation.RESPONSES, "x") + ending(Operation.RESPONSES)))

    with raw_server(answer) as server:
        deployment = deployment_at(server.url, Operation.RESPONSES)
        await ask(clients, deployment, parameters=Parameters(verbosity="low"), answer_schema=SCHEMA)
        text = json.loads(server.requests[0].body)["text"]
    assert (text["verbosity"], text["format"]["type"]) == ("low", "json_schema")


@pytest.mark.parametrize("operation", list(WIRES))
@pytest.mark.parametrize(
    ("message", "names_it", "code"),
    [
        ("Invalid parameter: '{0}' of type 'json_schema' is not supported with this model.", True, None),
        ("Unsupported parameter: '{0}' is not supported with this model.", True, "unsupported_parameter"),
        ("Unrecognized request argument supplied: {0}", False, None),
        (
            "{0} value as json_schema is enabled only for api versions 2024-08-01-preview and later",
            False,
            "BadRequest",
        ),
        ("[{{'loc': ('body', '{0}'), 'msg': 'Extra inputs are not permitted'}}]", False, None),
    ],
)
async def test_a_deployment_that_takes_no_schema_is_asked_once_with_it_and_never_again(
    clients: Clients, operation: Operation, message: str, *, names_it: bool, code: str | None
) -> None:
    wire = WIRES[operation]
    refused = refusals.invalid_request(message.format(wire), wire if names_it else None, code)
    lessons = Lessons()
    with raw_server(refusing_schemas(operation, refused)) as server:
        deployment = deployment_at(server.url, operation)
        first = await ask(clients, deployment, answer_schema=SCHEMA, lessons=lessons)
        second = await ask(clients, deployment, answer_schema=SCHEMA, lessons=lessons)
        assert len(server.requests) == 3
    assert first.text == second.text == "1. x"
    assert (first.notices, second.notices) == ([NOTICE], [])
    assert lessons.all() == [Lesson(deployment.id, operation, wire, "drop")]
    assert lessons.of_deployment(deployment) == (
        f"The schema of the answer is left out of {operation}: this deployment does not take it.",
    )


async def test_a_schema_that_is_refused_as_such_does_not_count_against_other_schemas(clients: Clients) -> None:
    said = "Invalid schema for response_format 'taglines': 'minItems' is not permitted."
    lessons = Lessons()
    refused = refusals.invalid_request(said, "response_format", "invalid_json_schema")
    with raw_server(refusing_schemas(Operation.CHAT, refused)) as server:
        outcome = await ask(clients, deployment_at(server.url), answer_schema=SCHEMA, lessons=lessons)
    assert (outcome.text, outcome.notices) == ("1. x", [NOTICE])
    assert lessons.all() == []


async def test_a_refusal_of_something_else_leaves_the_schema_in(clients: Clients) -> None:
    refused = refusals.invalid_request("Invalid value for 'messages'.", "messages", "invalid_value")
    with raw_server(refusing_schemas(Operation.CHAT, refused)) as server:
        outcome = await ask(clients, deployment_at(server.url), answer_schema=SCHEMA)
        assert len(server.requests) == 1
    assert type(outcome.failure) is RequestRefused
