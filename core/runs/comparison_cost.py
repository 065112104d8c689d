"""What a comparison may cost, before anything is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.deployments.costs import cost
from core.deployments.events import Usage
from core.errors import NotFound
from core.runs.estimates import MESSAGE_TOKENS, tokens_in

if TYPE_CHECKING:
    from core.deployments.catalogue import Catalogue
    from core.runs.comparison_plan import Arm, Plan

ANSWER_TOKENS: Final = 300
"""How long an answer is taken to be where nothing limits it further: two or three paragraphs."""


def expected_cost(plan: Plan, catalogue: Catalogue, answer_tokens: int = ANSWER_TOKENS) -> Decimal | None:
    """About what all calls of ``plan`` cost in USD together; None when the price of one of them is unknown."""
    each = [_of_arm(arm, catalogue, answer_tokens) for arm in plan.arms]
    known = [one for one in each if one is not None]
    return sum(known, Decimal(0)) * plan.repeats if len(known) == len(each) else None


def _of_arm(arm: Arm, catalogue: Catalogue, answer_tokens: int) -> Decimal | None:
    try:
        prices = catalogue.find(arm.deployment_id).prices
    except NotFound:
        return None
    sent = sum(tokens_in(text) + MESSAGE_TOKENS for text in (arm.system, arm.prompt) if text)
    return cost(prices, Usage(sent, min(answer_tokens, arm.parameters.max_output_tokens or answer_tokens)))
