"""What an answer cost, by the catalogue's prices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from core.deployments.catalogue import Prices

_PRICED_TOKENS: Final = Decimal(1_000_000)


class Counted(Protocol):
    """Tokens read and written; ``None`` is unknown. Reasoning tokens are part of the written ones."""

    @property
    def input_tokens(self) -> int | None:
        """Tokens read."""

    @property
    def output_tokens(self) -> int | None:
        """Tokens written."""


def cost(prices: Prices | None, usage: Counted | None) -> Decimal | None:
    """The price of a call in USD; ``None`` when prices or usage are unknown, never negative."""
    if prices is None or usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    paid = prices.input_usd * usage.input_tokens + prices.output_usd * usage.output_tokens
    return max(paid, Decimal(0)) / _PRICED_TOKENS
