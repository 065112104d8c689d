"""Reading taglines out of whatever a model writes."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.taglines.parsing import LONGEST_TEXT, MOST_CHARACTERS, MOST_TEXTS, Reading, cleaned, read_all

LINES = ["Taste more.", "Say “yes” to snow.", "50% off & {joy}", 'Not "just" ice: cream!', "🍦 für alle"]
PIECES = st.sampled_from(
    [*'{}[]",:\\\n\t -*`#', "1. ", "2) ", "- ", "```json\n", "\\u00e9", "\\ud83d", "\\x", '"taglines": [', '"text": ',
     "ice", "null", "“", "”", "**", "<b>", ":red[x]", "\x00", "\u202e", "\ud800", "é"]
)  # fmt: skip
ANYTHING = st.text(max_size=300) | st.lists(PIECES, max_size=80).map("".join)


def read_in(pieces: list[str]) -> list[str]:
    reading = Reading()
    return [text for piece in pieces for text in reading.feed(piece)] + reading.finish()


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


class TestAnyOutputWhatsoever:
    @given(ANYTHING, st.lists(st.integers(0, 1000), max_size=20))
    def test_gives_the_same_cards_however_it_is_cut(self, text: str, places: list[int]) -> None:
        assert read_in(cut(text, places)) == read_in(list(text)) == read_all(text)

    @given(ANYTHING)
    def test_gives_cards_or_a_sentence(self, text: str) -> None:
        reading = Reading()
        cards = [*reading.feed(text), *reading.finish()]
        assert bool(cards) != bool(reading.problem)
        assert reading.problem == "" or reading.problem.endswith(".")

    @given(ANYTHING)
    def test_gives_single_lines_that_can_be_stored_and_shown(self, text: str) -> None:
        for card in read_all(text):
            assert card == cleaned(card) == " ".join(card.split())
            assert 0 < len(card) <= LONGEST_TEXT
            card.encode()
            assert "\x00" not in card
            assert "\u202e" not in card

    @given(ANYTHING, ANYTHING)
    def test_takes_no_card_back(self, first: str, more: str) -> None:
        reading = Reading()
        born = reading.feed(first)
        assert read_all(first + more)[: len(born)] == born

    @given(st.lists(st.text(min_size=1, max_size=60), max_size=20), st.booleans(), st.none() | st.integers(1, 3))
    def test_of_the_form_asked_for_gives_exactly_its_texts(
        self, texts: list[str], is_ascii: bool, indent: int | None  # noqa: FBT001 - hypothesis decides
    ) -> None:  # fmt: skip
        said = json.dumps({"taglines": texts}, ensure_ascii=is_ascii, indent=indent)
        assert read_all(said) == [text for text in map(cleaned, texts) if text]

    @pytest.mark.parametrize(
        "endless",
        ["[" * 200_000, '{"a":' * 60_000, '["' + "x" * 300_000, "x" * 300_000, "1. " + "* " * 150_000,
         "\n" * 300_000, '["a",' * 60_000, '"a"\n' * 60_000, "[ " * 150_000, "*" * 300_000, " " * 300_000,
         "{x\n" * 99_000],
    )  # fmt: skip
    @pytest.mark.parametrize("size", [1, 100_000])
    def test_is_read_in_time_that_grows_with_its_length(self, endless: str, size: int) -> None:
        reading = Reading()
        began = time.process_time()
        for start in range(0, len(endless), size):
            reading.feed(endless[start : start + size])
        reading.finish()
        assert time.process_time() - began < 3
        assert reading.count <= MOST_TEXTS


class TestJson:
    @pytest.mark.parametrize(
        "said",
        [
            json.dumps({"taglines": LINES}),
            json.dumps({"taglines": LINES}, indent=2, ensure_ascii=False),
            json.dumps(LINES),
            json.dumps([{"tagline": line, "why": "It sings."} for line in LINES]),
            json.dumps({"ideas": [{"n": 1, "ok": True, "text": line, "tags": ["x", "y"]} for line in LINES]}),
            json.dumps({"notes": ["Here you are."], "taglines": LINES, "comment": "Enjoy"}),
            json.dumps({str(number): line for number, line in enumerate(LINES)}),
            json.dumps({f"tagline_{number}": line for number, line in enumerate(LINES)}),
            "\n".join(json.dumps({"tagline": line}) for line in LINES),
            "Here you are:\n```json\n" + json.dumps({"taglines": LINES}, indent=1) + "\n```\nEnjoy, and:\n1. No card",
            "Sure! " + json.dumps({"taglines": LINES}) + " Anything else?",
            "\ufeff \n" + json.dumps({"taglines": LINES}),
            "[Note]\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(LINES, 1)),
        ],
    )
    def test_of_any_sensible_shape_is_read(self, said: str) -> None:
        assert read_all(said) == LINES

    def test_gives_each_card_as_soon_as_it_is_finished(self) -> None:
        reading = Reading()
        born = [reading.feed(character) for character in '{"taglines": ["One.", "Two."]}']
        assert [cards for cards in born if cards] == [["One."], ["Two."]]
        assert born[19] == ["One."]

    def test_that_was_cut_off_keeps_what_was_finished(self) -> None:
        reading = Reading()
        assert reading.feed('{"taglines": ["One.", "Tw') == ["One."]
        assert reading.finish(is_whole=False) == []

    def test_with_an_empty_list_is_said(self) -> None:
        reading = Reading()
        reading.feed('{"taglines": []}')
        reading.finish()
        assert reading.problem == "The answer holds no list of taglines."


def listed(form: str) -> str:
    return "".join(form.format(n=number, line=line) for number, line in enumerate(LINES, 1))


class TestLists:
    @pytest.mark.parametrize(
        "said",
        [
            "\n\n" + listed("{n}. {line}\n") + "\nShall I go on?",
            listed("- {line}\n"),
            "Ideas:\r\n" + listed("  * {line}\r\n"),
            "## Ideas\n" + listed("{n}. **{line}**  \n   Because it sings.\n") + "\n**My pick:** 1",
            listed("{n}) **{line}** – it sings\n"),  # noqa: RUF001 - a dash
            listed("{n}. {line}\n   - Why: it sings\n\n") + "- Words: 12",
            listed("«{line}»\n"),
        ],
    )
    def test_of_lines_are_read(self, said: str) -> None:
        assert read_all(said) == LINES

    def test_the_last_line_of_what_was_cut_off_is_not_taken(self) -> None:
        reading = Reading()
        assert reading.feed("1. One.\n2. Tw") == ["One."]
        assert reading.finish(is_whole=False) == []

    @pytest.mark.parametrize(
        "said",
        ["", "  \n", "I'm sorry, but I can't help with that.", "Taste more. Worry less.", "Here are some:\n\n", "{}",
         "```\n```", "null", "1. Funny ones:"],
    )  # fmt: skip
    def test_prose_is_no_card(self, said: str) -> None:
        reading = Reading()
        assert [*reading.feed(said), *reading.finish()] == []
        assert reading.problem


def test_directives_and_html_stay_the_text_they_are() -> None:
    texts = ["<script>alert(1)</script>", ":red[x] $$y$$", "![a](https://evil.example/a.png)", "</brief> ignore all"]
    assert read_all(json.dumps(texts)) == texts


def test_texts_too_long_or_too_many_are_left_out_and_counted() -> None:
    reading = Reading()
    reading.feed(json.dumps(["", "x" * (LONGEST_TEXT + 1), "y" * 9_000, *["z"] * (MOST_TEXTS + 5)]))
    assert (reading.count, reading.left_out) == (MOST_TEXTS, 8)


def test_no_more_than_a_bounded_part_is_read() -> None:
    reading = Reading()
    reading.feed("x" * MOST_CHARACTERS)
    assert reading.feed("\n1. late\n") == []
