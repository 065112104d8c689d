from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from core.deployments.costs import cost
from core.deployments.deployment import Prices
from core.deployments.events import Usage
from core.deployments.parameters import CONTROLS, Parameters

PRICES = Prices(Decimal("0.25"), Decimal("2.00"))


class Counted(NamedTuple):
    input_tokens: int | None
    output_tokens: int | None


def test_it_is_exact_and_reasoning_is_part_of_the_output() -> None:
    assert cost(PRICES, Usage(1_000, 500, 400)) == Decimal("0.00125")
    assert cost(PRICES, Usage(0, 0)) == 0


@pytest.mark.parametrize("counted", [None, Counted(None, 5), Counted(5, None)])
def test_unknown_tokens_have_no_price(counted: Counted | None) -> None:
    assert cost(PRICES, counted) is None


def test_unknown_prices_are_not_zero() -> None:
    assert cost(None, Usage(1, 1)) is None


def test_it_is_never_negative() -> None:
    assert cost(PRICES, Counted(-1_000, -1_000)) == 0


def test_parameters_tell_only_what_is_set() -> None:
    assert Parameters().as_dict() == {}
    given = Parameters(temperature=0.0, max_output_tokens=5, verbosity="low")
    assert given.as_dict() == {"temperature": 0.0, "max_output_tokens": 5, "verbosity": "low"}
    assert CONTROLS == ("temperature", "top_p", "max_output_tokens", "reasoning_effort", "verbosity")
    assert Parameters(**given.as_dict()) == given  # type: ignore[arg-type]  # a dict of mixed values, as it is stored
