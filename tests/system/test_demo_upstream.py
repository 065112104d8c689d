"""Demo mode with a real model behind it: the same front, the same roles, other words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.emulator.directory import NEW_JOINER
from tests.support.app_process import running_app
from tests.support.prompt_page import opened
from tests.support.serving import serving
from tests.support.streamlit_tab import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request


class LocalModel:
    """An OpenAI-compatible server as small as it can be."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []

    @property
    def app(self) -> Starlette:
        """Its two routes."""
        complete = Route("/v1/chat/completions", self.complete, methods=["POST"])
        return Starlette(routes=[Route("/v1/models", self.models), complete])

    async def models(self, _request: Request) -> Response:
        """Its one model."""
        return JSONResponse({"data": [{"id": "small-local-model"}]})

    async def complete(self, request: Request) -> Response:
        """A short answer, streamed."""
        self.received.append((dict(request.headers), await request.json()))
        return StreamingResponse(self._events(), media_type="text/event-stream")

    @staticmethod
    def _events() -> Iterator[str]:
        for delta, finish in (
            ({"content": "Cold words "}, None),
            ({"content": "from next door."}, None),
            ({}, "stop"),
        ):
            yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n"
        yield "data: [DONE]\n\n"


@pytest.fixture
def model() -> LocalModel:
    return LocalModel()


def test_the_model_next_door_writes_and_never_sees_a_token(model: LocalModel, tmp_path: Path) -> None:
    with (
        serving(model.app) as url,
        running_app(tmp_path, extra={"KEYLESS_DEMO_UPSTREAM": f"{url}/v1"}) as app,
    ):
        with opened(Browser.signed_in(app.url)) as page:
            shown = page.answer_to("Write a tagline for an ice cream brand:")
        assert "Cold words from next door." in shown
        assert "with their own token" in shown
        ((headers, body),) = model.received
        assert body["model"] == "small-local-model"
        assert body["messages"][-1]["content"] == "Write a tagline for an ice cream brand:"
        assert not {"authorization", "api-key", "cookie"} & set(headers)
        with opened(Browser.signed_in(app.url, NEW_JOINER)) as page:
            assert "Cognitive Services OpenAI User" in page.answer_to("And for me?")
        assert len(model.received) == 1


def test_a_model_that_is_not_there_is_said_on_the_page(tmp_path: Path) -> None:
    with (
        running_app(tmp_path, extra={"KEYLESS_DEMO_UPSTREAM": "http://127.0.0.1:9/v1"}) as app,
        opened(Browser.signed_in(app.url)) as page,
    ):
        shown = page.answer_to("Write a tagline for an ice cream brand:")
        assert "failed" in shown
        assert "Traceback" not in app.printed() + shown
