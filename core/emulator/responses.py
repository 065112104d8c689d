"""Responses on the wire."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from core.emulator import content_filter, refusals
from core.emulator.chat import MOST_TOKENS, ONLY_WITHOUT_REASONING
from core.emulator.dialect import Dialect
from core.emulator.prompt import Prompt, conversation, number, schema_of, whole_number

if TYPE_CHECKING:
    from core.emulator.deployments import Deployment
    from core.emulator.dialect import Body, Events
    from core.emulator.generation import Generation


def read(body: Body, deployment: Deployment) -> Prompt:
    """Read a request. ``store`` may be true or false: nothing is ever stored.

    Raises:
        Refused: A parameter is missing, of the wrong type, or not for this model.
    """
    _check_sampling(body, deployment)
    asked = body.get("input")
    if isinstance(asked, str):
        asked = [{"role": "user", "content": asked}]
    if isinstance(asked, list) and asked:
        turns, system = conversation([item for item in asked if _is_message(item)])
    else:
        raise refusals.missing_parameter("input")
    if body.get("previous_response_id"):
        raise refusals.previous_response_missing(str(body["previous_response_id"]))
    return Prompt(
        turns,
        "\n\n".join(text for text in (body.get("instructions"), system) if text),
        limit=whole_number(body, "max_output_tokens", 16, MOST_TOKENS),
        temperature=number(body, "temperature", 0, 2, 1),
        schema=schema_of((body.get("text") or {}).get("format")),
        effort=(body.get("reasoning") or {}).get("effort") or "medium",
        is_streamed=body.get("stream") is True,
        body=body,
    )


def whole(generation: Generation) -> Body:
    """Shape a finished answer."""
    ended = generation.choices[0].finish_reason
    status = "completed" if ended == "stop" else "incomplete"
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(ended)
    return {
        **_response(generation, status),
        "completed_at": generation.created if status == "completed" else None,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": _output(generation, status),
        "usage": usage(generation),
        "content_filters": _content_filters(generation),
    }


async def events(generation: Generation) -> Events:
    """Shape an answer as numbered events while it is written."""
    number = 0

    def event(kind: str, **more: object) -> Body:
        nonlocal number
        number += 1
        return {"type": kind, "sequence_number": number - 1, **more}

    started = _response(generation, "in_progress")
    yield event("response.created", response=started)
    yield event("response.in_progress", response=started)
    index = 0
    async with contextlib.aclosing(generation.run()) as pieces:
        first = await anext(pieces, None)
        if generation.reasoning_tokens:
            thought = _reasoning(generation)
            yield event("response.output_item.added", output_index=0, item=thought)
            yield event("response.output_item.done", output_index=0, item=thought)
            index = 1
        place = {"item_id": f"msg_{generation.id}", "output_index": index, "content_index": 0}
        if first is not None:
            empty = {**_message(generation, "in_progress"), "content": []}
            yield event("response.output_item.added", output_index=index, item=empty)
            yield event("response.content_part.added", **place, part=_part(""))
            yield event("response.output_text.delta", **place, delta=first[1], logprobs=[])
        async for _, piece in pieces:
            yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
    done = whole(generation)
    if first is not None:
        text = generation.choices[0].text
        yield event("response.output_text.done", **place, text=text, logprobs=[])
        yield event("response.content_part.done", **place, part=_part(text))
        yield event("response.output_item.done", output_index=index, item=done["output"][index])
    yield event(f"response.{done['status']}", response=done)


def usage(generation: Generation) -> Body:
    """Count tokens as Responses report them."""
    return {
        "input_tokens": generation.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": generation.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": generation.reasoning_tokens},
        "total_tokens": generation.prompt_tokens + generation.completion_tokens,
    }


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and item.get("type", "message") == "message"


def _check_sampling(body: Body, deployment: Deployment) -> None:
    if not deployment.is_reasoning:
        if (body.get("reasoning") or {}).get("effort") is not None:
            raise refusals.unsupported_parameter("reasoning.effort")
        return
    for name in ("temperature", *ONLY_WITHOUT_REASONING):
        if body.get(name) is not None:
            raise refusals.unsupported_parameter(name)


def _response(generation: Generation, status: str) -> Body:
    """Everything about a response that is known before its text, with the caller's parameters sent back."""
    prompt = generation.prompt
    body = prompt.body
    return {
        "id": f"resp_{generation.id}",
        "object": "response",
        "created_at": generation.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": prompt.limit,
        "metadata": body.get("metadata") or {},
        "model": generation.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": prompt.effort, "summary": None},
        "store": body.get("store") is not False,
        "temperature": prompt.temperature,
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": body.get("top_p") or 1.0,
        "truncation": "disabled",
    }


def _output(generation: Generation, status: str) -> list[Body]:
    thought = [_reasoning(generation)] if generation.reasoning_tokens else []
    return [*thought, _message(generation, status)] if generation.choices[0].text else thought


def _message(generation: Generation, status: str) -> Body:
    return {
        "id": f"msg_{generation.id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [_part(generation.choices[0].text)],
    }


def _reasoning(generation: Generation) -> Body:
    return {"id": f"rs_{generation.id}", "type": "reasoning", "summary": []}


def _part(text: str) -> Body:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _content_filters(generation: Generation) -> list[Body]:
    """Azure's own note beside the answer, one for the prompt and one for the text."""
    offsets = {"start_offset": 0, "end_offset": len(generation.choices[0].text), "check_offset": 0}
    notes = {"prompt": content_filter.SAFE_PROMPT, "completion": generation.answer_filter}
    return [
        {
            "blocked": source == "completion" and generation.choices[0].finish_reason == "content_filter",
            "source_type": source,
            "content_filter_raw": [],
            "content_filter_results": note,
            "content_filter_offsets": offsets,
        }
        for source, note in notes.items()
    ]


RESPONSES = Dialect(
    operation="responses",
    name_in_refusals="responses",
    name_in_quotas="Responses_Create",
    is_terminated=False,
    read=read,
    whole=whole,
    events=events,
)
