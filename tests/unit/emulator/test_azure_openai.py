from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import jsonschema
import openai
import pytest
from starlette.applications import Starlette

from core.emulator.deployments import DEPLOYMENTS
from core.emulator.emulator import Emulator
from tests.support.openai_calls import (
    ASK,
    BALANCED,
    BRISK,
    BUSY,
    LEGACY,
    REASONING,
    RESPONSES_ONLY,
    Caller,
    calling,
    data_of,
)
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def caller(emulator: Emulator, emulator_url: str) -> AsyncIterator[Caller]:
    async with calling(emulator, emulator_url) as caller:
        yield caller


async def test_the_seeds_own_call_is_answered(caller: Caller) -> None:
    answer = await caller.dated("2022-12-01").completions.create(
        model=LEGACY, prompt="Write a tagline for an ice cream brand:", max_tokens=100
    )

    assert "ice" in answer.choices[0].text.lower()
    assert answer.choices[0].finish_reason == "stop"


async def test_streamed_and_whole_answers_have_the_same_text_and_usage(caller: Caller) -> None:
    whole = await caller.v1().chat.completions.create(model=BRISK, messages=ASK, seed=7)
    stream = await caller.v1().chat.completions.create(
        model=BRISK,
        messages=ASK,
        seed=7,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    assert whole.usage is not None
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


async def test_a_chat_stream_has_usage_only_when_asked_for(caller: Caller) -> None:
    assert not any("usage" in event for event in data_of(await caller.chat(stream=True)))
    asked = data_of(await caller.chat(stream=True, stream_options={"include_usage": True}))
    assert [event["usage"] is not None for event in asked] == [False] * (len(asked) - 1) + [True]


async def test_answers_carry_azures_filter_annotations(caller: Caller) -> None:
    safe = {"filtered": False, "severity": "safe"}
    chat = (await caller.chat()).json()
    events = data_of(await caller.chat(stream=True))
    response = (await caller.respond()).json()

    assert chat["choices"][0]["content_filter_results"]["hate"] == safe
    assert chat["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["detected"] is False
    assert "prompt_filter_results" in events[0]
    assert events[-1]["choices"][0]["content_filter_results"]["violence"] == safe
    assert [note["source_type"] for note in response["content_filters"]] == ["prompt", "completion"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_maximum_cuts_the_answer_and_says_so(caller: Caller, *, streamed: bool) -> None:
    response = await caller.chat(max_completion_tokens=3, stream=streamed)
    if streamed:
        assert data_of(response)[-1]["choices"][0]["finish_reason"] == "length"
    else:
        assert response.json()["choices"][0]["finish_reason"] == "length"
        assert response.json()["usage"]["completion_tokens"] == 3


async def test_a_response_cut_at_its_maximum_is_incomplete(caller: Caller) -> None:
    whole = (await caller.respond(max_output_tokens=16, input="Write 200 words about cats")).json()
    last = data_of(await caller.respond(max_output_tokens=16, input="Write 200 words about cats", stream=True))[-1]

    assert (whole["status"], whole["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (last["type"], last["response"]["incomplete_details"]) == (
        "response.incomplete",
        {"reason": "max_output_tokens"},
    )


async def test_store_false_is_taken_and_sent_back(caller: Caller) -> None:
    assert (await caller.respond(store=False)).json()["store"] is False
    assert (await caller.respond()).json()["store"] is True


@pytest.mark.parametrize(
    ("parameter", "value", "message", "code"),
    [
        (
            "max_tokens",
            100,
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            ),
            "unsupported_parameter",
        ),
        (
            "temperature",
            0.2,
            (
                "Unsupported value: 'temperature' does not support 0.2 with this model. "
                "Only the default (1) value is supported."
            ),
            "unsupported_value",
        ),
        (
            "top_p",
            0.5,
            "Unsupported parameter: 'top_p' is not supported with this model.",
            "unsupported_parameter",
        ),
    ],
)
async def test_a_reasoning_deployment_refuses_sampling_in_the_real_words(
    caller: Caller, parameter: str, value: float, message: str, code: str
) -> None:
    response = await caller.chat(model=REASONING, **{parameter: value})

    assert response.status_code == 400
    assert response.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}
    }


async def test_hidden_reasoning_can_use_up_a_small_maximum(caller: Caller) -> None:
    chat = (await caller.chat(model=REASONING, max_completion_tokens=50)).json()
    response = (await caller.respond(model=REASONING, max_output_tokens=50)).json()

    assert chat["choices"][0]["message"]["content"] == ""
    assert chat["choices"][0]["finish_reason"] == "length"
    assert chat["usage"]["completion_tokens_details"]["reasoning_tokens"] == 50
    assert (response["status"], [item["type"] for item in response["output"]]) == ("incomplete", ["reasoning"])


async def test_reasoning_effort_decides_how_much_is_hidden(caller: Caller) -> None:
    spent = []
    for effort in ("none", "low", "high"):
        usage = (await caller.chat(model=REASONING, reasoning_effort=effort)).json()["usage"]
        spent.append(usage["completion_tokens_details"]["reasoning_tokens"])

    assert spent[0] == 0
    assert spent == sorted(set(spent))


async def test_a_responses_only_deployment_refuses_chat(caller: Caller) -> None:
    refused = (await caller.chat(model=RESPONSES_ONLY)).json()

    assert refused["error"]["code"] == "OperationNotSupported"
    assert "does not work with the specified model" in refused["error"]["message"]
    assert (await caller.respond(model=RESPONSES_ONLY)).status_code == 200


async def test_rate_limit_headers_count_down_and_start_anew_after_a_minute(
    caller: Caller, emulator: Emulator
) -> None:
    first, second = (await caller.chat()).headers, (await caller.chat()).headers
    other = (await caller.chat(model=BRISK)).headers
    emulator.clock.advance(61)
    later = (await caller.chat()).headers

    remaining = "x-ratelimit-remaining-requests"
    assert [int(h[remaining]) for h in (first, second, other, later)] == [5999, 5998, 5999, 5999]
    assert int(second["x-ratelimit-remaining-tokens"]) < int(first["x-ratelimit-remaining-tokens"])
    assert first["x-ratelimit-limit-requests"] == "6000"
    assert int(first["x-ratelimit-reset-tokens"]) == 60


async def test_a_deployment_refuses_beyond_its_tokens_per_minute(caller: Caller, emulator: Emulator) -> None:
    await caller.chat(max_completion_tokens=4_000_000)
    refused = await caller.chat(max_completion_tokens=4_000_000)

    assert refused.status_code == 429
    assert "token rate limit" in refused.json()["error"]["message"]
    emulator.clock.advance(int(refused.headers["retry-after"]))
    assert (await caller.chat(max_completion_tokens=4_000_000)).status_code == 200


async def test_the_busy_deployment_refuses_about_every_other_call_with_a_wait(caller: Caller) -> None:
    body = {"model": BUSY, "messages": ASK}
    answers = [await caller.post("v1/chat/completions", body, resource="contoso-eastus") for _ in range(40)]
    statuses = [answer.status_code for answer in answers]

    assert 10 <= statuses.count(429) <= 28
    assert "429, 429, 429" not in ", ".join(map(str, statuses))
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} <= {"2", "3", "4"}


async def test_the_models_listed_are_base_models_not_deployments(caller: Caller) -> None:
    listed = {model.id async for model in caller.v1().models.list()}

    assert listed == {deployment.model for deployment in DEPLOYMENTS}
    assert not listed & {deployment.name for deployment in DEPLOYMENTS}


async def test_structured_output_fits_its_schema(caller: Caller) -> None:
    schema = {
        "type": "object",
        "properties": {
            "lines": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "tone": {"enum": ["calm", "loud"]},
            "score": {"type": "number", "minimum": 1, "maximum": 5},
        },
        "required": ["lines", "tone", "score"],
    }
    wanted = {"name": "answer", "schema": schema}
    chat = await caller.chat(response_format={"type": "json_schema", "json_schema": wanted})
    response = await caller.respond(text={"format": {"type": "json_schema", **wanted}})

    jsonschema.validate(json.loads(chat.json()["choices"][0]["message"]["content"]), schema)
    jsonschema.validate(json.loads(response.json()["output"][0]["content"][0]["text"]), schema)


async def test_alternatives_differ_and_their_tokens_are_added_up(caller: Caller) -> None:
    answer = (await caller.chat(n=3, temperature=1.5)).json()

    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in answer["choices"]}) == 3
    one = (await caller.chat(temperature=1.5)).json()
    assert answer["usage"]["completion_tokens"] > one["usage"]["completion_tokens"]


@pytest.mark.parametrize("stop", [["no model"], "no model"])
async def test_an_answer_ends_before_a_stop_text(caller: Caller, stop: object) -> None:
    text = (await caller.chat(stop=stop)).json()["choices"][0]["message"]["content"]

    assert text.endswith("Simulated answer \N{EN DASH} ")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"temperature": 3}, "decimal_above_max_value"),
        ({"max_completion_tokens": 0}, "decimal_below_min_value"),
        ({"temperature": "hot"}, "invalid_type"),
        ({"n": 1.5}, "invalid_type"),
        ({"messages": []}, "missing_required_parameter"),
        ({"messages": ["hello"]}, "invalid_type"),
        ({"reasoning_effort": "low"}, "unsupported_parameter"),
    ],
)
async def test_a_wrong_parameter_is_named(caller: Caller, parameters: dict[str, object], code: str) -> None:
    error = (await caller.chat(**parameters)).json()["error"]

    assert (error["code"], error["param"]) == (code, next(iter(parameters)))


async def test_a_caller_who_hangs_up_in_mid_stream_stops_the_writing() -> None:
    emulator = Emulator(pace=1)
    with serving(Starlette(routes=emulator.routes("/emulator"))) as base:
        async with calling(emulator, f"{base}/emulator") as caller:
            stream = await caller.v1().responses.create(model=BALANCED, input="Write 5000 words on cats", stream=True)
            async for event in stream:
                if event.type == "response.output_text.delta":
                    break
            await stream.close()
            await until(lambda: emulator.received[-1].closed_early)


async def test_a_caller_who_hangs_up_before_the_first_token_is_noticed() -> None:
    emulator = Emulator(pace=1_000)
    with serving(Starlette(routes=emulator.routes("/emulator"))) as base:
        async with calling(emulator, f"{base}/emulator") as caller:
            asking = asyncio.create_task(caller.chat())
            await until(lambda: bool(emulator.received))
            asking.cancel()
            await until(lambda: emulator.received[-1].closed_early)


async def until(holds: Callable[[], bool]) -> None:
    """Let others work until ``holds()``; the test's own time-out ends it otherwise."""
    while not holds():  # noqa: ASYNC110 - the other side is a thread that cannot set an asyncio event
        await asyncio.sleep(0.005)


async def test_a_finished_answer_is_not_taken_for_one_that_was_left(caller: Caller, emulator: Emulator) -> None:
    await caller.chat(stream=True)
    await caller.chat()

    assert [note.closed_early for note in emulator.received] == [False, False]


async def test_the_catalogue_lists_eight_deployments_over_both_resources(emulator: Emulator) -> None:
    endpoints = emulator.catalogue("http://127.0.0.1:8501/emulator/")["endpoint"]
    names = [deployment["name"] for endpoint in endpoints for deployment in endpoint["deployment"]]

    assert [endpoint["url"] for endpoint in endpoints] == [
        "http://127.0.0.1:8501/emulator/resources/contoso-sweden",
        "http://127.0.0.1:8501/emulator/resources/contoso-eastus",
    ]
    assert len(names) == 8
    assert names[0] == BALANCED


async def test_every_deployment_answers_through_each_of_its_operations(caller: Caller) -> None:
    for endpoint in caller.emulator.catalogue(caller.url)["endpoint"]:
        client = caller.v1(endpoint["name"])
        for deployment in endpoint["deployment"]:
            if deployment["name"] == BUSY:
                continue
            for operation in deployment["operations"]:
                match operation:
                    case "responses":
                        text = (await client.responses.create(model=deployment["name"], input="Hello")).output_text
                    case "chat":
                        said = await client.chat.completions.create(
                            model=deployment["name"],
                            messages=ASK,
                        )
                        text = said.choices[0].message.content or ""
                    case _:
                        done = await client.completions.create(model=deployment["name"], prompt="Hi", max_tokens=200)
                        text = done.choices[0].text
                assert "no model was called" in text, (deployment["name"], operation)


async def test_the_sdk_sees_the_refusals_as_its_own_classes(caller: Caller, emulator: Emulator) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        await caller.v1().responses.create(model="no-such", input="x")
    assert missing.value.code == "DeploymentNotFound"
    emulator.openai.faults.set(BALANCED, "prompt_filtered", times=1)
    with pytest.raises(openai.BadRequestError) as filtered:
        await caller.v1().responses.create(model=BALANCED, input="x")
    assert filtered.value.code == "content_filter"
