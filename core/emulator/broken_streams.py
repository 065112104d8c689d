"""Streams that are broken, or odd but legal: changed event by event, or byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from typing import TYPE_CHECKING, Any

from core.emulator import content_filter
from core.emulator.broken_replies import PAGE
from core.emulator.reply import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.emulator.dialect import Body, Events
    from core.emulator.reply import Frames

KEPT = 6
DRIP_SECONDS = 1.0
AZURE_HEAD: dict[str, Any] = {"id": "", "object": "", "created": 0, "model": ""}


async def unfinished(frames: Frames, _pace: float) -> Frames:
    """End after a few events, without a finish reason."""
    async for frame in _first(frames, KEPT):
        yield frame


async def without_done(frames: Frames, _pace: float) -> Frames:
    """Leave out the closing ``[DONE]`` alone."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            if frame != b"data: [DONE]\n\n":
                yield frame


async def half_chunk(frames: Frames, _pace: float) -> Frames:
    """End in the middle of an event."""
    count = 0
    async for frame in _first(frames, KEPT):
        count += 1
        yield frame if count < KEPT else frame[: len(frame) // 2]


def replaced(body: bytes) -> Callable[[Frames, float], Frames]:
    """Send these bytes in place of every event."""

    async def change(frames: Frames, _pace: float) -> Frames:
        await frames.aclose()
        if body:
            yield body

    return change


html_body = replaced(PAGE)
json_body = replaced(as_json({"id": "chatcmpl-odd", "object": "chat.completion", "choices": []}))
empty_body = replaced(b"")


def interrupted_by(frame: bytes) -> Callable[[Frames, float], Frames]:
    """Send these bytes after a few events, and go on."""

    async def change(frames: Frames, _pace: float) -> Frames:
        count = 0
        async with contextlib.aclosing(frames):
            async for sound in frames:
                yield sound
                count += 1
                if count == KEPT:
                    yield frame

    return change


bad_json = interrupted_by(b'data: {"id": "chatcmpl-odd", "choices": [\n\n')
bad_utf8 = interrupted_by(b'data: {"id": "\xff\xfe", "choices": []}\n\n')


async def byte_by_byte(frames: Frames, _pace: float) -> Frames:
    """Send every byte alone, so that characters arrive in parts."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            for position in range(len(frame)):
                yield frame[position : position + 1]


async def with_crlf(frames: Frames, _pace: float) -> Frames:
    """End lines with CR LF."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield frame.replace(b"\n", b"\r\n")


async def with_comments(frames: Frames, _pace: float) -> Frames:
    """Put comment lines between the events."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield b": keep-alive\n\n" + frame


async def after_done(frames: Frames, _pace: float) -> Frames:
    """Repeat an early event after the end."""
    early, count = b"", 0
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield frame
            count += 1
            if count == KEPT:
                early = frame
    yield early


async def drip(frames: Frames, pace: float) -> Frames:
    """Send an event per second, at pace 1."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            await asyncio.sleep(DRIP_SECONDS * pace)
            yield frame


async def stall(frames: Frames, _pace: float) -> Frames:
    """Fall silent after a few events, until the caller hangs up."""
    async for frame in _first(frames, KEPT):
        yield frame
    await asyncio.Event().wait()


async def empty_choices_first(events: Events) -> Events:
    """Begin as Azure does, with a chunk that has no choices and only annotates the prompt."""
    note = {"prompt_index": 0, "content_filter_results": content_filter.SAFE_PROMPT}
    async with contextlib.aclosing(events):
        async for event in events:
            if note and "choices" in event:
                yield {**AZURE_HEAD, "choices": [], "prompt_filter_results": [note]}
                note = {}
            yield event


async def null_delta(events: Events) -> Events:
    """Annotate the answer as Azure's asynchronous filter does, in chunks whose delta is null."""
    offsets = {"check_offset": 0, "start_offset": 0, "end_offset": 0}
    note = {"index": 0, "delta": None, "finish_reason": None, "content_filter_offsets": offsets}
    async with contextlib.aclosing(events):
        async for event in events:
            yield event
            if "choices" in event:
                results = {"content_filter_results": content_filter.SAFE_ANSWER}
                yield {**AZURE_HEAD, "choices": [{**note, **results}]}


def ended_by_error(code: str, message: str) -> Callable[[Events], Events]:
    """End after a few events with an error in the shape of the API."""

    async def change(events: Events) -> Events:
        count, is_typed = 0, False
        async for event in _first(events, KEPT):
            is_typed = "type" in event
            count += 1
            yield event
        error = {"code": code, "message": message, "param": None}
        if is_typed:
            yield {"type": "error", "sequence_number": count, **error}
        else:
            yield {"error": {**error, "type": "server_error"}}

    return change


error_event = ended_by_error(
    "server_error", "The server had an error while processing your request. Sorry about that!"
)
filter_event = ended_by_error(
    "content_filter",
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
)
rate_limit_event = ended_by_error("rate_limit_exceeded", "Rate limit is exceeded. Try again in 2 seconds.")


async def response_failed(events: Events) -> Events:
    """End a response with ``response.failed``; chunks just end."""
    started: Body = {}
    count = 0
    async for event in _first(events, KEPT):
        started = event.get("response", started)
        count += 1
        yield event
    if started:
        error = {"code": "server_error", "message": "The model failed to generate a response."}
        failed = {**started, "status": "failed", "error": error}
        yield {"type": "response.failed", "sequence_number": count, "response": failed}


def with_usage(change: Callable[[Any], Any]) -> Callable[[Body], Body]:
    """Change the usage, wherever the API puts it; a usage of ``None`` is left out."""

    def changed(event: Body) -> Body:
        event = copy.deepcopy(event)
        for holder in (event, event.get("response")):
            if holder and holder.get("usage"):
                holder["usage"] = change(holder["usage"])
                if holder["usage"] is None:
                    del holder["usage"]
        return event

    return changed


def each(change: Callable[[Body], Body]) -> Callable[[Events], Events]:
    """Change every event."""

    async def changed(events: Events) -> Events:
        async with contextlib.aclosing(events):
            async for event in events:
                yield change(event)

    return changed


def times(factor: int) -> Callable[[Any], Any]:
    """Multiply every count of a usage."""

    def multiplied(usage: Any) -> Any:  # noqa: ANN401 - a tree of counts
        if isinstance(usage, dict):
            return {name: multiplied(count) for name, count in usage.items()}
        return usage * factor

    return multiplied


async def usage_twice(events: Events) -> Events:
    """Send the event that carries the usage once more."""
    async with contextlib.aclosing(events):
        async for event in events:
            yield event
            if event.get("usage") or (event.get("response") or {}).get("usage"):
                yield event


async def _first(items: Any, count: int) -> Any:  # noqa: ANN401 - frames or events alike
    async with contextlib.aclosing(items):
        async for item in items:
            yield item
            count -= 1
            if count == 0:
                return
