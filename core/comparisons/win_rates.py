"""Whose answers are preferred: what many blind votes say together."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from core.comparisons import bradley_terry
from core.runs.comparison import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from core.runs.comparison import VoteInContext
    from core.runs.comparison_plan import Arm

CONFIDENCE: Final = 0.95
FEWEST_FOR_STRENGTHS: Final = 3
_TAILS: Final = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1 with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How one contestant did.

    ``win_rate`` is (wins + half the ties) / votes with Wilson's interval; both bad is a tie, as in Chatbot Arena.
    ``strength`` is the share of votes expected had it met all others equally often, by Bradley and Terry, with a
    bootstrap interval; None below three contestants or where not all have met, if only through others.
    """

    contestant: Arm
    name: str
    wins: int
    losses: int
    ties: int
    both_bad: int
    win_rate: Share
    strength: Share | None = None

    @property
    def votes(self) -> int:
        """In how many votes it stood."""
        return self.wins + self.losses + self.ties + self.both_bad


@dataclass(frozen=True, slots=True)
class WinRates:
    """All that met, the strongest first; ``note`` says in a sentence what cannot be told, or is ""."""

    standings: tuple[Standing, ...]
    note: str
    votes: int


def tags_of(votes: Iterable[VoteInContext]) -> tuple[str, ...]:
    """The tags to filter by, in alphabetical order."""
    return tuple(sorted({tag for vote in votes for tag in vote.tags}, key=lambda tag: (tag.casefold(), tag)))


def win_rates(votes: Iterable[VoteInContext], tags: Collection[str] = ()) -> WinRates:
    """What the votes on comparisons with all of ``tags`` say.

    A contestant is a deployment with what was set for it and as whom it was called; its prompt belongs to it only
    where a comparison held prompts against each other. Answers of one contestant among themselves are no contest.
    """
    counted = [one for one in votes if one.vote.verdict is not Verdict.SEEN and set(tags) <= set(one.tags)]
    prompts: defaultdict[str, set[str]] = defaultdict(set)
    for one in counted:
        prompts[one.vote.comparison_id] |= {one.first.prompt, one.second.prompt}
    contests = []
    names: dict[Arm, str] = {}
    for one in sorted(counted, key=lambda one: one.vote.voted_at):
        is_of_prompts = len(prompts[one.vote.comparison_id]) > 1
        first, second = (_contestant(arm, is_of_prompts=is_of_prompts) for arm in (one.first, one.second))
        if first != second:
            contests.append((first, second, one.vote.verdict))
            names[first], names[second] = one.first.label, one.second.label
    standings = _standings(contests, _distinct(names))
    if len(standings) < FEWEST_FOR_STRENGTHS:
        return WinRates(standings, "", len(contests))
    note = _unconnected(contests, standings)
    return WinRates(standings if note else _with_strengths(contests, standings), note, len(contests))


def wilson(wins: float, votes: int) -> Share:
    """A share and its 95 % interval (Wilson, JASA 1927); ``wins`` may be halves, ``votes`` must be above 0."""
    z = NormalDist().inv_cdf(_TAILS[1])
    share = wins / votes
    middle = (share + z**2 / (2 * votes)) / (1 + z**2 / votes)
    reach = z / (1 + z**2 / votes) * math.sqrt(share * (1 - share) / votes + z**2 / (4 * votes**2))
    return Share(share, max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach)))


def _contestant(arm: Arm, *, is_of_prompts: bool) -> Arm:
    """The column without what tells nothing apart across comparisons."""
    return replace(arm, label="", prompt=arm.prompt if is_of_prompts else "")


def _distinct(names: Mapping[Arm, str]) -> dict[Arm, str]:
    """What each is called: with what was set for it where two have the same name, numbered where that is the same."""
    same_name = Counter(names.values())
    set_apart = {arm: f"{name} ({_settings(arm)})" if same_name[name] > 1 else name for arm, name in names.items()}
    same_name = Counter(set_apart.values())
    number: Counter[str] = Counter()
    told = {}
    for arm, name in set_apart.items():
        number[name] += 1
        told[arm] = f"{name} ({number[name]})" if same_name[name] > 1 else name
    return told


def _settings(arm: Arm) -> str:
    told = [f"{name.replace('_', ' ')} {value}" for name, value in arm.parameters.as_dict().items()]
    told += ["with a system message"] if arm.system else []
    told += ["as the app"] if arm.identity_kind == "app" else []
    return ", ".join(told) or "as deployed"


_Contest = tuple["Arm", "Arm", Verdict]


def _standings(contests: Sequence[_Contest], names: Mapping[Arm, str]) -> tuple[Standing, ...]:
    tally: defaultdict[Arm, Counter[str]] = defaultdict(Counter)
    for first, second, verdict in contests:
        tally[first][verdict] += 1
        tally[second][verdict.turned()] += 1
    standings = (_standing(arm, names[arm], counted) for arm, counted in tally.items())
    return tuple(sorted(standings, key=lambda one: (-one.win_rate.value, -one.votes, one.name)))


def _standing(arm: Arm, name: str, counted: Counter[str]) -> Standing:
    wins, losses, ties, both_bad = (
        counted[verdict] for verdict in (Verdict.LEFT, Verdict.RIGHT, Verdict.TIE, Verdict.BOTH_BAD)
    )
    rate = wilson(wins + (ties + both_bad) / 2, counted.total())
    return Standing(arm, name, wins, losses, ties, both_bad, rate)


def _unconnected(contests: Sequence[_Contest], standings: Sequence[Standing]) -> str:
    """Says who cannot be held against whom, or "" when all have met, if only through others."""
    met: defaultdict[Arm, set[Arm]] = defaultdict(set)
    for first, second, _ in contests:
        met[first].add(second)
        met[second].add(first)
    reached: set[Arm] = set()
    to_visit = {standings[0].contestant}
    while to_visit:
        arm = to_visit.pop()
        reached.add(arm)
        to_visit |= met[arm] - reached
    stranger = next((one.name for one in standings if one.contestant not in reached), "")
    if not stranger:
        return ""
    return (
        f"{standings[0].name} and {stranger} have not met, not even through others: their strengths cannot be held "
        "against each other. Compare them, or choose tags under which they met."
    )


def _with_strengths(contests: Sequence[_Contest], standings: Sequence[Standing]) -> tuple[Standing, ...]:
    import numpy as np

    place = {one.contestant: index for index, one in enumerate(standings)}
    wins = np.zeros((len(place), len(place)))
    points = {Verdict.LEFT: 1.0, Verdict.RIGHT: 0.0}
    for first, second, verdict in contests:
        share = points.get(verdict, 0.5)
        wins[place[first], place[second]] += share
        wins[place[second], place[first]] += 1 - share
    shares = bradley_terry.expected_share(bradley_terry.strengths(wins))
    lows, highs = np.quantile(bradley_terry.expected_share(bradley_terry.resampled(wins)), _TAILS, axis=0)
    ranked = (
        replace(one, strength=Share(float(share), float(min(low, share)), float(max(high, share))))
        for one, share, low, high in zip(standings, shares, lows, highs, strict=True)
    )
    return tuple(sorted(ranked, key=lambda one: -one.strength.value if one.strength else 0.0))
