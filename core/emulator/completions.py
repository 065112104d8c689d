"""Legacy completions on the wire."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from core.emulator import chat, content_filter, refusals
from core.emulator.dialect import Dialect
from core.emulator.prompt import Prompt, Turn, number, stops_of, whole_number

if TYPE_CHECKING:
    from core.emulator.deployments import Deployment
    from core.emulator.dialect import Body, Events
    from core.emulator.generation import Choice, Generation

USUAL_TOKENS = 16


def read(body: Body, deployment: Deployment) -> Prompt:  # noqa: ARG001 - every operation reads alike
    """Read a request; without ``max_tokens`` the answer is cut after 16 tokens, as the API has it.

    Raises:
        Refused: A parameter is missing or of the wrong type.
    """
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise refusals.missing_parameter("prompt") if prompt is None else refusals.invalid_type("prompt", "a string")
    options = body.get("stream_options") or {}
    return Prompt(
        (Turn("user", prompt),),
        limit=whole_number(body, "max_tokens", 1, chat.MOST_TOKENS) or USUAL_TOKENS,
        temperature=number(body, "temperature", 0, 2, 1),
        choices=whole_number(body, "n", 1, chat.MOST_CHOICES) or 1,
        stops=stops_of(body),
        seed=whole_number(body, "seed", -(2**63), 2**63 - 1),
        is_streamed=body.get("stream") is True,
        wants_usage=bool(options.get("include_usage")),
        body=body,
    )


def whole(generation: Generation) -> Body:
    """Shape a finished answer."""
    return {
        **_head(generation),
        "choices": [
            {**_choice(choice, choice.text), "content_filter_results": generation.answer_filter}
            for choice in generation.choices
        ],
        "usage": chat.usage(generation),
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": content_filter.SAFE_PROMPT}],
    }


async def events(generation: Generation) -> Events:
    """Shape an answer as chunks while it is written.

    Chunks before the last have ``finish_reason: null``, as the service sends them, although the public description
    allows no null there.
    """
    head = _head(generation)
    async with contextlib.aclosing(generation.run()) as pieces:
        async for choice, piece in pieces:
            yield {**head, "choices": [{**_choice(choice, piece), "finish_reason": None}]}
    for choice in generation.choices:
        yield {**head, "choices": [{**_choice(choice, ""), "content_filter_results": generation.answer_filter}]}
    if generation.prompt.wants_usage:
        yield {**head, "choices": [], "usage": chat.usage(generation)}


def _head(generation: Generation) -> Body:
    return {
        "id": f"cmpl-{generation.id}",
        "object": "text_completion",
        "created": generation.created,
        "model": generation.model,
    }


def _choice(choice: Choice, text: str) -> Body:
    return {"index": choice.index, "text": text, "finish_reason": choice.finish_reason, "logprobs": None}


COMPLETIONS = Dialect(
    operation="completions",
    name_in_refusals="completions",
    name_in_quotas="Completions_Create",
    is_terminated=True,
    read=read,
    whole=whole,
    events=events,
)
