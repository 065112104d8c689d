"""A real OpenAI-compatible server behind the same keyless front: it writes, the emulator guards the door."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx2

from core.emulator import refusals
from core.emulator.generation import Choice, FinishReason, Generation
from core.emulator.prompt import split

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.emulator.deployments import Deployment
    from core.emulator.generation import Pieces
    from core.emulator.prompt import Prompt

TIMEOUT = httpx2.Timeout(connect=5, read=120, write=30, pool=5)
FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}


class Upstream:
    """The server at one base URL, such as ``http://127.0.0.1:11434/v1``.

    It is asked for streamed chat completions whatever the caller asked for, and for the first model it lists. No
    token of a caller ever reaches it.

    Args:
        base_url: Where ``/chat/completions`` and ``/models`` are.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._model: str | None = None

    async def generation(self, deployment: Deployment, prompt: Prompt) -> Generation:
        """Start an answer; its pieces come as the server sends them.

        Raises:
            Refused: With 503, when the server cannot be reached, or with its own status, when it refuses.
        """
        choice = Choice(0)
        generation = Generation(deployment.model, prompt, _none(), [choice], prompt.tokens)
        pieces = self._pieces(generation, choice)
        first = await anext(pieces, None)
        generation.pieces = _resumed(first, pieces)
        return generation

    async def _pieces(self, generation: Generation, choice: Choice) -> Pieces:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
                body = self._body(generation.prompt, await self._named_model(client))
                async with client.stream("POST", f"{self._base_url}/chat/completions", json=body) as response:
                    if not response.is_success:
                        raise refusals.error(
                            response.status_code, "UpstreamRefused", "The local model refused the call."
                        )
                    async for line in response.aiter_lines():
                        if text := _read(line, generation, choice):
                            yield choice, text
        except (httpx2.HTTPError, ValueError) as error:
            message = f"The local model does not answer as it should: {type(error).__name__}."
            raise refusals.error(503, "UpstreamFailed", message) from None

    async def _named_model(self, client: httpx2.AsyncClient) -> str:
        if self._model is None:
            response = await client.get(f"{self._base_url}/models")
            models = response.json().get("data") if response.is_success else None
            self._model = models[0]["id"] if models else "default"
        return self._model

    @staticmethod
    def _body(prompt: Prompt, model: str) -> dict[str, Any]:
        system = [{"role": "system", "content": prompt.system}] if prompt.system else []
        body: dict[str, Any] = {
            "model": model,
            "messages": [*system, *({"role": turn.role, "content": turn.text} for turn in prompt.turns)],
            "temperature": prompt.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.limit is not None:
            body["max_tokens"] = prompt.limit
        if prompt.stops:
            body["stop"] = list(prompt.stops)
        if prompt.seed is not None:
            body["seed"] = prompt.seed
        if prompt.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": prompt.schema},
            }
        return body


def _read(line: str, generation: Generation, choice: Choice) -> str:
    """Read one line of the server's stream: the text in it, while usage and finish reason go where they belong."""
    if not line.startswith("data:") or line.endswith("[DONE]"):
        return ""
    event = json.loads(line.removeprefix("data:"))
    usage = event.get("usage")
    if usage:
        generation.prompt_tokens = usage.get("prompt_tokens", generation.prompt_tokens)
        generation.written_tokens = usage.get("completion_tokens", generation.written_tokens)
    text = ""
    for part in event.get("choices") or []:
        choice.finish_reason = FINISH_REASONS.get(part.get("finish_reason") or "", choice.finish_reason)
        text += (part.get("delta") or {}).get("content") or ""
    if text and not usage:
        generation.written_tokens += len(split(text))
    return text


async def _resumed(first: tuple[Choice, str] | None, rest: Pieces) -> Pieces:
    async with contextlib.aclosing(rest):
        if first is not None:
            yield first
        async for piece in rest:
            yield piece


async def _none() -> AsyncGenerator[tuple[Choice, str], None]:
    return
    yield
