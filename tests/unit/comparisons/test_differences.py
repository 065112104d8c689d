from __future__ import annotations

import pytest
from babel.core import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparisons.differences import Conclusion, Difference, differences
from core.comparisons.measures import COST, FIRST_TOKEN, MEASURES, TOKENS_PER_SECOND, WORDS
from core.comparisons.sentences import sentence
from core.runs.comparison_plan import MOST_REPEATS
from core.storage.records import RunState
from tests.unit.comparisons.answered import answer, compared, first_tokens

EN = Locale("en")
DE = Locale("de")
LABELS = ("GPT-5 mini", "GPT-5.2")
SLOWER = [0.5 + number / 100 for number in range(20)]
SOONER = [seconds - 0.31 + (number - 9.5) / 1000 for number, seconds in enumerate(SLOWER)]

column = st.lists(st.none() | st.floats(), min_size=8, max_size=8)


def test_a_shown_difference_is_told_from_the_better_side_with_interval_and_rounds() -> None:
    (one,) = differences(first_tokens(SOONER, SLOWER), FIRST_TOKEN)
    assert one.conclusion is Conclusion.SHOWN
    assert (one.n, one.rounds_left_out, one.pairs, one.rounds_needed) == (20, 0, 1, None)
    assert one.p == one.adjusted_p == pytest.approx(2 * 0.5**20)
    assert sentence(one, LABELS, EN) == (
        "GPT-5 mini starts 310 ms sooner than GPT-5.2 (95% interval 307\N{EN DASH}313 ms, 20 rounds)."
    )


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    (one,) = differences(first_tokens([9.0] * 8, [10.25] * 8), FIRST_TOKEN)
    assert sentence(one, LABELS, DE) == (
        "GPT-5 mini starts 1,25 s sooner than GPT-5.2 "
        "(95\N{NO-BREAK SPACE}% interval 1,25\N{EN DASH}1,25 s, 8 rounds)."
    )


def test_where_higher_is_better_the_higher_column_is_told() -> None:
    comparison = compared([[answer(0.5, 2.5)] * 8, [answer(0.5, 4.5)] * 8])
    (one,) = differences(comparison, TOKENS_PER_SECOND)
    assert sentence(one, LABELS, EN).startswith("GPT-5 mini writes 25 tokens/s faster than GPT-5.2 (")


def test_where_neither_is_better_the_lower_column_is_told() -> None:
    comparison = compared([[answer(text="one two")] * 8, [answer(text="one")] * 8])
    (one,) = differences(comparison, WORDS)
    assert sentence(one, LABELS, EN).startswith("GPT-5.2 writes 1 word fewer than GPT-5 mini (")


def test_money_keeps_the_figures_that_differ() -> None:
    comparison = compared([[answer(cost_usd="0.00012")] * 8, [answer(cost_usd="0.00123")] * 8])
    (one,) = differences(comparison, COST)
    assert sentence(one, LABELS, EN).startswith("GPT-5 mini costs $0.00111 less than GPT-5.2 (")


def test_what_is_not_shown_is_told_with_its_bounds_and_the_rounds_that_would_show_it() -> None:
    first = [0.10, 0.11, 0.12, 0.13, 0.30, 0.31, 0.32, 0.33]
    (one,) = differences(first_tokens(first, [0.2] * 8), FIRST_TOKEN)
    assert one.conclusion is Conclusion.NOT_SHOWN
    assert one.rounds_needed == 37
    assert sentence(one, LABELS, EN) == (
        "No difference in first token shown between GPT-5 mini and GPT-5.2 in 8 rounds: GPT-5 mini starts between "
        "90 ms sooner and 120 ms later (95% interval). About 37 rounds would show one of this size."
    )


def test_more_rounds_than_a_comparison_can_have_are_not_asked_for() -> None:
    first = [0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.29, 0.30]
    (one,) = differences(first_tokens(first, [0.2] * 8), FIRST_TOKEN)
    assert one.rounds_needed is not None
    assert one.rounds_needed > MOST_REPEATS
    assert sentence(one, LABELS, EN).endswith(
        " If it is as small as it looks, showing it takes more than the 50 rounds that a comparison can have."
    )


def test_what_leans_to_neither_side_names_no_number_of_rounds() -> None:
    (one,) = differences(first_tokens([0.1, 0.1, 0.1, 0.3, 0.3, 0.3], [0.2] * 6), FIRST_TOKEN)
    assert sentence(one, LABELS, EN).endswith("(95% interval). What was seen leans to neither side.")


@pytest.mark.parametrize("n", range(1, 6))
def test_below_six_rounds_it_says_that_there_are_too_few_to_tell(n: int) -> None:
    (one,) = differences(first_tokens([0.1] * n, [5.0] * n), FIRST_TOKEN)
    assert one.conclusion is Conclusion.TOO_FEW
    assert (one.low, one.high) == (None, None)
    assert one.estimate == pytest.approx(-4.9)
    assert sentence(one, LABELS, EN) == (
        "Too few rounds to tell GPT-5 mini and GPT-5.2 apart in first token: at least 6 rounds are needed for any "
        f"test to show a difference at 95%; there are {n}."
    )


def test_more_pairs_need_more_rounds() -> None:
    found = differences(first_tokens(*([float(number)] * 6 for number in range(1, 9))), FIRST_TOKEN)
    assert len(found) == 28
    assert {one.conclusion for one in found} == {Conclusion.TOO_FEW}
    assert "at least 11 rounds are needed" in sentence(found[0], [str(number) for number in range(8)], EN)
    assert "at 95% among 28 pairs; there are 6." in sentence(found[0], [str(number) for number in range(8)], EN)


def test_a_difference_that_only_holds_alone_is_not_shown_among_many_pairs() -> None:
    wobble = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57, 0.58, 0.41]
    alone = differences(first_tokens(wobble, [0.48] * 10), FIRST_TOKEN)[0]
    among = differences(first_tokens(wobble, [0.48] * 10, *[wobble[::-1]] * 2), FIRST_TOKEN)[0]
    assert alone.conclusion is Conclusion.SHOWN
    assert among.conclusion is Conclusion.NOT_SHOWN
    assert among.p == alone.p
    assert among.rounds_needed is not None
    assert among.rounds_needed > 10
    assert "(95% interval), which is not sure enough among 6 pairs. About " in sentence(among, "ABCD", EN)


def test_among_more_pairs_more_rounds_would_be_needed_to_show_the_same() -> None:
    first = [0.10, 0.11, 0.12, 0.13, 0.30, 0.31, 0.32, 0.33]
    alone, among = (
        differences(first_tokens(first, [0.2] * 8, *others), FIRST_TOKEN)[0] for others in ([], [first] * 2)
    )
    assert alone.rounds_needed is not None
    assert among.rounds_needed is not None
    assert alone.rounds_needed < among.rounds_needed


def test_the_same_number_in_every_round_is_said_to_be_the_same_and_not_no_difference() -> None:
    (one,) = differences(first_tokens([0.5, 0.7], [0.5, 0.7]), FIRST_TOKEN)
    assert one.conclusion is Conclusion.EQUAL
    assert sentence(one, LABELS, EN) == "GPT-5 mini and GPT-5.2 had the same first token in each of 2 rounds."


def test_rounds_that_were_left_out_are_said() -> None:
    (one,) = differences(first_tokens([0.5, None, 0.5], [0.5, 0.5, None]), FIRST_TOKEN)
    assert sentence(one, LABELS, EN).endswith(
        "in each of 1 round. 2 rounds were left out: not both answers were measured."
    )


def test_columns_that_were_never_measured_together_are_said_to_be_so() -> None:
    (one,) = differences(compared([[answer()], [answer(state=RunState.FAILED)]]), FIRST_TOKEN)
    assert one.conclusion is Conclusion.UNMEASURED
    assert sentence(one, LABELS, EN) == (
        "No round in which both GPT-5 mini and GPT-5.2 were measured in first token. 1 round was left out: not both "
        "answers were measured."
    )


def test_a_round_begun_by_one_column_alone_is_left_out() -> None:
    (one,) = differences(compared([[answer(), answer()], [answer(), None]]), FIRST_TOKEN)
    assert (one.n, one.rounds_left_out) == (1, 1)


def test_rounds_not_begun_are_not_left_out() -> None:
    (one,) = differences(compared([[answer(), None], [answer(), None]]), FIRST_TOKEN)
    assert (one.n, one.rounds_left_out) == (1, 0)


def test_labels_are_written_as_they_are() -> None:
    (one,) = differences(first_tokens([0.1] * 8, [0.2] * 8), FIRST_TOKEN)
    assert sentence(one, ("{measure.verb} %s", "**b**"), EN).startswith(
        "{measure.verb} %s starts 100 ms sooner than **b**"
    )


@settings(max_examples=60, deadline=None)
@given(column, column, st.sampled_from([EN, DE, Locale("ar"), Locale("hi"), Locale("fr")]))
def test_no_numbers_break_it_and_changing_columns_changes_sides_only(
    first: list[float | None], second: list[float | None], locale: Locale
) -> None:
    (one,) = differences(first_tokens(first, second), FIRST_TOKEN)
    (turned,) = differences(first_tokens(second, first), FIRST_TOKEN)
    assert one.conclusion is turned.conclusion
    assert (one.n, one.rounds_left_out, one.p, one.adjusted_p) == (
        turned.n,
        turned.rounds_left_out,
        turned.p,
        turned.adjusted_p,
    )
    assert (one.estimate, one.low, one.high) == (_minus(turned.estimate), _minus(turned.high), _minus(turned.low))
    said = sentence(one, LABELS, locale)
    assert "nan" not in said
    assert "None" not in said
    if one.conclusion is Conclusion.SHOWN:
        assert said == sentence(turned, LABELS[::-1], locale)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_every_measure_has_a_sentence_for_every_conclusion(measure: object) -> None:
    for conclusion in Conclusion:
        one = Difference(measure, 0, 1, 8, 1, 3, conclusion, -1.5, -2.0, -1.0, 0.01, 0.03, 40)  # type: ignore[arg-type]
        said = sentence(one, LABELS, EN)
        assert all(label in said for label in LABELS)
        assert ("No difference" in said) == (conclusion is Conclusion.NOT_SHOWN)


def _minus(number: float | None) -> float | None:
    return None if number is None else -number
