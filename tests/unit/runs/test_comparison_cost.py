"""What a comparison may cost, before anything is asked."""

from __future__ import annotations

from decimal import Decimal

from core.deployments.catalogue import Catalogue
from core.deployments.deployment import Deployment, Endpoint, Operation, Prices
from core.deployments.parameters import Parameters
from core.runs.comparison_cost import expected_cost
from core.runs.comparison_plan import Arm, Plan, side_by_side

ENDPOINT = Endpoint("sweden", "https://sweden.example", "azure-openai", "v1", None, "", "scope", "swedencentral", "")


def deployment(name: str, prices: Prices | None) -> Deployment:
    return Deployment(name, name, name, (Operation.CHAT,), prices, ENDPOINT)


CHEAP = deployment("cheap", Prices(Decimal(1), Decimal(10)))
DEAR = deployment("dear", Prices(Decimal(2), Decimal(20)))
UNPRICED = deployment("unpriced", None)
CATALOGUE = Catalogue([CHEAP, DEAR, UNPRICED])
PROMPT = "x" * 24


def test_it_is_what_is_sent_and_an_answer_of_300_tokens_for_every_call() -> None:
    plan = Plan(side_by_side([CHEAP, DEAR], PROMPT), repeats=5)
    # 24 bytes are 6 tokens, and 4 stand around the message: 10 in, 300 out.
    each = (Decimal(10 + 3000), Decimal(20 + 6000))
    assert expected_cost(plan, CATALOGUE) == 5 * sum(each) / 1_000_000


def test_a_limit_below_300_tokens_bounds_it() -> None:
    plan = Plan(side_by_side([CHEAP, DEAR], PROMPT, parameters=Parameters(max_output_tokens=50)))
    assert expected_cost(plan, CATALOGUE) == Decimal(10 + 500 + 20 + 1000) / 1_000_000


def test_one_unknown_price_makes_all_of_it_unknown() -> None:
    assert expected_cost(Plan(side_by_side([CHEAP, UNPRICED], PROMPT)), CATALOGUE) is None
    gone = Plan((*side_by_side([CHEAP], PROMPT), Arm("sweden/gone", PROMPT, "gone")))
    assert expected_cost(gone, CATALOGUE) is None
