"""Standard answers against the public description of the API, and against the SDK's strict validation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from core.emulator.deployments import DEPLOYMENTS
from tests.support.needs import SHARED
from tests.support.openai_calls import ASK, BALANCED, BUSY, LAVISH, LEGACY, REASONING, Caller, calling, data_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.emulator.deployments import Deployment
    from core.emulator.emulator import Emulator

    Validate = Callable[[str, object], None]

CHAT_DEPLOYMENTS = [d for d in DEPLOYMENTS if "chat" in d.operations and d.name != BUSY]
RESPONSES_DEPLOYMENTS = [d for d in DEPLOYMENTS if "responses" in d.operations]


@pytest.fixture
async def caller(emulator: Emulator, emulator_url: str) -> AsyncIterator[Caller]:
    async with calling(emulator, emulator_url) as caller:
        yield caller


@pytest.fixture(scope="module")
def validate() -> Validate:
    """Validate a value against one of the description's schemas.

    The description says ``nullable`` where OpenAPI 3.1 no longer knows it; it is read as it is meant.
    """
    document = _without_nullable(json.loads((SHARED / "specs" / "openai-v1-subset.json").read_text()))

    def check(name: str, value: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        errors = [
            f"{error.json_path}: {error.message[:300]}" for error in Draft202012Validator(schema).iter_errors(value)
        ]
        assert not errors, errors

    return check


def _without_nullable(node: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    if isinstance(node, list):
        return [_without_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _without_nullable(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@pytest.mark.shared_data
@pytest.mark.parametrize("deployment", CHAT_DEPLOYMENTS, ids=lambda d: d.name)
async def test_chat_answers_and_chunks_fit_the_description(
    caller: Caller, validate: Validate, deployment: Deployment
) -> None:
    body = {"model": deployment.name, "messages": ASK}
    whole = await caller.post("v1/chat/completions", body, resource=deployment.resource)
    validate("CreateChatCompletionResponse", whole.json())

    more = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = data_of(await caller.post("v1/chat/completions", body | more, resource=deployment.resource))
    assert len(chunks) > 5
    for chunk in chunks:
        validate("CreateChatCompletionStreamResponse", chunk)


@pytest.mark.shared_data
@pytest.mark.parametrize("more", [{}, {"max_output_tokens": 16}, {"store": False, "instructions": "Be brief"}])
@pytest.mark.parametrize("deployment", RESPONSES_DEPLOYMENTS, ids=lambda d: d.name)
async def test_responses_and_their_events_fit_the_description(
    caller: Caller, validate: Validate, deployment: Deployment, more: dict[str, object]
) -> None:
    validate("Response", (await caller.respond(model=deployment.name, **more)).json())

    events = data_of(await caller.respond(model=deployment.name, stream=True, **more))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        validate("ResponseStreamEvent", event)
    assert events[-1]["type"] in {"response.completed", "response.incomplete"}


@pytest.mark.shared_data
async def test_legacy_completions_fit_the_description_but_for_the_finish_reason_of_chunks(
    caller: Caller, validate: Validate
) -> None:
    body = {"model": LEGACY, "prompt": "Write a slogan for a kite school", "max_tokens": 60}
    validate(
        "CreateCompletionResponse", (await caller.post("v1/completions", body, resource="contoso-eastus")).json()
    )

    more = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = data_of(await caller.post("v1/completions", body | more, resource="contoso-eastus"))
    for chunk in chunks[:-2]:
        assert chunk["choices"][0].pop("finish_reason") is None
        chunk["choices"][0]["finish_reason"] = "stop"
    for chunk in chunks:
        validate("CreateCompletionResponse", chunk)


@pytest.mark.shared_data
async def test_the_list_of_models_fits_the_description(caller: Caller, validate: Validate) -> None:
    listed = await caller.v1().models.with_raw_response.list()
    validate("ListModelsResponse", json.loads(listed.text))


@pytest.mark.shared_data
async def test_a_failed_response_and_an_error_event_fit_the_description(caller: Caller, validate: Validate) -> None:
    for fault in ("stream_failed", "stream_error", "stream_rate_limited"):
        for event in data_of(await caller.respond(fault, stream=True)):
            validate("ResponseStreamEvent", event)


@pytest.mark.shared_data
def test_the_check_itself_refuses_what_does_not_fit(validate: Validate) -> None:
    with pytest.raises(AssertionError):
        validate("CreateChatCompletionResponse", {"id": "x", "choices": [{}]})
    with pytest.raises(AssertionError):
        validate("ResponseStreamEvent", {"type": "response.output_text.delta"})


async def test_the_sdk_takes_whole_and_streamed_answers_strictly(caller: Caller) -> None:
    for client, model in ((caller.v1(), BALANCED), (caller.v1(), REASONING), (caller.dated(), LAVISH)):
        await client.chat.completions.create(model=model, messages=ASK)
        stream = await client.chat.completions.create(
            model=model,
            messages=ASK,
            stream=True,
            stream_options={"include_usage": True},
        )
        assert [chunk async for chunk in stream][-1].usage is not None
    for model in (BALANCED, REASONING):
        await caller.v1().responses.create(model=model, input="Hello")
        events = [
            event async for event in await caller.v1().responses.create(model=model, input="Hello", stream=True)
        ]
        assert events[-1].type == "response.completed"
    await caller.dated().completions.create(model=LEGACY, prompt="Hello")
