from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.comparisons.text_diff import MOST_CHANGES, JsonChange, Kind, Segment, json_diff, json_view, text_diff

SAME, ADDED, REMOVED = Kind.SAME, Kind.ADDED, Kind.REMOVED
TEXTS = st.text(st.sampled_from("ab .\n\t,'é漢🍨\u0301")) | st.text()


def diff(before: str, after: str) -> list[tuple[Kind, str]]:
    return [(segment.kind, segment.text) for segment in text_diff(before, after)]


def test_one_other_word_is_all_that_is_marked() -> None:
    assert diff("Scoop up a little joy today.", "Scoop up a little happiness today.") == [
        (SAME, "Scoop up a little "),
        (REMOVED, "joy "),
        (ADDED, "happiness "),
        (SAME, "today."),
    ]


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("don't stop", "don't go", ["stop", "go"]),
        ("Crème brûlée", "Crème fraîche", ["brûlée", "fraîche"]),
        ("アイスを食べる", "アイスを飲む", ["食べる", "飲む"]),
        ("one, two", "one; two", [", ", "; "]),
        ("a\nb", "a b", ["a\n", "a "]),
    ],
)
def test_words_of_every_script_are_told_apart(before: str, after: str, marked: list[str]) -> None:
    assert [text for kind, text in diff(before, after) if kind is not SAME] == marked


def test_equal_texts_differ_nowhere() -> None:
    assert text_diff("a b", "a b") == (Segment(SAME, "a b"),)
    assert text_diff("", "") == ()


@given(TEXTS, TEXTS)
def test_both_texts_are_in_the_segments_to_the_letter(before: str, after: str) -> None:
    segments = diff(before, after)
    assert "".join(text for kind, text in segments if kind is not ADDED) == before
    assert "".join(text for kind, text in segments if kind is not REMOVED) == after
    assert all(text for _, text in segments)


def test_a_changed_word_in_a_long_answer_is_found() -> None:
    lines = [f"Line {number} says that it is number {number}." for number in range(2000)]
    before = "\n".join(lines)
    after = before.replace("number 1000.", "number one thousand.")
    assert len(before) > 75_000
    assert [text for kind, text in diff(before, after) if kind is not SAME] == ["1000", "one thousand"]


@pytest.mark.parametrize("joint", [" ", "\n", ". ", ""])
@pytest.mark.parametrize("words", [2, 30, 1000, 100_000])
def test_100_kb_take_seconds_at_most_whatever_they_say(joint: str, words: int) -> None:
    def text(seed: int) -> str:
        chance = random.Random(seed)  # noqa: S311 - no secret
        return joint.join(f"w{chance.randrange(words)}" for _ in range(25_000))[:100_000]

    before, after = text(1), text(2)
    began = time.perf_counter()
    text_diff(before, after)
    text_diff(before, before + "x")
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', '\n```json\n{"a": 1}\n```\n', '```\n{"a": 1}\n```', '~~~JSON\n{\n "a": 1}\n~~~', '  {"a": 1}  '],
)
def test_an_answer_that_is_json_is_read_also_inside_a_fence(text: str) -> None:
    assert json_view(text) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        '"a"',
        "null",
        "Here you are:\n```json\n{}\n```",
        '{"a": NaN}',
        "{",
        "[" * 100_000,
        "9" * 5000,
        " " * 100_000,
    ],
)
def test_an_answer_that_is_no_json_object_or_list_is_none(text: str) -> None:
    assert json_view(text) is None


def test_json_differs_by_place() -> None:
    before = {"a": 1, "b": [1, {"c": None}], "gone": True, "odd key": 1, "same": [{}]}
    after = {"a": 1.5, "b": [1, {"c": "x"}, 2], "new": {}, "odd key": True, "same": [{}]}
    assert json_diff(before, after) == (
        JsonChange("$.a", "1", "1.5"),
        JsonChange("$.b[1].c", "null", '"x"'),
        JsonChange("$.b[2]", None, "2"),
        JsonChange("$.gone", "true", None),
        JsonChange('$["odd key"]', "1", "true"),
        JsonChange("$.new", None, "{}"),
    )


def test_the_same_number_written_another_way_is_a_difference_only_where_json_has_two_kinds() -> None:
    assert json_diff(json.loads("[1]"), json.loads("[1]")) == ()
    assert json_diff(json.loads("[1]"), json.loads("[1.0]")) == (JsonChange("$[0]", "1", "1.0"),)


def test_no_more_changes_are_told_than_anybody_reads() -> None:
    assert len(json_diff(list(range(10_000)), [])) == MOST_CHANGES
