"""What an answer cost, by the catalogue's prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.deployments.catalogue import Prices
    from core.deployments.events import Usage

_PRICED_TOKENS: Final = Decimal(1_000_000)


def cost(prices: Prices | None, usage: Usage | None) -> Decimal | None:
    """The price of a call in USD; ``None`` when prices or usage are unknown, never negative.

    Reasoning tokens are part of the output and are paid as such.
    """
    if prices is None or usage is None:
        return None
    paid = prices.input_usd * usage.input_tokens + prices.output_usd * usage.output_tokens
    return max(paid, Decimal(0)) / _PRICED_TOKENS
