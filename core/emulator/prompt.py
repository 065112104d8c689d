"""What a caller asks for, read from any of the three wire shapes into one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from core.emulator import refusals

_TOKEN = re.compile(r"\s*[^\W_]{1,6}|\s*[\W_]|\s+")


@dataclass(frozen=True)
class Turn:
    """One message of the conversation; ``role`` is ``user`` or ``assistant``."""

    role: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """A request, whatever its wire shape.

    Attributes:
        turns: The conversation, oldest first; the last one is what to answer.
        system: System, developer message or instructions; empty when there is none.
        limit: Most tokens to write, hidden ones included, or ``None``.
        temperature: From 0 to 2.
        choices: How many alternatives to write.
        schema: The JSON schema that the answer must fit, or ``None`` for prose.
        stops: Texts before which an answer ends.
        seed: The caller's own seed, or ``None``.
        effort: Reasoning effort by its name in the API.
        is_streamed: Whether the caller wants events.
        wants_usage: Whether a stream of chunks is to end with the usage.
        body: The request as it came, for what an answer sends back.
    """

    turns: tuple[Turn, ...]
    system: str = ""
    limit: int | None = None
    temperature: float = 1.0
    choices: int = 1
    schema: dict[str, Any] | None = None
    stops: tuple[str, ...] = ()
    seed: int | None = None
    effort: str = "medium"
    is_streamed: bool = False
    wants_usage: bool = False
    body: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def tokens(self) -> int:
        """Tokens read; every message costs a few more than its text."""
        texts = [turn.text for turn in self.turns] + [self.system] * bool(self.system)
        return sum(len(split(text)) + 4 for text in texts) + 3


def split(text: str) -> list[str]:
    """Cut a text into pieces about as long as a model's tokens; joined, they are the text again."""
    return _TOKEN.findall(text)


def text_of(content: object) -> str:
    """Read a message's content: a text, or a list of parts of which the text parts count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
    return ""


def number(body: dict[str, Any], name: str, low: float, high: float, default: float) -> float:
    """Read an optional number.

    Raises:
        Refused: It is no number, or out of its range.
    """
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusals.invalid_type(name, "a number")
    if not low <= value <= high:
        raise refusals.out_of_range(name, value, low, high)
    return value


def whole_number(body: dict[str, Any], name: str, low: int, high: int) -> int | None:
    """Read an optional whole number; raises ``Refused`` like :func:`number`."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float):
        raise refusals.invalid_type(name, "an integer")
    return int(number(body, name, low, high, low))


def conversation(messages: list[Any]) -> tuple[tuple[Turn, ...], str]:
    """Read a list of messages into turns and the system text."""
    turns, system = [], []
    for message in messages:
        if not isinstance(message, dict):
            raise refusals.invalid_type("messages", "a list of objects")
        role, text = message.get("role", "user"), text_of(message.get("content"))
        if role in {"system", "developer"}:
            system.append(text)
        else:
            turns.append(Turn("assistant" if role == "assistant" else "user", text))
    return tuple(turns), "\n\n".join(system)


def stops_of(body: dict[str, Any]) -> tuple[str, ...]:
    """Read ``stop``: nothing, one text, or several."""
    stop = body.get("stop")
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(str(text) for text in stop)


def schema_of(asked: object) -> dict[str, Any] | None:
    """Read the JSON schema of a ``response_format`` or ``text.format``; plain JSON mode asks for an object."""
    if not isinstance(asked, dict):
        return None
    if asked.get("type") == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    schema = asked.get("json_schema", asked).get("schema")
    return schema if isinstance(schema, dict) else None
