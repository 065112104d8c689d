"""Briefs: what can be asked, variables, and reading them back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KeylessError
from core.taglines.brief import Brief, brief_from, words_in

BRIEFS = st.builds(
    Brief,
    text=st.text(max_size=80),
    product=st.text(max_size=20),
    audience=st.text(max_size=20),
    tone=st.text(max_size=20),
    language=st.text(max_size=20),
    must_have=st.lists(st.text(max_size=10)).map(tuple),
    banned=st.lists(st.text(max_size=10)).map(tuple),
    longest=st.none() | st.integers(),
    longest_unit=st.sampled_from(["characters", "words"]),
    count=st.integers(),
    deployment_ids=st.lists(st.text(max_size=10)).map(tuple),
    variables=st.dictionaries(st.text(max_size=10), st.text(max_size=10)),
)


def test_an_empty_page_already_has_a_brief_that_asks_for_eight() -> None:
    assert Brief().problems() == ()
    assert Brief().count == 8


@given(BRIEFS)
def test_a_brief_survives_json_exactly(brief: Brief) -> None:
    assert brief_from(json.loads(json.dumps(brief.as_dict()))) == brief


@given(BRIEFS)
def test_any_brief_has_sentences_or_none_and_a_fingerprint(brief: Brief) -> None:
    assert all(isinstance(one, str) and one for one in brief.problems())
    assert len(brief.fingerprint) == 64


@pytest.mark.parametrize(
    "damaged",
    [
        {"text": 3},
        {"count": "8"},
        {"count": True},
        {"must_have": "ice"},
        {"banned": [1]},
        {"longest_unit": "lines"},
        {"longest_unit": ["words"]},
        {"variables": {"a": 1}},
        {"variables": [["a", "b"]]},
    ],
)
def test_what_is_no_brief_is_said(damaged: dict[str, object]) -> None:
    with pytest.raises(KeylessError, match="cannot be read"):
        brief_from(damaged)


def test_what_a_later_version_added_is_passed_over() -> None:
    assert brief_from({"text": "Slogans", "mood_board": []}) == Brief("Slogans")


def test_variables_take_their_values() -> None:
    brief = Brief(
        "A tagline for {{brand}}, sold in {{ place }}. {{brand}}!", variables={"brand": "Frost", "place": "Oslo"}
    )
    assert brief.variable_names == ("brand", "place")
    assert brief.filled_text == "A tagline for Frost, sold in Oslo. Frost!"
    assert brief.problems() == ()


def test_a_variable_without_a_value_is_said() -> None:
    brief = Brief("For {{brand}} in {{place}}", variables={"brand": "Frost", "place": "  "})
    assert brief.missing_variables == ("place",)
    assert brief.problems() == ("The variable {{place}} has no value yet.",)
    with pytest.raises(KeylessError, match=r"\{\{place\}\}"):
        brief.check()


def test_a_value_is_never_read_as_a_variable() -> None:
    brief = Brief("For {{a}}", variables={"a": "{{b}}", "b": "no"})
    assert brief.filled_text == "For {{b}}"


@pytest.mark.parametrize("text", ["For {{}}", "For {{a", "For {{a-b}}", "For a}}", "For {{{{a}}"])
def test_a_variable_that_is_written_wrongly_is_said(text: str) -> None:
    assert any("is written as {{name}}" in one for one in Brief(text, variables={"a": "x"}).problems())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": " \n"}, "empty"),
        ({"text": "x" * 5000}, "longer than 4,000 characters"),
        ({"tone": "x" * 400}, "The tone is longer"),
        ({"count": 0}, "Between 1 and 40"),
        ({"count": 41}, "Between 1 and 40"),
        ({"longest": 0}, "The longest length"),
        ({"longest": 3, "must_have": ("gelato",)}, "alone is longer than 3 characters"),
        ({"longest": 1, "longest_unit": "words", "must_have": ("ice cream",)}, "alone is longer than 1 words"),
        ({"must_have": ("Ice",), "banned": ("ice ",)}, "both must-have and banned"),
        ({"banned": ("x" * 61,)}, "longer than 60 characters"),
        ({"deployment_ids": tuple("abcdefghi")}, "More than 8 deployments"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict[str, object], said: str) -> None:
    assert any(said in one for one in replace(Brief(), **change).problems())  # type: ignore[arg-type]


def test_the_same_question_has_the_same_fingerprint() -> None:
    brief = Brief("For {{brand}}", variables={"brand": "Frost"}, count=8, deployment_ids=("a",))
    assert brief.fingerprint == Brief("For Frost", count=3, deployment_ids=("b", "c")).fingerprint
    assert brief.fingerprint != replace(brief, variables={"brand": "Snow"}).fingerprint
    assert brief.fingerprint != replace(brief, tone="bold").fingerprint
    assert brief.fingerprint == replace(brief, longest_unit="words").fingerprint
    assert replace(brief, longest=5).fingerprint != replace(brief, longest=5, longest_unit="words").fingerprint


def test_words_are_read_from_a_typed_line() -> None:
    assert words_in(" fresh,  ice   cream\nFresh; ,") == ("Fresh", "ice cream")
