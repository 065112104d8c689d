from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.measures import (
    CHARACTERS,
    COST,
    FIRST_TOKEN,
    INPUT_TOKENS,
    MEASURES,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    TOKENS_PER_SECOND,
    TOTAL,
    WORDS,
    Measure,
    columns,
    endings,
    left_out,
)
from core.runs.comparison import ALONE
from core.runs.run_view import HELD_UP
from core.storage.records import RunState
from tests.unit.comparisons.answered import answer, compared


def test_every_measure_reads_its_number() -> None:
    run = answer(0.5, 2.5, 101, 0, "0.0012", "Melt with joy")
    assert {measure.key: measure.of(run) for measure in MEASURES} == {
        "first_token": 0.5,
        "total": 2.5,
        "tokens_per_second": 50.0,
        "output_tokens": 101,
        "input_tokens": 12,
        "reasoning_tokens": 0,
        "cost": 0.0012,
        "characters": 13,
        "words": 3,
    }


def test_speed_counts_the_visible_tokens_after_the_first() -> None:
    assert TOKENS_PER_SECOND.of(answer(10.5, 12.5, output_tokens=1101, reasoning_tokens=1000)) == 50.0


@pytest.mark.parametrize(
    "run",
    [
        answer(0.5, 0.5),
        answer(0.5, 0.549),
        answer(2.5, 0.5),
        answer(output_tokens=1),
        answer(output_tokens=0),
        answer(output_tokens=100, reasoning_tokens=100),
        answer(output_tokens=None),
        answer(first_token_seconds=None),
        answer(total_seconds=None),
    ],
)
def test_there_is_no_speed_of_an_answer_that_came_in_one_piece_or_tells_too_little(run: object) -> None:
    assert TOKENS_PER_SECOND.of(run) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.COMPLETE])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_an_answer_that_did_not_end_complete_has_no_numbers(measure: Measure, state: RunState) -> None:
    assert measure.of(answer(reasoning_tokens=3)) is not None
    assert measure.of(answer(reasoning_tokens=3, state=state)) is None


def test_guessed_tokens_and_what_is_reckoned_from_them_are_unknown_while_times_and_lengths_stay() -> None:
    run = answer(reasoning_tokens=5, usage_estimated=True)
    known = {measure.key for measure in MEASURES if measure.of(run) is not None}
    assert known == {FIRST_TOKEN.key, TOTAL.key, CHARACTERS.key, WORDS.key}


def test_unknown_is_none_and_never_zero() -> None:
    run = dataclasses.replace(answer(None, None, None, None, None), input_tokens=None)
    known = (FIRST_TOKEN, TOTAL, OUTPUT_TOKENS, INPUT_TOKENS, REASONING_TOKENS, COST)
    assert [measure.of(run) for measure in known] == [None] * 6


def test_columns_hold_a_place_for_every_planned_round() -> None:
    comparison = compared([[answer(0.5), None, answer(0.7)], [answer(0.6), answer(state=RunState.FAILED), None]])
    assert columns(comparison, FIRST_TOKEN) == [[0.5, None, 0.7], [0.6, None, None]]


def test_what_is_left_out_is_counted_and_said() -> None:
    states = [RunState.COMPLETE, RunState.CANCELLED, RunState.FAILED, RunState.FAILED, RunState.INTERRUPTED]
    comparison = compared([[*(answer(state=state) for state in states), None], [answer()] * 6])
    assert left_out(comparison, 0) == "1 stopped, 2 failed, 1 incomplete"
    assert left_out(comparison, 1) == ""
    assert endings(comparison, 0) == {state: states.count(state) for state in states}


@pytest.mark.parametrize(
    ("notice", "not_told"),
    [(HELD_UP, {FIRST_TOKEN, TOTAL}), (ALONE, {FIRST_TOKEN, TOTAL, TOKENS_PER_SECOND})],
)
def test_times_that_hold_a_wait_or_were_taken_later_are_left_out_and_said(
    notice: str, not_told: set[Measure]
) -> None:
    run = dataclasses.replace(answer(reasoning_tokens=3), notices=("Something else.", notice))
    assert {measure for measure in MEASURES if measure.of(run) is None} == not_told
    comparison = compared([[run, answer()], [answer(), answer(state=RunState.FAILED)]])
    assert columns(comparison, FIRST_TOKEN) == [[None, 0.5], [0.5, None]]
    assert [left_out(comparison, arm) for arm in (0, 1)] == ["1 not timed", "1 failed"]


def test_every_state_but_complete_has_a_word() -> None:
    for state in set(RunState) - {RunState.COMPLETE}:
        assert left_out(compared([[answer(state=state)], [answer()]]), 0).startswith("1 ")


@settings(deadline=None)
@given(
    st.none() | st.floats(),
    st.none() | st.floats(),
    st.none() | st.integers(0, 10**400),
    st.none() | st.integers(0, 10**400),
    st.text(),
)
def test_no_answer_breaks_a_measure_and_every_number_is_finite(
    first: float | None, total: float | None, tokens: int | None, reasoning: int | None, text: str
) -> None:
    for measure in MEASURES:
        number = measure.of(answer(first, total, tokens, reasoning, text=text))
        assert number is None or abs(number) < 1e15
