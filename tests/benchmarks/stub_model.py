"""A model that answers at a set pace, so that everything else there is to wait for was added on the way.

``python -m tests.benchmarks.stub_model PORT`` serves, on loopback: chat completions, legacy completions and Responses
(v1 and dated paths), streamed; the managed-identity endpoint of an App Service; the raw page; and ``/sent``, which
says when each token of each prompt's latest answer left.

The prompt sets the pace: "100 tokens at 50 a second after 200 ms". Without a bearer there is no answer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

PACE: Final = re.compile(r"(\d+) tokens at (\d+) a second after (\d+) ms")
TOKENS_IN_A_PARAGRAPH: Final = 40
RAW_PAGE: Final = Path(__file__).parent / "raw.html"
LIFETIME_SECONDS: Final = 86_400

Event = dict[str, Any]


class Counts:
    """What was asked of this process, and when each answer left it: epoch seconds, by prompt."""

    def __init__(self) -> None:
        self.answers = 0
        self.identity = 0
        self.asked_at: dict[str, float] = {}
        self.sent_at: dict[str, list[float]] = {}


counts = Counts()


def token(number: int) -> str:
    """The text of one token; a page is searched for it to see how far it has come."""
    return f"t{number:04d}" + ("\n\n" if (number + 1) % TOKENS_IN_A_PARAGRAPH == 0 else " ")


def _chat(text: str | None) -> list[Event]:
    if text is not None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        return [{"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub", "choices": [choice]}]
    choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [{"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub", "choices": [choice]}]


def _completions(text: str | None) -> list[Event]:
    choice = {"index": 0, "text": text or "", "finish_reason": None if text is not None else "stop", "logprobs": None}
    return [{"id": "c", "object": "text_completion", "created": 0, "model": "stub", "choices": [choice]}]


def _responses(text: str | None) -> list[Event]:
    if text is not None:
        place = {"item_id": "m", "output_index": 0, "content_index": 0, "sequence_number": 0, "logprobs": []}
        return [{"type": "response.output_text.delta", "delta": text, **place}]
    return [
        {"type": "response.completed", "sequence_number": 0, "response": {"model": "stub", "status": "completed"}}
    ]


async def _stream(prompt: str, events: Callable[[str | None], list[Event]]) -> AsyncIterator[bytes]:
    found = PACE.search(prompt)
    tokens, rate, first_milliseconds = map(int, found.groups()) if found else (20, 50, 200)
    due = time.perf_counter() + first_milliseconds / 1000
    sent_at = counts.sent_at[prompt] = []
    for number in range(tokens):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        due += 1 / rate
        sent_at.append(time.time())
        yield _encoded(events(token(number)))
    yield _encoded(events(None))
    yield b"data: [DONE]\n\n"


def _encoded(events: list[Event]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def _answering(events: Callable[[str | None], list[Event]]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        asked_at = time.time()
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return JSONResponse({"error": {"code": "401", "message": "no bearer"}}, 401)
        body = await request.json()
        counts.answers += 1
        prompt = _last_prompt(body)
        counts.asked_at[prompt] = asked_at
        return StreamingResponse(_stream(prompt, events), media_type="text/event-stream")

    return answer


def _last_prompt(body: dict[str, Any]) -> str:
    asked = body.get("prompt") or body.get("input") or body.get("messages") or ""
    while isinstance(asked, list):
        asked = asked[-1]
    content = asked.get("content", "") if isinstance(asked, dict) else asked
    return content if isinstance(content, str) else str(content[-1].get("text", ""))


async def _identity(request: Request) -> JSONResponse:
    counts.identity += 1
    resource = request.query_params.get("resource", "")
    expires_on = int(time.time()) + LIFETIME_SECONDS
    parts = ({"alg": "RS256", "typ": "JWT"}, {"aud": resource, "exp": expires_on, "oid": "stub", "appid": "stub"})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return JSONResponse(
        {
            "access_token": ".".join([*encoded, "c3R1Yg"]),
            "expires_on": str(expires_on),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


async def _sent(_request: Request) -> JSONResponse:
    return JSONResponse(vars(counts))


async def _raw(_request: Request) -> FileResponse:
    return FileResponse(RAW_PAGE)


_DATED: Final = "/openai/deployments/{deployment}"
app = Starlette(
    routes=[
        Route("/openai/v1/chat/completions", _answering(_chat), methods=["POST"]),
        Route("/openai/v1/completions", _answering(_completions), methods=["POST"]),
        Route("/openai/v1/responses", _answering(_responses), methods=["POST"]),
        Route(f"{_DATED}/chat/completions", _answering(_chat), methods=["POST"]),
        Route(f"{_DATED}/completions", _answering(_completions), methods=["POST"]),
        Route("/identity", _identity),
        Route("/sent", _sent),
        Route("/raw", _raw),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, timeout_keep_alive=120)
