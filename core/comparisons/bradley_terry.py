"""How strong contestants are, from who was preferred to whom (Bradley and Terry, Biometrika 1952)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PRIOR_GAMES: Final = 1.0
"""Everybody also drew this many games against an average contestant: who won all is not infinitely strong."""

BOOTSTRAP_SAMPLES: Final = 1000
FEWEST_SAMPLES: Final = 200
MOST_CHANCES: Final = 2_000_000
"""Of each against each, in all samples together: what is reckoned in a moment and fits into little memory."""
_SEED: Final = 20_251
_STEPS: Final = 100
_LONGEST_STEP: Final = 1.0
_CLOSE_ENOUGH: Final = 1e-9


def strengths(wins: NDArray[np.float64], prior_games: float = PRIOR_GAMES) -> NDArray[np.float64]:
    """Log strengths that make ``wins`` most likely, their mean 0.

    ``wins[..., i, j]`` counts how often i was preferred to j, ties as half for each; leading axes are independent
    tables. The chance that i is preferred to j is 1 / (1 + exp(strength j - strength i)). Newton's method on the
    concave likelihood; ``prior_games`` must be above 0.
    """
    import numpy as np

    count = wins.shape[-1]
    games = wins + wins.swapaxes(-1, -2)
    own = np.eye(count)
    found = np.zeros(wins.shape[:-1])
    for _ in range(_STEPS):
        chance = _preferred(found[..., :, None] - found[..., None, :])
        chance_of_prior = _preferred(found)
        slope = wins.sum(-1) - (games * chance).sum(-1) + prior_games * (0.5 - chance_of_prior)
        weight = games * chance * (1 - chance)
        bend = own * (weight.sum(-1) + prior_games * chance_of_prior * (1 - chance_of_prior))[..., None] - weight
        step = np.linalg.solve(bend, slope[..., None])[..., 0]
        found += step * np.minimum(1, _LONGEST_STEP / np.maximum(np.abs(step).max(-1, keepdims=True), _CLOSE_ENOUGH))
        if np.abs(step).max(initial=0.0) < _CLOSE_ENOUGH:
            break
    return np.asarray(found - found.mean(-1, keepdims=True))


def resampled(wins: NDArray[np.float64], samples: int = BOOTSTRAP_SAMPLES) -> NDArray[np.float64]:
    """Strengths of ``samples`` tables drawn anew from the strengths of this one; always the same for the same table.

    Among more than 44 contestants they are fewer, down to ``FEWEST_SAMPLES``.

    A parametric bootstrap: drawing from the votes themselves would call three wins out of three certain. Ties are
    drawn as wins of either side, which makes what follows wider rather than narrower.
    """
    import numpy as np

    found = strengths(wins)
    games = np.rint(wins + wins.T).astype(int)
    chance = _preferred(found[:, None] - found[None, :])
    count = min(samples, max(FEWEST_SAMPLES, MOST_CHANCES // len(wins) ** 2))
    drawn = np.triu(np.random.default_rng(_SEED).binomial(games, chance, size=(count, *games.shape)), k=1)
    lost = np.triu(games, k=1) - drawn
    return strengths((drawn + lost.swapaxes(-1, -2)).astype(float))


def expected_share(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each would be preferred, had it met every other equally often."""
    chance = _preferred(found[..., :, None] - found[..., None, :])
    share: NDArray[np.float64] = (chance.sum(-1) - 0.5) / (found.shape[-1] - 1)
    return share


def _preferred(ahead: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(0.5 * (1 + np.tanh(ahead / 2)))
