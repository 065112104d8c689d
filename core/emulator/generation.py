"""An answer while it is being written, before it has the shape of any API."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.emulator import content_filter
from core.emulator.prompt import Prompt, split

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.emulator.deployments import Deployment

    Pieces = AsyncGenerator[tuple["Choice", str], None]

FinishReason = Literal["stop", "length", "content_filter"]

PIECES_BEFORE_THE_FILTER = 6
REASONING_TOKENS = {"none": 0, "minimal": 24, "low": 64, "medium": 160, "high": 480, "xhigh": 960}


@dataclass
class Choice:
    """One alternative: its text so far, and how it ended."""

    index: int
    text: str = ""
    finish_reason: FinishReason = "stop"


@dataclass
class Generation:
    """One answer, possibly with alternatives.

    Attributes:
        model: The base model, as answers name it.
        prompt: What was asked.
        pieces: The text as it comes, each piece with the choice it belongs to. Consumed by :meth:`run`.
        choices: The alternatives; their texts grow while the pieces are consumed.
        prompt_tokens: Tokens read.
        written_tokens: Visible tokens written.
        reasoning_tokens: Hidden tokens spent before them.
        answer_filter: The content filter's note on the answer.
        id: Unique, without the prefix that each API gives it.
        created: Seconds since the epoch.
    """

    model: str
    prompt: Prompt
    pieces: Pieces
    choices: list[Choice]
    prompt_tokens: int
    written_tokens: int = 0
    reasoning_tokens: int = 0
    answer_filter: content_filter.Annotation = field(default_factory=lambda: content_filter.SAFE_ANSWER)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def completion_tokens(self) -> int:
        """Tokens written, hidden ones included."""
        return self.written_tokens + self.reasoning_tokens

    async def run(self) -> Pieces:
        """Yield every piece and keep what was yielded in its choice."""
        async with contextlib.aclosing(self.pieces) as pieces:
            async for choice, piece in pieces:
                choice.text += piece
                yield choice, piece

    async def finish(self) -> None:
        """Write it to its end."""
        async for _ in self.run():
            pass


def simulated(deployment: Deployment, prompt: Prompt, texts: list[str], pace: float) -> Generation:
    """Write the given texts, one per choice, at the speed of the deployment and within the prompt's limit."""
    choices = [Choice(index) for index in range(len(texts))]
    generation = Generation(deployment.model, prompt, _nothing(), choices, prompt.tokens)
    generation.pieces = _paced(generation, deployment, texts, pace)
    return generation


def filtered_midway(generation: Generation) -> None:
    """Let the content filter end the answer after a few pieces."""
    pieces = generation.pieces
    generation.answer_filter = content_filter.FILTERED_ANSWER

    async def cut() -> Pieces:
        count = 0
        async with contextlib.aclosing(pieces) as rest:
            async for piece in rest:
                yield piece
                count += 1
                if count == PIECES_BEFORE_THE_FILTER:
                    break
        for choice in generation.choices:
            choice.finish_reason = "content_filter"

    generation.pieces = cut()


def filter_down(generation: Generation) -> None:
    """Let the content filter be out of order."""
    generation.answer_filter = content_filter.FILTER_DOWN


async def _paced(generation: Generation, deployment: Deployment, texts: list[str], pace: float) -> Pieces:
    prompt = generation.prompt
    limit = prompt.limit
    if deployment.is_reasoning:
        wanted = REASONING_TOKENS.get(prompt.effort, REASONING_TOKENS["medium"])
        generation.reasoning_tokens = wanted if limit is None else min(wanted, limit)
    await asyncio.sleep(deployment.first_token_seconds * pace)
    room = None if limit is None else limit - generation.reasoning_tokens
    for choice, text in zip(generation.choices, texts, strict=True):
        tokens = split(_stopped(text, prompt.stops))
        if room is not None and len(tokens) > room:
            tokens = tokens[:room]
            choice.finish_reason = "length"
        for token in tokens:
            generation.written_tokens += 1
            yield choice, token
            await asyncio.sleep(pace / deployment.tokens_per_second)


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    ends = [text.find(stop) for stop in stops if stop and stop in text]
    return text[: min(ends)] if ends else text


async def _nothing() -> Pieces:
    return
    yield
