"""What a tagline breaks of its brief."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.taglines.board import Board, Card
from core.taglines.brief import Brief
from core.taglines.checking import Mark, marks_of, marks_of_board
from core.taglines.languages import LANGUAGES, judge, language_of
from core.taglines.lengths import characters_in, words_in
from core.taglines.resemblance import twin_of
from core.taglines.word_forms import find_word
from tests.support.boards import a_card

BRIEF = Brief()
TEXTS = st.text(max_size=80)


def card(text: str, **facts: Any) -> Card:  # noqa: ANN401 - any fact of a card
    return a_card(text, datetime(2026, 11, 20, tzinfo=UTC), **facts)


def marks(text: str, *others: str, **changes: Any) -> list[tuple[str, bool]]:  # noqa: ANN401 - fields
    brief = replace(BRIEF, **changes)
    return [(mark.kind, mark.certain) for mark in marks_of(brief, card(text), others)]


class TestLengths:
    @pytest.mark.parametrize(
        ("text", "count"),
        [("", 0), ("Taste", 5), ("e\u0301te\u0301", 3), ("été", 3), ("👩‍👩‍👧‍👦🍦", 2), ("🇩🇪🇫🇷🇵", 3), ("👍🏽!", 2),
         ("❤️", 1),
         ("한국", 2), ("\u1112\u1161\u11ab", 1), ("冰淇淋", 3), ("🏴\U000e0067\U000e0062\U000e007f", 1), ("a b", 3)],
    )  # fmt: skip
    def test_characters_are_those_that_a_person_sees(self, text: str, count: int) -> None:
        assert characters_in(text) == count

    @given(TEXTS)
    def test_are_never_more_than_code_points_and_do_not_depend_on_how_accents_are_written(self, text: str) -> None:
        assert 0 <= characters_in(text) <= len(text) or unicodedata.normalize("NFC", text) != text
        assert characters_in(text) == characters_in(unicodedata.normalize("NFD", text))

    @pytest.mark.parametrize(
        ("text", "count"), [("It's ice-cream – now!", 3), ("", 0), ("… ! –", 0), ("冰淇淋", None), ("ไอศกรีม", None)]  # noqa: RUF001 - a dash
    )  # fmt: skip
    def test_words_are_counted_where_spaces_part_them(self, text: str, count: int | None) -> None:
        assert words_in(text) == count

    def test_a_longer_text_is_marked_with_its_length(self) -> None:
        assert marks_of(replace(BRIEF, longest=4), card("Taste")) == (
            Mark("length", "5 characters; 4 are the most.", certain=True),
        )
        assert marks("Taste", longest=5) == []
        assert marks("Taste the snow", longest=2, longest_unit="words") == [("length", True)]
        assert marks("冰淇淋", longest=2, longest_unit="words") == [("length", False)]


class TestWords:
    @pytest.mark.parametrize(
        ("word", "text", "is_exact"),
        [
            ("cheap", "CHEAP thrills", True),
            ("cheap", "Cheaper thrills", False),
            ("cheap", "cheapskate thrills", None),
            ("ice cream", "Ice\u00a0  Cream!", True),
            ("ice cream", "nice cream", None),
            ("ice cream", "ice creams", False),
            ("cream", "ice-cream", True),
            ("car", "a card", None),
            ("car", "two cars", False),
            ("straße", "STRASSE", True),
            ("café", "Cafe", False),
            ("schon", "schön", False),
            ("cafe\u0301", "Café", True),
            ("it's", "It’s here", True),  # noqa: RUF001 - an apostrophe
            ("best", "the “best”.", True),
            ("冰", "吃冰淇淋", True),
            ("100%", "100% snow", True),
            ("!", "Now!", True),
            ("🍦", "Yes 🍦.", True),
            ("c++", "c++ cones", True),
            (".*", "anything", None),
            ("  ", "anything", None),
            ("", "", None),
        ],
    )
    def test_are_found_by_their_edges(self, word: str, text: str, is_exact: bool | None) -> None:  # noqa: FBT001 - a table
        found = find_word(word, text)
        assert (found.is_exact if found else None) is is_exact

    @given(st.text(alphabet="abcé ", min_size=1, max_size=8).filter(str.strip), TEXTS)
    def test_a_word_is_found_in_any_text_that_ends_with_it(self, word: str, text: str) -> None:
        found = find_word(word, f"{text} {word}")
        assert found
        assert found.is_exact

    def test_banned_words_and_missing_ones_are_marked(self) -> None:
        brief = replace(BRIEF, banned=("cheap",), must_have=("snow",))
        assert [mark.says for mark in marks_of(brief, card("Cheaper snows"))] == [
            "“cheaper” may be a form of the banned “cheap”.",
            "It has “snows”, not “snow” itself.",
        ]
        assert marks("Cheap", banned=("cheap",), must_have=("snow",)) == [("banned", True), ("missing", True)]


class TestLanguages:
    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("Un peu de glace, beaucoup de lumière.", "French", []),
            ("Eiscreme. Einfach mehr vom Leben.", "german", []),
            ("Think ice cream. Feel a small holiday.", "French", [("language", True)]),
            ("Eiscreme. Einfach mehr vom Leben.", "English", [("language", True)]),
            ("Scoop.", "French", [("language", False)]),
            ("Мороженое и ничего больше", "English", [("language", True)]),
            ("一口冰淇淋，整个夏天。", "Chinese", []),  # noqa: RUF001 - Chinese signs
            ("Think ice cream.", "Klingon", [("language", False)]),
            ("!!!", "French", [("language", False)]),
            ("", "French", [("language", False)]),
            ("anything", "", []),
        ],
    )
    def test_are_told_where_they_can_be(self, text: str, language: str, expected: list[tuple[str, bool]]) -> None:
        assert marks(text, language=language) == expected

    @pytest.mark.parametrize("text", ["のह本국", "本カgβñ"])
    def test_are_told_alike_every_time_where_scripts_are_mixed(self, text: str) -> None:
        for language in LANGUAGES:
            assert len({judge(text, language) for _ in range(12)}) == 1

    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("夏の味、アイスクリーム GO", "Japanese", []),
            ("Think ice cream. Feel a small holiday in 東京.", "English", []),
            ("Think ice cream. Feel a small holiday in 東京.", "Japanese", [("language", False)]),
            ("go 東京", "English", [("language", False)]),
        ],
    )
    def test_a_name_in_another_script_does_not_make_it_wrong(
        self, text: str, language: str, expected: list[tuple[str, bool]]
    ) -> None:
        assert marks(text, language=language) == expected

    def test_a_translated_card_is_judged_by_what_it_was_translated_to(self) -> None:
        brief = Brief(language="English")
        text = "Un peu de glace, beaucoup de lumière."
        assert [one.kind for one in marks_of(brief, card(text))] == ["language"]
        assert marks_of(brief, card(text, how="translated", language="French")) == ()
        assert marks_of(brief, card(text, how="shorter", language="French")) == ()
        assert marks_of(brief, card(text, how="translated", language="German")) == (
            Mark("language", "This reads as French, not German.", certain=True),
        )
        assert [one.certain for one in marks_of(brief, card("Oui.", how="translated", language="French"))] == [False]

    def test_a_translation_to_nobody_knows_what_is_not_held_to_the_language_of_the_brief(self) -> None:
        assert (
            marks_of(Brief(language="English"), card("Un peu de glace, beaucoup de lumière.", how="translated")) == ()
        )

    @pytest.mark.parametrize(
        ("name", "known"), [("FRENCH", "French"), ("Brazilian Portuguese", "Portuguese"), ("x", None)]
    )
    def test_are_known_by_their_english_names(self, name: str, known: str | None) -> None:
        assert language_of(name) == known

    def test_every_language_on_offer_is_known_to_the_detector(self) -> None:
        from lingua import Language

        assert all(hasattr(Language, name) for name in LANGUAGES.values())


class TestResemblance:
    @pytest.mark.parametrize(
        ("one", "other", "kind"),
        [
            ("Taste the sunshine!", "taste THE  sunshine", "duplicate"),
            ("Été", "ete.", "duplicate"),
            ("Taste the sunshine.", "Taste the sunshine again.", "near-duplicate"),
            ("Sweet moments, shared.", "Shared sweet moments.", "near-duplicate"),
            ("Say yes to snow.", "Say no to snow.", None),
            ("Think ice cream. Feel a deep breath.", "Think ice cream. Feel a good habit.", None),
            ("🍦", "🍨", None),
            ("!", "?", None),
            ("x " * 400, "y " * 400, None),
        ],
    )
    def test_is_seen(self, one: str, other: str, kind: str | None) -> None:
        for pair in ((one, other), (other, one)):
            twin = twin_of(pair[0], [pair[1]])
            assert (twin.kind if twin else None) == kind

    def test_a_repetition_on_the_board_is_marked(self) -> None:
        assert marks("Taste!", "Sun.", "taste") == [("resembles", True)]
        assert marks("Taste the sunshine.", "Taste the sunshine again.") == [("resembles", False)]

    @given(st.lists(st.tuples(TEXTS | st.sampled_from(["Sun.", "SUN", "Suns"]), st.sampled_from(["", "French"]))))
    def test_a_whole_board_is_marked_as_card_by_card(self, texts: list[tuple[str, str]]) -> None:
        brief = Brief(longest=5, language="German")
        cards = tuple(card(text, language=language) for text, language in texts)
        at = datetime(2026, 11, 20, tzinfo=UTC)
        assert marks_of_board(Board("b", ("t", "o"), "Ana", "Ice", at, at, brief, cards)) == {
            each.id: marks_of(brief, each, [before.text for before in cards[:place]])
            for place, each in enumerate(cards)
        }

    @given(TEXTS)
    def test_every_text_repeats_itself(self, text: str) -> None:
        twin = twin_of(text, ["another", text])
        assert twin


@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS, TEXTS, st.integers(1, 30), st.sampled_from(["", "French", "Thai"]))
def test_any_text_under_any_brief_has_marks_that_are_sentences(  # noqa: PLR0917 - drawn
    text: str, others: list[str], banned: str, must_have: str, longest: int, language: str
) -> None:
    brief = Brief(banned=(banned,), must_have=(must_have,), longest=longest, language=language)
    for mark in marks_of(brief, card(text), others):
        assert mark.says.endswith(".")
