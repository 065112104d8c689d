"""Whether two columns differ in a measure, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from core.comparisons import signed_ranks
from core.comparisons.measures import columns
from core.comparisons.signed_ranks import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.comparisons.measures import Measure
    from core.runs.comparison import Comparison


class Conclusion(StrEnum):
    """What may be said of a difference. None of them is "there is none": that cannot be shown this way."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    EQUAL = "equal"
    """The same number in every round."""
    TOO_FEW = "too few"
    """With so few rounds no test could have shown anything."""
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class Difference:
    """``first - second`` over the ``n`` rounds in which both were measured, in the unit of the measure.

    ``low`` to ``high`` is the 95 % interval of this pair alone, None below six rounds. ``adjusted_p`` is Holm's, for
    all ``pairs`` of the measure together. ``rounds_needed`` would show a difference like this with 80 % power; None
    when it was shown already or leans to no side. ``rounds_left_out`` were begun, but not measured in both.
    """

    measure: Measure
    first: int
    second: int
    n: int
    rounds_left_out: int
    pairs: int
    conclusion: Conclusion
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    adjusted_p: float | None = None
    rounds_needed: int | None = None

    @property
    def least_rounds(self) -> int:
        """The fewest rounds with which a test could show a difference, all pairs looked at together."""
        return signed_ranks.least_rounds(LEVEL / self.pairs)


def differences(comparison: Comparison, measure: Measure) -> tuple[Difference, ...]:
    """Every pair of columns once, the earlier column first.

    A difference is shown when its test still refuses at 5 % after Holm's correction over all pairs, and its own
    interval leaves out zero.
    """
    numbers = columns(comparison, measure)
    begun = [{cell.round for cell in comparison.cells if cell.arm == arm} for arm in range(len(numbers))]
    pairs = list(combinations(range(len(numbers)), 2))
    found = [signed_ranks.differences(numbers[first], numbers[second]) for first, second in pairs]
    p_values = [signed_ranks.p_value(one) if one else 1.0 for one in found]
    adjusted = signed_ranks.holm(p_values)
    told = []
    for (first, second), one, p, adjusted_p in zip(pairs, found, p_values, adjusted, strict=True):
        left_out = len(begun[first] | begun[second]) - len(one)
        unmeasured = Difference(measure, first, second, len(one), left_out, len(pairs), Conclusion.UNMEASURED)
        told.append(_measured(unmeasured, one, p, adjusted_p) if one else unmeasured)
    return tuple(told)


def _measured(difference: Difference, found: Sequence[float], p: float, adjusted_p: float) -> Difference:
    """The difference with all that its rounds show."""
    low, high = signed_ranks.interval(found) or (None, None)
    conclusion = _conclusion(found, low, high, adjusted_p, difference.pairs)
    is_open = conclusion in {Conclusion.NOT_SHOWN, Conclusion.TOO_FEW}
    return replace(
        difference,
        conclusion=conclusion,
        estimate=signed_ranks.estimate(found),
        low=low,
        high=high,
        p=p,
        adjusted_p=adjusted_p,
        rounds_needed=signed_ranks.rounds_needed(found, LEVEL / difference.pairs) if is_open else None,
    )


def _conclusion(
    found: Sequence[float], low: float | None, high: float | None, adjusted_p: float, pairs: int
) -> Conclusion:
    if not any(found):
        return Conclusion.EQUAL
    if low is None or high is None or len(found) < signed_ranks.least_rounds(LEVEL / pairs):
        return Conclusion.TOO_FEW
    leaves_out_zero = low > 0 or high < 0
    return Conclusion.SHOWN if leaves_out_zero and adjusted_p <= LEVEL else Conclusion.NOT_SHOWN
