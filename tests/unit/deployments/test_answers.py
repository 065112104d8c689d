from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deployments.answers import AnswerReader, StreamFailed
from core.deployments.deployment import Operation
from core.deployments.event_stream import MAX_BYTES
from core.deployments.events import Event, Finished, Notice, TextDelta, Usage
from core.errors import CallError, UnexpectedReply
from tests.unit.deployments.asking import ending, event, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OPERATIONS = list(Operation)
TEXT = "Glacé! 🍦 Ein Löffel Süden — 夏の味\u2028\nfin"


def read(operation: Operation, chunks: Iterable[bytes]) -> tuple[list[Event], Finished]:
    reader = AnswerReader(operation)
    events: list[Event] = []
    for chunk in chunks:
        if reader.is_over:
            break
        reader.feed(chunk)
        events += reader.take()
    if not reader.is_over:
        reader.close()
        events += reader.take()
    return events, reader.finished()


def text_of(events: Iterable[Event]) -> str:
    return "".join(one.text for one in events if isinstance(one, TextDelta))


def chat(content: object = None, **choice: object) -> bytes:
    return event({"model": "m", "choices": [{"index": 0, "delta": {"content": content}, **choice}]})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_sound_answer_is_read_whole(operation: Operation) -> None:
    events, finished = read(operation, [*pieces(operation, *TEXT), *ending(operation)])
    assert text_of(events) == TEXT
    assert finished == Finished("stop", Usage(7, 3, 1), "gpt-lab-1")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "change",
    [
        lambda data: [data],
        lambda data: [data[i : i + 1] for i in range(len(data))],
        lambda data: [data.replace(b"\n", b"\r\n")],
        lambda data: [data.replace(b"\n", b"\r\n")[i : i + 1] for i in range(len(data) * 2)],
        lambda data: [data.replace(b"data: ", b"data:")],
        lambda data: [data.replace(b"data: ", b": keep-alive\n\nevent: x\nid: 1\nretry: 5\ndata: ")],
        lambda data: [data.replace(b", ", b",\ndata: ")],
        lambda data: [data.removesuffix(b"\n")],
        lambda data: [data.removesuffix(b"\n\n")],
        lambda data: [data, b"data: [DONE]\n\n", b"data: not json, after the end\n\n"],
        lambda data: [b"\n\n\n" + data],
    ],
    ids=[
        "whole",
        "bytewise",
        "crlf",
        "crlf-bytewise",
        "no-space",
        "comments",
        "many-lines",
        "end-1",
        "end-2",
        "after",
        "blank",
    ],
)
def test_however_it_is_cut_and_framed_the_text_is_the_same(
    operation: Operation, change: Callable[[bytes], list[bytes]]
) -> None:
    data = b"".join([*pieces(operation, *TEXT.split(" ")), *ending(operation)])
    events, finished = read(operation, change(data))
    assert text_of(events) == TEXT.replace(" ", "")
    assert finished.finish_reason == "stop"
    assert finished.usage == Usage(7, 3, 1)


@settings(deadline=None)
@given(st.text(), st.lists(st.integers(0, 400)), st.sampled_from(OPERATIONS))
def test_any_text_cut_anywhere_comes_out_as_it_went_in(text: str, cuts: list[int], operation: Operation) -> None:
    data = b"".join([*pieces(operation, *text), *ending(operation)])
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    events, finished = read(operation, (data[a:b] for a, b in itertools.pairwise(places)))
    assert text_of(events) == text
    assert finished.finish_reason == "stop"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_text_that_arrives_together_is_one_piece(operation: Operation) -> None:
    events, _ = read(operation, [b"".join(pieces(operation, "a", "b", "c")), b"".join(ending(operation))])
    assert events == [TextDelta("abc")]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_stream_that_ends_without_a_finish_reason_is_unfinished(operation: Operation) -> None:
    sound = pieces(operation, "half ", "an answer")
    for data in (sound, [*sound, event({"model": "m"})[:-9]], [*sound, b"data: [DONE]\n\n"]):
        events, finished = read(operation, data)
        assert text_of(events) == "half an answer"
        assert finished.finish_reason is None


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "body",
    [b"", b"\n\n", b": only a comment\n\n", b"<html><body>Welcome</body></html>", b'{"choices": []}', b"data: {}\n\n",
     b'data: {"choices": null}\n\n', b"event: ping\n\n", b"data: \n", b"data: {"],
)  # fmt: skip
def test_a_reply_without_any_answer_in_it_is_said_to_be_none(operation: Operation, body: bytes) -> None:
    with pytest.raises(UnexpectedReply, match="no answer"):
        read(operation, [body])


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "broken",
    [b"data: {\n\n", b"data: \xff\xfe\n\n", b'data: "\xff"\n\n', b"data: null\n\n", b"data: []\n\n", b"data: 7\n\n",
     b"data: " + b"[" * 200_000 + b"\n\n", b'data: {"a": ' + b"9" * 5_000 + b"}\n\n", b"data: <p>\n\n"],
    ids=["cut", "utf8", "utf8-string", "null", "list", "number", "deep", "long-number", "html"],
)  # fmt: skip
def test_an_unreadable_event_breaks_the_answer_and_leaves_what_came_before(
    operation: Operation, broken: bytes
) -> None:
    reader = AnswerReader(operation)
    with pytest.raises(UnexpectedReply, match="broke off") as broke:
        reader.feed(b"".join(pieces(operation, "kept ", "text")) + broken + b"".join(ending(operation)))
    assert reader.take() == [TextDelta("kept text")]
    assert broke.value.retryable
    assert reader.finish_reason is None


BODIES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["response.output_text.delta", "response.completed", "response.incomplete", "response.failed"]),
)
KEYS = st.sampled_from(
    ["choices", "delta", "content", "text", "index", "finish_reason", "usage", "prompt_tokens", "completion_tokens",
     "completion_tokens_details", "reasoning_tokens", "error", "code", "message", "type", "response", "model",
     "refusal",
     "incomplete_details", "reason", "content_filter_results", "prompt_filter_results", "content_filters", "hate",
     "filtered", "severity", "source_type", "innererror",
     "input_tokens", "output_tokens", "output_tokens_details", "reasoning_content"]
)  # fmt: skip
JSON = st.recursive(BODIES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))


@settings(deadline=None)
@given(st.lists(JSON, max_size=6), st.sampled_from(OPERATIONS))
def test_any_json_gives_events_or_an_error_of_the_reader(bodies: list[Any], operation: Operation) -> None:
    try:
        events, finished = read(operation, [event(body) for body in bodies])
    except (CallError, StreamFailed):
        return
    text_of(events).encode()
    assert finished.finish_reason != ""
    assert finished.usage is None or min(finished.usage.input_tokens, finished.usage.output_tokens) >= 0


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([b"\n\n", b"data: ", b"data: {}\n\n", b"\r\n"])),
    st.sampled_from(OPERATIONS),
)
def test_any_bytes_give_events_or_an_error_of_the_reader(chunks: list[bytes], operation: Operation) -> None:
    try:
        read(operation, chunks)
    except (CallError, StreamFailed):
        return


class TestChat:
    def test_azures_first_chunk_without_choices_and_null_deltas_are_harmless(self) -> None:
        annotated = {"index": 0, "delta": None, "content_filter_results": {"hate": {"filtered": False}}}
        events, finished = read(
            Operation.CHAT,
            [
                event({"model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}, None, 3]}),
                event({"model": "", "choices": [annotated, None, 1]}),
                chat("x"),
                event({"model": "m", "choices": [{"index": 1, "delta": {"content": "another choice"}}]}),
                chat(None, finish_reason="stop"),
            ],
        )
        assert text_of(events) == "x"
        assert finished == Finished("stop", None, "m")

    def test_a_refusal_is_text(self) -> None:
        refusal = {"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": "stop"}
        events, _ = read(Operation.CHAT, [event({"choices": [refusal]})])
        assert text_of(events) == "I cannot."

    def test_thoughts_are_not_shown(self) -> None:
        thought = event({"choices": [{"index": 0, "delta": {"reasoning_content": "Hmm"}}]})
        events, _ = read(Operation.CHAT, [thought, thought, chat("x", finish_reason="stop")])
        assert text_of(events) == "x"

    @pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls"])
    def test_the_finish_reason_is_handed_on(self, reason: str) -> None:
        assert read(Operation.CHAT, [chat("x"), chat(None, finish_reason=reason)])[1].finish_reason == reason

    def test_an_empty_finish_reason_is_none(self) -> None:
        assert read(Operation.CHAT, [chat("x", finish_reason="")])[1].finish_reason is None

    def test_the_filters_categories_are_named(self) -> None:
        results = {"violence": {"filtered": True}, "hate": {"filtered": False}, "self_harm": {"filtered": True}}
        end = chat(None, finish_reason="content_filter", content_filter_results=results)
        assert read(Operation.CHAT, [chat("x"), end])[1].filtered == ("violence", "self harm")

    @pytest.mark.parametrize("spelling", ["content_filter_results", "content_filter_result"])
    def test_each_side_is_told_with_its_severity_in_both_spellings(self, spelling: str) -> None:
        said = {spelling: {"violence": {"filtered": True, "severity": "high"}}}
        asked = {"choices": [], "prompt_filter_results": [{"prompt_index": 0, **said}]}
        finished = read(Operation.CHAT, [event(asked), chat("x", finish_reason="content_filter")])[1]
        assert (finished.filtered_prompt, finished.filtered) == (("violence (high severity)",), ())
        finished = read(Operation.CHAT, [chat("x"), chat(None, finish_reason="content_filter", **said)])[1]
        assert (finished.filtered_prompt, finished.filtered) == ((), ("violence (high severity)",))

    def test_a_filter_that_did_not_see_the_prompt_is_told(self) -> None:
        down = {"content_filter_results": {"error": {"code": "content_filter_error"}}}
        events, _ = read(Operation.CHAT, [event({"choices": [], "prompt_filter_results": [down]}), chat("x")])
        assert [one.text for one in events if isinstance(one, Notice)] == [
            "The content filter did not answer: the prompt was not checked by it."
        ]

    def test_a_filter_that_is_down_is_told_once(self) -> None:
        down = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
        events, finished = read(
            Operation.CHAT, [chat("x", content_filter_results=down), chat("y", content_filter_results=down)]
        )
        (notice,) = [one for one in events if isinstance(one, Notice)]
        assert "not checked" in notice.text
        assert finished.filtered == ()

    def test_a_character_cut_between_two_pieces_is_joined(self) -> None:
        halves = [b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % half for half in (b"a\\ud83c", b"\\udf66b")]
        assert text_of(read(Operation.CHAT, halves)[0]) == "a🍦b"

    @pytest.mark.parametrize("end", [b"", b"data: [DONE]\n\n"])
    @pytest.mark.parametrize("escaped", [r"x\ud83c", r"x\udf66", r"x\ud83c\ud83c", r"\udf66\ud83c"])
    def test_half_a_character_becomes_a_replacement_so_that_it_can_be_stored(self, escaped: str, end: bytes) -> None:
        sent = f'data: {{"choices":[{{"delta":{{"content":"{escaped}"}}}}]}}\n\n'.encode()
        text = text_of(read(Operation.CHAT, [sent, end])[0])
        assert "\ufffd" in text
        text.encode()

    @pytest.mark.parametrize("body", [{"error": {"code": "server_error"}}, {"error": "down"}])
    def test_an_error_event_is_an_error(self, body: object) -> None:
        reader = AnswerReader(Operation.CHAT)
        with pytest.raises(StreamFailed):
            reader.feed(chat("kept") + event(body))
        assert reader.take() == [TextDelta("kept")]


class TestResponses:
    def events(self, *bodies: object) -> tuple[list[Event], Finished]:
        return read(Operation.RESPONSES, [event(body) for body in bodies])

    def test_thoughts_are_not_shown(self) -> None:
        kinds = [
            "response.reasoning_summary_text.delta",
            "response.reasoning_text.delta",
            "response.reasoning_summary_text.done",
        ]
        events, finished = self.events(
            {"type": "response.created", "response": {"model": "o4"}},
            *({"type": kind, "delta": "Hmm"} for kind in kinds),
            {"type": "response.output_text.delta", "delta": "x"},
            {"type": "response.completed", "response": {"model": "o4"}},
        )
        assert text_of(events) == "x"
        assert finished == Finished("stop", None, "o4")

    @pytest.mark.parametrize(
        ("said", "meant"),
        [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("steered", "steered"), (None, None)],
    )
    def test_an_incomplete_response_says_why(self, said: str | None, meant: str | None) -> None:
        details = {"incomplete_details": {"reason": said}} if said else {}
        events, finished = self.events(
            {"type": "response.output_text.delta", "delta": "x"},
            {"type": "response.incomplete", "response": details},
            {"type": "response.output_text.delta", "delta": "after the end"},
        )
        assert (text_of(events), finished.finish_reason) == ("x", meant)

    def test_a_refusal_is_text(self) -> None:
        events, _ = self.events(
            {"type": "response.refusal.delta", "delta": "I cannot."}, {"type": "response.completed", "response": {}}
        )
        assert text_of(events) == "I cannot."

    @pytest.mark.parametrize(
        "body",
        [
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "sorry"}}},
            {"type": "error", "code": "rate_limit_exceeded", "message": "slow down"},
            {"error": {"code": "server_error"}},
        ],
    )
    def test_a_failed_response_is_an_error(self, body: object) -> None:
        with pytest.raises(StreamFailed):
            self.events({"type": "response.output_text.delta", "delta": "x"}, body)

    def test_azures_notes_beside_the_answer_name_the_categories(self) -> None:
        note = {"source_type": "completion", "content_filter_results": {"sexual": {"filtered": True}}}
        response = {"incomplete_details": {"reason": "content_filter"}, "content_filters": [note, None]}
        _, finished = self.events({"type": "response.incomplete", "response": response})
        assert (finished.finish_reason, finished.filtered) == ("content_filter", ("sexual",))

    def test_the_notes_tell_the_sides_apart(self) -> None:
        results = {"jailbreak": {"filtered": True, "detected": True}}
        note = {"source_type": "prompt", "blocked": True, "content_filter_results": results}
        response = {"incomplete_details": {"reason": "content_filter"}, "content_filters": [note]}
        _, finished = self.events({"type": "response.incomplete", "response": response})
        assert (finished.filtered_prompt, finished.filtered) == (("jailbreak",), ())

    def test_unknown_events_are_passed_over(self) -> None:
        events, finished = self.events(
            {"type": "response.of_the_future.delta", "delta": "?"}, {"type": "keepalive"}, {"type": 7},
            {"type": "response.completed", "response": {}},
        )  # fmt: skip
        assert (events, finished.finish_reason) == ([], "stop")


class TestUsage:
    def counted(self, *blocks: object) -> Usage | None:
        chunks = [event({"choices": [], "usage": block}) for block in blocks]
        return read(Operation.CHAT, [chat("x", finish_reason="stop"), *chunks])[1].usage

    def good(self, read_tokens: object = 5, written: object = 6) -> dict[str, object]:
        return {"prompt_tokens": read_tokens, "completion_tokens": written}

    def test_the_last_count_wins_and_nothing_is_added_up(self) -> None:
        assert self.counted(self.good(1, 2), self.good(5, 6), self.good(5, 6)) == Usage(5, 6, None)

    @pytest.mark.parametrize("nonsense", [-1, 10**12, 1.5, "5", None, True, [], {}])
    def test_nonsense_is_no_count(self, nonsense: object) -> None:
        assert self.counted(self.good(nonsense)) is None
        assert self.counted(self.good(5, nonsense)) is None
        assert self.counted(nonsense) is None

    def test_nonsense_about_reasoning_leaves_the_rest(self) -> None:
        nonsense: list[object] = [{"reasoning_tokens": -5}, {"reasoning_tokens": None}, [], None]
        for details in nonsense:
            assert self.counted({**self.good(), "completion_tokens_details": details}) == Usage(5, 6, None)


class TestBounds:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_text_stops_at_8_mib_and_what_fits_is_kept(self, operation: Operation) -> None:
        (piece,) = pieces(operation, "x" * 1024 * 1024)
        reader = AnswerReader(operation)
        kept = 0
        with pytest.raises(UnexpectedReply, match="8 MiB"):  # noqa: PT012 - it is the last of many that raises
            for _ in range(20):
                reader.feed(piece)
                kept += len(text_of(reader.take()))
        assert kept == MAX_BYTES

    @pytest.mark.parametrize("unit", [b"x" * 65536, b"data: x\n" * 8192])
    def test_an_event_without_end_stops_at_8_mib(self, unit: bytes) -> None:
        reader = AnswerReader(Operation.CHAT)
        fed = 0
        with pytest.raises(UnexpectedReply, match="8 MiB"):  # noqa: PT012 - it is the last of many that raises
            for _ in range(1024):
                reader.feed(unit)
                fed += len(unit)
        assert fed < 2 * MAX_BYTES

    def test_a_long_line_in_single_bytes_costs_linear_time(self) -> None:
        reader = AnswerReader(Operation.CHAT)
        data = b"data: " + json.dumps({"choices": [{"delta": {"content": "x" * 300_000}}]}).encode() + b"\n\n"
        for position in range(len(data)):
            reader.feed(data[position : position + 1])
        assert len(text_of(reader.take())) == 300_000

    def test_a_200_000_token_answer_is_read_whole(self) -> None:
        data = b"".join(pieces(Operation.RESPONSES, "token ")) * 200_000
        events, _ = read(Operation.RESPONSES, (data[i : i + 65536] for i in range(0, len(data), 65536)))
        assert len(text_of(events)) == 1_200_000
