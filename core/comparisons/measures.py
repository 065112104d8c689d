"""What can be measured of an answer, and what stands in the way of measuring it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.runs.comparison import ALONE
from core.runs.run_view import HELD_UP
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.runs.comparison import Comparison
    from core.storage.records import RunRecord

SHORTEST_WRITING_SECONDS: Final = 0.05
"""An answer that came within less than this came in one piece: how fast it was written cannot be told."""

NOT_TIMED: Final = frozenset({HELD_UP, ALONE})
"""Notices of answers whose times are not held against others': they hold a wait, or were taken at another time."""

_BEYOND_MEASURE: Final = 1e15
"""No clock and no counter shows this much; who reports it is not believed."""


class Unit(StrEnum):
    """What a measure counts in."""

    SECONDS = "seconds"
    TOKENS_PER_SECOND = "tokens/s"
    TOKENS = "tokens"
    USD = "USD"
    CHARACTERS = "characters"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that every complete answer may have.

    ``words`` make a sentence of a difference: "starts" 310 ms "sooner" or "later". ``lower_is_better`` is None where
    neither is. ``spoilt_by`` are the notices of answers whose number tells nothing fair.
    """

    key: str
    name: str
    unit: Unit
    words: tuple[str, str, str]
    read: Callable[[RunRecord], float | None]
    lower_is_better: bool | None = None
    spoilt_by: frozenset[str] = frozenset()

    def of(self, run: RunRecord) -> float | None:
        """The number of this run to hold against others'; None when it is unknown, unfair, or the run not complete.

        An answer that was stopped, filtered or broken off would make its deployment look fast, cheap and terse.
        """
        if run.state is not RunState.COMPLETE or not self.spoilt_by.isdisjoint(run.notices):
            return None
        number = self.read(run)
        return number if number is not None and abs(number) < _BEYOND_MEASURE else None


def _output_tokens(run: RunRecord) -> float | None:
    return _reported(run, run.output_tokens)


def _reported(run: RunRecord, tokens: int | None) -> float | None:
    """A guess is not held against a count: the difference would be the guess's."""
    return None if run.usage_estimated or tokens is None or tokens >= _BEYOND_MEASURE else float(tokens)


def _tokens_per_second(run: RunRecord) -> float | None:
    """How fast the visible text was written once it had begun: 1 / time per output token.

    Hidden reasoning is over before the first visible token, so its tokens count neither here nor there; the first
    token is where the clock starts. A deployment that reports no reasoning tokens is taken to have none.
    """
    output = _output_tokens(run)
    if output is None or run.first_token_seconds is None or run.total_seconds is None:
        return None
    seconds = run.total_seconds - run.first_token_seconds
    tokens = output - (_reported(run, run.reasoning_tokens) or 0) - 1
    return tokens / seconds if tokens > 0 and seconds >= SHORTEST_WRITING_SECONDS else None


def _cost(run: RunRecord) -> float | None:
    return None if run.usage_estimated or run.cost_usd is None else float(run.cost_usd)


FIRST_TOKEN: Final = Measure(
    "first_token",
    "First token",
    Unit.SECONDS,
    ("starts", "sooner", "later"),
    lambda run: run.first_token_seconds,
    lower_is_better=True,
    spoilt_by=NOT_TIMED,
)
TOTAL: Final = Measure(
    "total",
    "Total",
    Unit.SECONDS,
    ("is done", "sooner", "later"),
    lambda run: run.total_seconds,
    lower_is_better=True,
    spoilt_by=NOT_TIMED,
)
TOKENS_PER_SECOND: Final = Measure(
    "tokens_per_second",
    "Speed",
    Unit.TOKENS_PER_SECOND,
    ("writes", "slower", "faster"),
    _tokens_per_second,
    lower_is_better=False,
    # Once an answer is being written, the wait before it is over.
    spoilt_by=frozenset({ALONE}),
)
OUTPUT_TOKENS: Final = Measure(
    "output_tokens", "Output tokens", Unit.TOKENS, ("puts out", "fewer", "more"), _output_tokens
)
INPUT_TOKENS: Final = Measure(
    "input_tokens",
    "Input tokens",
    Unit.TOKENS,
    ("reads", "fewer", "more"),
    lambda run: _reported(run, run.input_tokens),
)
REASONING_TOKENS: Final = Measure(
    "reasoning_tokens",
    "Reasoning tokens",
    Unit.TOKENS,
    ("reasons for", "fewer", "more"),
    lambda run: _reported(run, run.reasoning_tokens),
)
COST: Final = Measure("cost", "Cost per answer", Unit.USD, ("costs", "less", "more"), _cost, lower_is_better=True)
CHARACTERS: Final = Measure(
    "characters",
    "Length in characters",
    Unit.CHARACTERS,
    ("writes", "fewer", "more"),
    lambda run: float(len(run.text)),
)
WORDS: Final = Measure(
    "words",
    "Length in words",
    Unit.WORDS,
    ("writes", "fewer", "more"),
    lambda run: float(len(run.text.split())),
)

MEASURES: Final = (
    FIRST_TOKEN,
    TOTAL,
    TOKENS_PER_SECOND,
    OUTPUT_TOKENS,
    INPUT_TOKENS,
    REASONING_TOKENS,
    COST,
    CHARACTERS,
    WORDS,
)
"""All of them, in the order in which people ask for them."""

TOLD: Final = (FIRST_TOKEN, TOTAL, TOKENS_PER_SECOND, OUTPUT_TOKENS, COST)
"""Those of which differences and changes are told in words."""


def columns(comparison: Comparison, measure: Measure) -> list[list[float | None]]:
    """For each column one number for each planned round; None where there is none."""
    numbers: list[list[float | None]] = [[None] * comparison.plan.repeats for _ in comparison.plan.arms]
    for cell in comparison.cells:
        numbers[cell.arm][cell.round] = measure.of(cell.run)
    return numbers


def endings(comparison: Comparison, arm: int) -> Mapping[RunState, int]:
    """How the answers of a column ended, so that none is dropped in silence; rounds not yet begun are not in it."""
    return Counter(cell.run.state for cell in comparison.cells if cell.arm == arm)


_ENDED: Final = {
    RunState.CANCELLED: "stopped",
    RunState.FAILED: "failed",
    RunState.FILTERED: "filtered",
    RunState.INTERRUPTED: "incomplete",
    RunState.RUNNING: "still answering",
}


def left_out(comparison: Comparison, arm: int) -> str:
    """What of a column is not in its numbers: "1 stopped, 2 failed, 1 not timed", or "" when all of it is.

    An answer that is not timed is only left out of the times.
    """
    ended = endings(comparison, arm)
    parts = [f"{ended[state]} {word}" for state, word in _ENDED.items() if ended[state]]
    not_timed = sum(_is_complete_but_not_timed(cell.run) for cell in comparison.cells if cell.arm == arm)
    return ", ".join([*parts, f"{not_timed} not timed"] if not_timed else parts)


def _is_complete_but_not_timed(run: RunRecord) -> bool:
    return run.state is RunState.COMPLETE and not NOT_TIMED.isdisjoint(run.notices)
