"""Chat completions on the wire."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from core.emulator import content_filter, refusals
from core.emulator.dialect import Dialect
from core.emulator.prompt import Prompt, conversation, number, schema_of, stops_of, whole_number

if TYPE_CHECKING:
    from core.emulator.deployments import Deployment
    from core.emulator.dialect import Body, Events
    from core.emulator.generation import Choice, Generation

MOST_TOKENS = 10_000_000
MOST_CHOICES = 16
ONLY_WITHOUT_REASONING = (
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
)


def read(body: Body, deployment: Deployment) -> Prompt:
    """Read a request.

    Raises:
        Refused: A parameter is missing, of the wrong type, or not for this model.
    """
    _check_sampling(body, deployment)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise refusals.missing_parameter("messages")
    turns, system = conversation(messages)
    limit = whole_number(body, "max_completion_tokens", 1, MOST_TOKENS)
    options = body.get("stream_options") or {}
    return Prompt(
        turns,
        system,
        limit=limit or whole_number(body, "max_tokens", 1, MOST_TOKENS),
        temperature=number(body, "temperature", 0, 2, 1),
        choices=whole_number(body, "n", 1, MOST_CHOICES) or 1,
        schema=schema_of(body.get("response_format")),
        stops=stops_of(body),
        seed=whole_number(body, "seed", -(2**63), 2**63 - 1),
        effort=body.get("reasoning_effort") or "medium",
        is_streamed=body.get("stream") is True,
        wants_usage=bool(options.get("include_usage")),
        body=body,
    )


def whole(generation: Generation) -> Body:
    """Shape a finished answer."""
    return {
        **_head(generation, "chat.completion"),
        "choices": [
            {
                "index": choice.index,
                "message": {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []},
                "finish_reason": choice.finish_reason,
                "logprobs": None,
                "content_filter_results": generation.answer_filter,
            }
            for choice in generation.choices
        ],
        "usage": usage(generation),
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": content_filter.SAFE_PROMPT}],
    }


async def events(generation: Generation) -> Events:
    """Shape an answer as chunks while it is written."""
    head = _head(generation, "chat.completion.chunk")
    if generation.prompt.wants_usage:
        head["usage"] = None
    filtered_prompt = [{"prompt_index": 0, "content_filter_results": content_filter.SAFE_PROMPT}]
    for choice in generation.choices:
        role = {"role": "assistant", "content": "", "refusal": None}
        yield {**head, "choices": [_chunk(choice, role)], "prompt_filter_results": filtered_prompt}
    async with contextlib.aclosing(generation.run()) as pieces:
        async for choice, piece in pieces:
            yield {**head, "choices": [_chunk(choice, {"content": piece})]}
    for choice in generation.choices:
        last = {**_chunk(choice, {}), "finish_reason": choice.finish_reason}
        yield {**head, "choices": [{**last, "content_filter_results": generation.answer_filter}]}
    if generation.prompt.wants_usage:
        yield {**head, "choices": [], "usage": usage(generation)}


def usage(generation: Generation) -> Body:
    """Count tokens as chat and legacy completions report them."""
    return {
        "prompt_tokens": generation.prompt_tokens,
        "completion_tokens": generation.completion_tokens,
        "total_tokens": generation.prompt_tokens + generation.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": generation.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _check_sampling(body: Body, deployment: Deployment) -> None:
    if not deployment.is_reasoning:
        if body.get("reasoning_effort") is not None:
            raise refusals.unsupported_parameter("reasoning_effort")
        return
    if body.get("max_tokens") is not None:
        raise refusals.unsupported_parameter("max_tokens", "max_completion_tokens")
    if body.get("temperature") not in {None, 1}:
        raise refusals.unsupported_value("temperature", body["temperature"], 1)
    for name in ONLY_WITHOUT_REASONING:
        if body.get(name) is not None:
            raise refusals.unsupported_parameter(name)


def _head(generation: Generation, kind: str) -> Body:
    return {
        "id": f"chatcmpl-{generation.id}",
        "object": kind,
        "created": generation.created,
        "model": generation.model,
        "system_fingerprint": "fp_simulated",
    }


def _chunk(choice: Choice, delta: Body) -> Body:
    return {"index": choice.index, "delta": delta, "finish_reason": None, "logprobs": None}


CHAT = Dialect(
    operation="chat",
    name_in_refusals="chatCompletion",
    name_in_quotas="ChatCompletions_Create",
    is_terminated=True,
    read=read,
    whole=whole,
    events=events,
)
