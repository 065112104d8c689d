from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.comparisons.interchange import comparison_as_json, comparison_from_json, safe_json
from core.comparisons.read_json import LARGEST_BYTES
from core.deployments.parameters import Parameters
from core.errors import KeylessError
from core.runs.comparison import Cell, Comparison
from core.runs.comparison_plan import Arm, Plan
from core.storage.records import RunError, RunRecord, RunState
from tests.support.comparisons import comparison

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\x00\u2028\u202e<>&\"'\\=🍨א"), max_size=30)
NAMES = TEXTS.map(lambda text: f"{text}.")
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound
SECONDS = st.none() | st.floats(0, 1e6, allow_nan=False)
COUNTS = st.none() | st.integers(0, 2**49)
MONEY = st.none() | st.decimals(0, 10_000, places=12)
ERRORS = st.builds(
    RunError,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.booleans(),
    TEXTS,
    retry_at=st.none() | MOMENTS,
    who=TEXTS,
    cause=TEXTS,
)
PARAMETERS = st.builds(
    Parameters,
    temperature=SECONDS,
    max_output_tokens=COUNTS,
    reasoning_effort=st.none() | TEXTS,
)


@st.composite
def runs(draw: st.DrawFn, comparison_id: str) -> RunRecord:
    return RunRecord(
        *(draw(TEXTS), comparison_id, draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS)),
        identity=draw(TEXTS),
        identity_kind=draw(st.sampled_from(["user", "app"])),
        system=draw(TEXTS),
        parameters=draw(st.dictionaries(TEXTS, TEXTS | st.integers() | SECONDS | st.booleans(), max_size=2)),
        state=draw(st.sampled_from(list(RunState))),
        started_at=draw(MOMENTS),
        text=draw(TEXTS),
        finish_reason=draw(TEXTS),
        first_token_seconds=draw(SECONDS),
        total_seconds=draw(SECONDS),
        input_tokens=draw(COUNTS),
        output_tokens=draw(COUNTS),
        reasoning_tokens=draw(COUNTS),
        usage_estimated=draw(st.booleans()),
        cost_usd=draw(MONEY),
        request_id=draw(TEXTS),
        notices=tuple(draw(st.lists(TEXTS, max_size=2))),
        error=draw(st.none() | ERRORS),
    )


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    labels = draw(st.lists(NAMES, min_size=2, max_size=3, unique=True))
    arms = tuple(Arm(draw(TEXTS), draw(NAMES), label, "user", draw(TEXTS), draw(PARAMETERS)) for label in labels)
    plan = Plan(arms, draw(st.integers(1, 3)), draw(st.booleans()))
    comparison_id = draw(TEXTS)
    places = [(number, arm) for number in range(plan.repeats) for arm in range(len(arms))]
    begun = draw(st.sets(st.sampled_from(places)))
    return Comparison(
        id=comparison_id,
        owner=(draw(TEXTS), draw(TEXTS)),
        title=draw(TEXTS),
        plan=plan,
        tags=tuple(draw(st.lists(TEXTS, max_size=2))),
        is_shared=draw(st.booleans()),
        previous_id=draw(TEXTS),
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
        cells=tuple(Cell(*place, draw(runs(comparison_id))) for place in sorted(begun)),
        notices=tuple(draw(st.lists(TEXTS, max_size=2))),
    )


@given(comparisons())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_export_read_again_is_the_same_comparison(one: Comparison) -> None:
    assert comparison_from_json(comparison_as_json(one)) == one


@given(comparisons())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_export_can_stand_in_a_script_and_in_any_parser(one: Comparison) -> None:
    data = comparison_as_json(replace(one, title="</script><!--\u2028"))
    assert not re.search(rb"[<>&\x80-\xff\x00]", data)
    assert json.loads(data)["comparison"]["title"] == "</script><!--\u2028"


def test_what_no_json_can_say_is_null() -> None:
    hostile = {"a": float("nan"), "b": [float("-inf")], "c": Decimal("NaN"), "d": Decimal("1E-7")}
    assert json.loads(safe_json(hostile)) == {"a": None, "b": [None], "c": None, "d": "0.0000001"}


def test_every_field_of_a_comparison_is_exported() -> None:
    told = json.loads(comparison_as_json(comparison(repeats=1)))
    momentary = {"is_running", "is_running_elsewhere", "is_stopped", "cells"}
    assert {field.name for field in fields(Comparison)} - momentary == set(told["comparison"])
    assert {field.name for field in fields(RunRecord)} - {"conversation_id"} | {"round", "arm"} == set(
        told["answers"][0]
    )


def test_whether_it_goes_on_is_not_told() -> None:
    one = comparison(repeats=1)
    assert comparison_from_json(comparison_as_json(replace(one, is_running=True))) == one


@given(st.binary(max_size=60) | TEXTS)
def test_a_file_of_anything_else_is_refused_with_a_sentence(data: bytes | str) -> None:
    with pytest.raises(KeylessError):
        comparison_from_json(data)


GARBAGE: tuple[Any, ...] = (None, True, -1, 1e300, "x", [], {}, [None], {"a": 1}, "9" * 50, [[[]]])


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_a_changed_export_is_read_or_refused_with_a_sentence(data: st.DataObject) -> None:
    told = json.loads(comparison_as_json(comparison(repeats=2)))
    place: Any = told
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    if data.draw(st.booleans()):
        del place[key]
    else:
        place[key] = data.draw(st.sampled_from(GARBAGE))
    try:
        again = comparison_from_json(json.dumps(told))
    except KeylessError:
        return
    comparison_from_json(comparison_as_json(again))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_token_seconds", 1e25),
        ("total_seconds", 10**400),
        ("output_tokens", 10**15),
        ("cost_usd", "9" * 16),
        ("cost_usd", "9" * 30),
    ],
)
def test_numbers_too_large_to_be_written_out_are_refused(name: str, value: object) -> None:
    data = json.loads(comparison_as_json(comparison()))
    data["answers"][0][name] = value
    with pytest.raises(KeylessError, match="This file cannot be read"):
        comparison_from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"format":"keyless-comparison","version":NaN}',
        '{"format":"keyless-comparison","version":2}',
        '{"format":"keyless-comparison","version":1,"comparison":{},"answers":[]}',
        '{"format":"keyless-comparison","version":1,"names_hidden":true}',
        '{"version":' + "9" * 5000 + "}",
        "\ufeff",
        "\ud800",
    ],
)
def test_hostile_json_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(KeylessError):
        comparison_from_json(text)


def test_half_a_surrogate_pair_which_no_browser_can_be_sent_is_refused() -> None:
    whole = comparison_as_json(comparison())
    assert comparison_from_json(whole.replace(b"Ice cream", rb"\ud83c\udf68")).title == "🍨"
    with pytest.raises(KeylessError, match="This file cannot be read"):
        comparison_from_json(whole.replace(b"Ice cream", rb"\ud83c"))


def test_answers_outside_the_plan_or_twice_in_one_place_are_refused() -> None:
    told = json.loads(comparison_as_json(comparison(repeats=1)))
    for change in ({"round": 1}, {"arm": 16}, {"arm": -1}, {"arm": 1}):
        changed = {**told, "answers": [{**told["answers"][0], **change}, *told["answers"][1:]]}
        with pytest.raises(KeylessError):
            comparison_from_json(json.dumps(changed))


def test_a_file_beyond_the_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(KeylessError, match="too large"):
        comparison_from_json(b" " * (LARGEST_BYTES + 1))
