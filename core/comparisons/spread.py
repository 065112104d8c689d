"""How far the numbers of a column lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.comparisons.measures import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.comparisons.measures import Measure
    from core.runs.comparison import Comparison

LOW: Final = 0.05
HIGH: Final = 0.95


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the middle and nearly all of a column's numbers lie; ``low`` to ``high`` are the 5 % and 95 % quantiles.

    Rounds without a number (stopped, failed, still answering, not timed, nothing reported) are not among the ``n``.
    ``median``, ``low`` and ``high`` are None when ``n`` is 0.
    """

    arm: int
    measure: Measure
    n: int
    median: float | None
    low: float | None
    high: float | None


def spreads(comparison: Comparison, measure: Measure) -> tuple[Spread, ...]:
    """The spread of every column, in the order of the columns."""
    return tuple(
        _spread(arm, measure, sorted(number for number in numbers if number is not None))
        for arm, numbers in enumerate(columns(comparison, measure))
    )


def _spread(arm: int, measure: Measure, numbers: list[float]) -> Spread:
    if not numbers:
        return Spread(arm, measure, 0, None, None, None)
    low, median, high = (quantile(numbers, share) for share in (LOW, 0.5, HIGH))
    return Spread(arm, measure, len(numbers), median, low, high)


def quantile(numbers: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted ``numbers`` lie, straight lines drawn between neighbours.

    Hyndman and Fan's type 7, as numpy and Excel's PERCENTILE.INC have it. With fewer than 21 numbers the 5 % quantile
    lies between the two smallest.
    """
    place = share * (len(numbers) - 1)
    below = int(place)
    part = place - below
    return numbers[below] + (numbers[below + 1] - numbers[below]) * part if part else numbers[below]
