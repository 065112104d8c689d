from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deployments.parameters import Parameters
from core.errors import KeylessError
from core.runs.comparison_plan import (
    SYSTEM,
    Arm,
    Plan,
    both_identities,
    plan_from,
    prompt_variants,
    side_by_side,
    sweep,
)
from tests.unit.runs.comparing_parts import DEPLOYMENTS

PARAMETERS = st.builds(
    Parameters,
    temperature=st.none() | st.floats(0, 2),
    max_output_tokens=st.none() | st.integers(1, 10_000),
    reasoning_effort=st.none() | st.sampled_from(["low", "high"]),
)
ARMS = st.builds(
    Arm,
    deployment_id=st.sampled_from([deployment.id for deployment in DEPLOYMENTS[:8]]),
    prompt=st.text(min_size=1).filter(str.strip),
    label=st.text(min_size=1).filter(str.strip),
    identity_kind=st.sampled_from(["user", "app"]),
    system=st.text(),
    parameters=PARAMETERS,
)
PLANS = st.builds(
    Plan,
    st.lists(ARMS, min_size=2, max_size=16, unique_by=lambda arm: arm.label).map(tuple),
    st.integers(1, 50),
    st.booleans(),
)


def labels(arms: tuple[Arm, ...]) -> list[str]:
    return [arm.label for arm in arms]


@given(PLANS)
def test_a_plan_comes_back_from_json_as_it_was(plan: Plan) -> None:
    assert plan_from(json.loads(json.dumps(plan.as_dict()))) == plan
    assert plan_from(json.loads(json.dumps(plan.as_row()))) == plan


def test_a_long_prompt_stands_once_in_the_row_of_its_comparison() -> None:
    prompt = "Melts hearts. " * 1_000
    row = json.dumps(Plan(both_identities(DEPLOYMENTS[:8], prompt)).as_row())
    assert row.count(prompt) == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"arms": 3},
        {"arms": [{}], "repeats": 1, "is_blind": False},
        {"arms": [3, 4], "repeats": 1, "is_blind": 0},
        {"arms": [{"prompt": 1, "system": 0}] * 2, "texts": [""], "repeats": 1, "is_blind": False},
        {"arms": [{"prompt": "0", "system": 0}] * 2, "texts": [""], "repeats": 1, "is_blind": False},
    ],
)
def test_what_is_no_plan_is_refused_in_a_sentence(data: dict[str, object]) -> None:
    with pytest.raises(KeylessError, match="cannot be read"):
        plan_from(data)


def test_a_plan_that_cannot_be_carried_out_says_what_to_change() -> None:
    two = side_by_side(DEPLOYMENTS[:2], "Ice?")
    for arms, repeats, told in (
        (two[:1], 1, "2 to 16 columns"),
        (tuple(replace(two[0], label=str(number)) for number in range(17)), 1, "2 to 16 columns"),
        (side_by_side(DEPLOYMENTS, "Ice?"), 1, "At most 8 deployments"),
        (two, 0, "1 to 50 times"),
        (two, 51, "1 to 50 times"),
        ((two[0], replace(two[1], label="A")), 1, "a name of its own"),
        (side_by_side(DEPLOYMENTS[:2], "  "), 1, "nothing to send"),
        (side_by_side(DEPLOYMENTS[:2], "x" * 400_001), 1, "prompt is too long"),
        (side_by_side(DEPLOYMENTS[:2], "x", system="x" * 400_001), 1, "system message is too long"),
    ):
        with pytest.raises(KeylessError, match=told):
            Plan(arms, repeats)


def test_columns_are_named_after_what_tells_them_apart() -> None:
    first = DEPLOYMENTS[0]
    elsewhere = replace(first, endpoint=replace(first.endpoint, name="west"))
    two = DEPLOYMENTS[:2]
    assert labels(side_by_side([first, elsewhere, DEPLOYMENTS[1]], "Ice?")) == ["A (lab)", "A (west)", "B"]
    assert labels(side_by_side([first, first], "Ice?")) == ["A", "A (2)"]
    assert labels(sweep([first], "Ice?", "temperature", [0.2, 1.0])) == ["A · temperature 0.2", "A · temperature 1.0"]
    assert labels(sweep([first], "Ice?", SYSTEM, ["x", "y"])) == ["A · system message 1", "A · system message 2"]
    assert labels(prompt_variants(two, ["x", "y"])) == [
        "A · prompt A",
        "A · prompt B",
        "B · prompt A",
        "B · prompt B",
    ]
    assert labels(both_identities([first], "Ice?")) == ["A · as me", "A · as the app"]


def test_each_column_asks_what_was_chosen_for_it() -> None:
    warm, cold = Parameters(temperature=1.0), Parameters(temperature=0.0, max_output_tokens=9)
    arms = side_by_side(DEPLOYMENTS[:2], "Ice?", system="Short.", parameters=[warm, cold])
    assert [(arm.parameters, arm.system) for arm in arms] == [(warm, "Short."), (cold, "Short.")]
    swept = sweep(DEPLOYMENTS[:1], "Ice?", "temperature", [0.5], parameters=cold)
    assert swept[0].parameters == Parameters(temperature=0.5, max_output_tokens=9)
    assert sweep(DEPLOYMENTS[:1], "Ice?", SYSTEM, ["x"])[0].system == "x"
    with pytest.raises(KeylessError):
        sweep(DEPLOYMENTS[:1], "Ice?", "color", ["red"])
