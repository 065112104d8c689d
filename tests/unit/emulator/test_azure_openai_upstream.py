from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from core.emulator.emulator import Emulator
from tests.support.openai_calls import ASK, BALANCED, LEGACY, Caller, access_token, calling
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request
    from starlette.responses import Response


class LocalModel:
    """A small OpenAI-compatible server that says three words."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.finish_reason = "stop"
        self.breaks_off = False
        self.routes = [
            Route("/v1/models", self.models),
            Route("/v1/chat/completions", self.complete, methods=["POST"]),
        ]

    async def models(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "llama-local"}]})

    async def complete(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        if self.status != 200:
            return JSONResponse({"error": "no"}, status_code=self.status)
        return StreamingResponse(self._chunks(), media_type="text/event-stream")

    def _chunks(self) -> Iterator[str]:
        for word in ("Really ", "local ", "words"):
            yield self._data({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
        if self.breaks_off:
            yield "data: {\n\n"
        yield self._data({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish_reason}]})
        yield self._data({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}})
        yield "data: [DONE]\n\n"

    @staticmethod
    def _data(event: dict[str, Any]) -> str:
        return f"data: {json.dumps(event)}\n\n"


@pytest.fixture
def model() -> LocalModel:
    return LocalModel()


@contextlib.asynccontextmanager
async def fronted_by_emulator(upstream: str) -> AsyncIterator[Caller]:
    emulator = Emulator(pace=0, upstream=upstream)
    with serving(Starlette(routes=emulator.routes("/emulator"))) as base:
        async with calling(emulator, f"{base}/emulator") as caller:
            yield caller


@pytest.fixture
async def caller(model: LocalModel) -> AsyncIterator[Caller]:
    with serving(Starlette(routes=model.routes)) as base:
        async with fronted_by_emulator(f"{base}/v1/") as caller:
            yield caller


async def test_a_local_model_writes_behind_every_operation(caller: Caller, model: LocalModel) -> None:
    response = await caller.v1().responses.create(model=BALANCED, input="Hello", instructions="Be kind")
    chat = await caller.v1().chat.completions.create(model=BALANCED, messages=ASK, max_tokens=9)
    legacy = await caller.dated().completions.create(model=LEGACY, prompt="Hello", max_tokens=9)

    assert response.output_text == chat.choices[0].message.content == legacy.choices[0].text == "Really local words"
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 3)
    assert model.bodies[0]["messages"][0] == {"role": "system", "content": "Be kind"}
    assert [body.get("max_tokens") for body in model.bodies] == [None, 9, 9]
    assert {body["model"] for body in model.bodies} == {"llama-local"}


async def test_a_local_model_streams_through_the_front(caller: Caller, model: LocalModel) -> None:
    model.finish_reason = "length"
    events = [event async for event in await caller.v1().responses.create(model=BALANCED, input="Hi", stream=True)]

    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert deltas == ["Really ", "local ", "words"]
    assert events[-1].type == "response.incomplete"


async def test_the_front_still_asks_for_a_token_and_never_passes_it_on(caller: Caller, model: LocalModel) -> None:
    refused = await caller.post("v1/chat/completions", {"model": BALANCED, "messages": ASK}, {"api-key": "x"})
    await caller.chat()

    assert refused.status_code == 403
    assert len(model.headers) == 1
    assert "authorization" not in model.headers[0]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_refusal_of_the_local_model_keeps_its_status(
    caller: Caller, model: LocalModel, *, streamed: bool
) -> None:
    model.status = 422

    assert (await caller.chat(stream=streamed)).status_code == 422


async def test_a_local_model_that_breaks_off_leaves_an_unfinished_stream(caller: Caller, model: LocalModel) -> None:
    model.breaks_off = True

    raw = (await caller.chat(stream=True)).text
    assert "words" in raw
    assert '"finish_reason":"stop"' not in raw
    assert "[DONE]" not in raw
    assert (await caller.chat()).status_code == 503


async def test_a_local_model_that_is_not_there_is_a_503() -> None:
    async with fronted_by_emulator("http://127.0.0.1:9/v1") as caller:
        with pytest.raises(openai.InternalServerError) as raised:
            await caller.v1().responses.create(model=BALANCED, input="Hello")

        assert raised.value.status_code == 503
        assert access_token(caller.emulator)[:20] not in str(raised.value.body)
