"""Reading a streamed answer: bytes in, text out, for chat completions, legacy completions and Responses.

The openai library builds and sends the request; its stream classes are not used, because they take a broken stream
for a complete one and cost seven times as much per chunk.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from core.deployments.content_filter import NOTES, notes_by_side, objections, results_of
from core.deployments.deployment import Operation
from core.deployments.event_stream import MAX_BYTES, EventStream, too_large
from core.deployments.events import Finished, Notice, TextDelta, Usage
from core.errors import UnexpectedReply

if TYPE_CHECKING:
    from core.deployments.events import Event

MOST_TOKENS: Final = 10_000_000
"""A count beyond it is nonsense: no context window comes near."""

_DONE: Final = b"[DONE]"
_INCOMPLETE: Final = {"max_output_tokens": "length"}


class StreamFailed(Exception):
    """The service said in mid-stream that it failed; ``body`` is what it said."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__("the stream carried an error")
        self.body = body


class AnswerReader:
    """Reads one answer. Give it bytes as they come, and ``close`` it when none come any more.

    Raises, from ``feed`` and ``close``:
        StreamFailed: An error event.
        UnexpectedReply: Something that is no event of the operation, or more than ``MAX_BYTES``. What was read before
            it stays in ``take``.
    """

    def __init__(self, operation: Operation) -> None:
        self.is_over = False
        """Whether the service said that nothing more follows."""
        self.model = ""
        self.finish_reason: str | None = None
        self._read = {
            Operation.CHAT: self._chat,
            Operation.COMPLETIONS: self._completions,
            Operation.RESPONSES: self._responses,
        }[operation]
        self._stream = EventStream()
        self._texts: list[str] = []
        self._bytes = 0
        self._half_character = ""
        self._usage: Usage | None = None
        self._filtered: dict[str, dict[str, None]] = {"prompt": {}, "answer": {}}
        self._unchecked: set[str] = set()
        self._notices: list[Event] = []
        self._recognised = False

    def feed(self, chunk: bytes) -> None:
        """Read what has arrived; what it says is there to ``take``."""
        for data in self._stream.feed(chunk):
            self._event(data)
            if self.is_over:
                self._end_text()
                return

    def close(self) -> None:
        """Read what stands at the end without a blank line after it, if it is whole."""
        rest = self._stream.rest()
        if rest.strip() == _DONE or _is_json(rest):
            self._event(rest)
        self._end_text()
        if not self._recognised:
            raise UnexpectedReply(
                "The endpoint sent no answer.",
                detail="the reply had no event that belongs to an answer",
            )

    def take(self) -> list[Event]:
        """What has been read since the last time; text that arrived together is one piece."""
        events, self._notices = self._notices, []
        if self._texts:
            events.append(TextDelta("".join(self._texts)))
            self._texts.clear()
        return events

    def finished(self) -> Finished:
        """How it ended, as far as the service said."""
        return Finished(
            self.finish_reason,
            self._usage,
            self.model,
            tuple(self._filtered["answer"]),
            tuple(self._filtered["prompt"]),
        )

    def _event(self, data: bytes) -> None:
        if data.strip() == _DONE:
            self.is_over = self._recognised = True
            return
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            raise _unreadable() from None
        if not isinstance(body, dict):
            raise _unreadable()
        self._read(body)

    def _chat(self, body: dict[str, Any]) -> None:
        for choice in self._choices(body):
            delta = choice.get("delta")
            if isinstance(delta, dict):
                self._text(delta.get("content"))
                self._text(delta.get("refusal"))

    def _completions(self, body: dict[str, Any]) -> None:
        for choice in self._choices(body):
            self._text(choice.get("text"))

    def _choices(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """What chat and legacy completions have in common, and the choices that are ours."""
        if body.get("error"):
            raise StreamFailed(body)
        self._model_of(body)
        if body.get("usage") is not None:
            self._count(body["usage"], "prompt_tokens", "completion_tokens", "completion_tokens_details")
        for annotated in _dicts(body.get("prompt_filter_results")):
            self._annotations("prompt", results_of(annotated))
        choices = body.get("choices")
        if not isinstance(choices, list):
            return []
        self._recognised = True
        ours = [choice for choice in choices if isinstance(choice, dict) and not choice.get("index")]
        for choice in ours:
            if choice.get("finish_reason") and isinstance(choice["finish_reason"], str):
                self.finish_reason = choice["finish_reason"]
            self._annotations("answer", results_of(choice))
        return ours

    def _responses(self, body: dict[str, Any]) -> None:
        kind = body.get("type")
        if kind == "error" or (kind is None and body.get("error")):
            raise StreamFailed(body)
        if not isinstance(kind, str) or not kind.startswith("response."):
            return
        self._recognised = True
        if kind in {"response.output_text.delta", "response.refusal.delta"}:
            self._text(body.get("delta"))
        elif isinstance(body.get("response"), dict):
            self._response(kind, body["response"])

    def _response(self, kind: str, response: dict[str, Any]) -> None:
        self._model_of(response)
        if response.get("usage") is not None:
            self._count(response["usage"], "input_tokens", "output_tokens", "output_tokens_details")
        for is_prompt, results in notes_by_side(response.get(NOTES)):
            self._annotations("prompt" if is_prompt else "answer", results)
        if kind == "response.failed":
            raise StreamFailed(response)
        if kind == "response.completed":
            self.finish_reason = "stop"
        elif kind == "response.incomplete":
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self.finish_reason = _INCOMPLETE.get(reason, reason) if isinstance(reason, str) else None
        self.is_over = kind in {"response.completed", "response.incomplete"}

    def _model_of(self, body: dict[str, Any]) -> None:
        if not self.model and isinstance(body.get("model"), str):
            self.model = body["model"]

    def _text(self, text: object) -> None:
        if not text or not isinstance(text, str):
            return
        if not text.isascii() or self._half_character:
            text = self._whole_characters(text)
            self._bytes += len(text.encode())
        else:
            self._bytes += len(text)
        if self._bytes > MAX_BYTES:
            raise too_large()
        if text:
            self._texts.append(text)

    def _whole_characters(self, text: str) -> str:
        """Join the halves of a character that was cut between two pieces; a half that stays alone becomes U+FFFD."""
        text, self._half_character = self._half_character + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half_character = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _end_text(self) -> None:
        if self._half_character:
            self._texts.append("\ufffd")
            self._half_character = ""

    def _count(self, usage: object, read: str, written: str, details: str) -> None:
        """The last count wins; counts never add up, and nonsense is no count."""
        if not isinstance(usage, dict):
            return
        counted = _tokens(usage.get(read)), _tokens(usage.get(written))
        more = usage.get(details)
        reasoning = _tokens(more.get("reasoning_tokens")) if isinstance(more, dict) else None
        if counted[0] is not None and counted[1] is not None:
            self._usage = Usage(counted[0], counted[1], reasoning)

    def _annotations(self, side: str, results: dict[str, Any]) -> None:
        if results.get("error") and side not in self._unchecked:
            self._unchecked.add(side)
            self._notices.append(Notice(f"The content filter did not answer: the {side} was not checked by it."))
        self._filtered[side].update(dict.fromkeys(objections(results)))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _tokens(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if is_count and isinstance(value, int) else None


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable() -> UnexpectedReply:
    return UnexpectedReply(
        "The answer broke off: a part of it could not be read.",
        "Try again. If it stays, ask whoever runs this app to check the endpoint and any proxy before it.",
        retryable=True,
        detail="an event of the stream is no JSON object",
    )
