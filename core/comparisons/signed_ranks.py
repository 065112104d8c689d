"""Wilcoxon's signed ranks, exactly: what paired differences show, however few they are and whatever ties they hold.

Everything rests on one fact of how a comparison runs: within a round all columns start together, so if two of them do
not differ, the sign of each of their differences is a coin toss. ``scipy.stats.wilcoxon`` is exact only without ties
and gives no interval; here the probabilities of all sign patterns are added up, for test and interval alike.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
LEVEL: Final = 1 - CONFIDENCE
POWER: Final = 0.8
_PLACES: Final = 12
"""Differences closer than this many places are ties: what separates them is how computers subtract."""


def differences(first: Sequence[float | None], second: Sequence[float | None]) -> tuple[float, ...]:
    """``first - second`` of every round in which both are known."""
    paired = (a - b for a, b in zip(first, second, strict=True) if a is not None and b is not None)
    return tuple(round(difference, _PLACES) for difference in paired if math.isfinite(difference))


def p_value(found: Sequence[float]) -> float:
    """Two-sided probability of ranks at least as one-sided as these, were every sign a coin toss.

    Equal sizes share their mean rank; zeros are ranked and then put aside (Pratt, JASA 1959). Exact for every n.
    """
    import numpy as np

    sizes = np.asarray(found, dtype=float)
    _, group, alike = np.unique(np.abs(sizes), return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(alike) - alike + 1)[group]
    likely = _chances(tuple(sorted(doubled[sizes != 0].tolist())))
    plus = int(doubled[sizes > 0].sum())
    return float(min(1.0, 2 * min(likely[: plus + 1].sum(), likely[plus:].sum())))


def estimate(found: Sequence[float]) -> float:
    """Hodges and Lehmann's: the median of the means of all pairs, the shift at which the test sees nothing left.

    One slow answer moves it as little as it moves the median, and it wastes less of the others than the median does.
    """
    means = _walsh_means(found)
    return float(means[(len(means) - 1) // 2] / 2 + means[len(means) // 2] / 2)


def interval(found: Sequence[float]) -> tuple[float, float] | None:
    """The shifts that the test does not refuse at 5 %, or None where so few rounds refuse none.

    Holds the true shift at least 95 times in 100 when differences spread evenly to both sides (Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, section 3.3).
    """
    means = _walsh_means(found)
    cut = _cut(len(found))
    return (float(means[cut]), float(means[-1 - cut])) if cut is not None else None


def rounds_needed(found: Sequence[float], level: float = LEVEL) -> int | None:
    """About how many rounds would show a difference like this one with 80 % power; None when none would.

    n = (z_level/2 + z_power)² / 3 (p - 1/2)², where p is the chance that two rounds together lean to one side, as
    these rounds have it (Noether, Sample size determination for some common nonparametric tests, JASA 1987).
    """
    import numpy as np

    numbers = np.asarray(found, dtype=float)
    first, second = np.triu_indices(len(numbers), k=1)
    means = numbers[first] / 2 + numbers[second] / 2
    if not len(means):
        return None
    lean = abs(float(np.mean(np.sign(means)))) / 2
    if not lean:
        return None
    normal = NormalDist()
    z = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(POWER)
    return max(math.ceil(z**2 / (3 * lean**2)), least_rounds(level))


def least_rounds(level: float = LEVEL) -> int:
    """The fewest rounds with which any test of signs can refuse at ``level``: 6 for 5 %."""
    return math.ceil(math.log2(2 / level))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The probabilities as they count when all are looked at together (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = highest
    return tuple(adjusted)


def _walsh_means(found: Sequence[float]) -> NDArray[np.float64]:
    import numpy as np

    numbers = np.asarray(found, dtype=float)
    first, second = np.triu_indices(len(numbers))
    return np.sort(numbers[first] / 2 + numbers[second] / 2)


def _cut(n: int) -> int | None:
    """How many of the sorted means lie outside the interval on either side."""
    import numpy as np

    below = np.cumsum(_chances(tuple(range(2, 2 * n + 1, 2)))[::2])
    refused = int(np.searchsorted(below, LEVEL / 2, side="right"))
    return refused - 1 if refused else None


@lru_cache(maxsize=256)
def _chances(doubled_ranks: tuple[int, ...]) -> NDArray[np.float64]:
    """The chance of every sum that a random half of these ranks can have."""
    import numpy as np

    chances = np.zeros(sum(doubled_ranks) + 1)
    chances[0] = 1.0
    for rank in doubled_ranks:
        chances[rank:] = chances[rank:] / 2 + chances[:-rank] / 2
        chances[:rank] /= 2
    return chances
