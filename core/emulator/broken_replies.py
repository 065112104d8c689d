"""Answers that are broken as HTTP: odd statuses, odd bodies, and bodies far too large."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import zlib
from typing import TYPE_CHECKING

from core.emulator import refusals
from core.emulator.reply import EVENT_STREAM, JSON, Refused, Reply, as_json

if TYPE_CHECKING:
    from core.emulator.reply import Frames

MEBIBYTE = 1024 * 1024
HTML = "text/html; charset=utf-8"
PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Something is wrong here</h1></body></html>"


def html(status: int) -> Refused:
    """A page of some gateway in between."""
    return Refused(status, PAGE, content_type=HTML)


def body(content: bytes, content_type: str = JSON) -> Refused:
    """Status 200 and exactly these bytes."""
    return Refused(200, content, content_type=content_type)


def choices_null() -> Refused:
    """An answer whose list of choices, or of output items, is null."""
    head = {"id": "chatcmpl-odd", "object": "chat.completion", "created": 0, "model": "odd"}
    return body(as_json({**head, "choices": None, "output": None}))


def server_error() -> Refused:
    """The service failed."""
    message = "The server had an error processing your request. Sorry about that!"
    return refusals.error(500, "InternalServerError", message)


def redirect(status: int, origin: str) -> Refused:
    """Send the caller, and the prompt, to another origin."""
    return Refused(status, b"", {"location": f"{origin}/openai/v1/elsewhere"})


def rate_limited_until(seconds: int) -> Refused:
    """Refuse with the wait as an HTTP date."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return refusals.rate_limited(seconds, {"retry-after": email.utils.format_datetime(moment, usegmt=True)})


def gzip_bomb(mebibytes: int = 300) -> Reply:
    """A small compressed body that grows to 300 MiB of spaces; compressed while it is read."""

    async def frames() -> Frames:
        compressor = zlib.compressobj(wbits=31)
        block = b" " * MEBIBYTE
        for _ in range(mebibytes):
            if packed := compressor.compress(block):
                yield packed
            await asyncio.sleep(0)
        yield compressor.flush()

    return Reply(200, {"content-type": JSON, "content-encoding": "gzip"}, frames())


def endless_line(mebibytes: int = 64) -> Reply:
    """A stream of 64 MiB without a line's end."""

    async def frames() -> Frames:
        yield b"data: "
        for _ in range(mebibytes):
            yield b"x" * MEBIBYTE
            await asyncio.sleep(0)

    return Reply(200, {"content-type": EVENT_STREAM}, frames())


def big_chunk(mebibytes: int = 20) -> Reply:
    """One event of 20 MiB."""

    async def frames() -> Frames:
        yield b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * (mebibytes * MEBIBYTE) + b'"}}]}\n\n'

    return Reply(200, {"content-type": EVENT_STREAM}, frames())


def hang() -> Reply:
    """Never a byte, until the caller hangs up."""

    async def frames() -> Frames:
        await asyncio.Event().wait()
        yield b""

    return Reply(200, {"content-type": JSON}, frames())
