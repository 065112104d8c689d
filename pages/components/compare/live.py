"""The columns of a comparison while they grow: one loop draws all of them."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from pages.components.compare.outcome import draw_outcome
from pages.components.growing_answer import SENDING_SECONDS, frame_seconds
from pages.components.still_readable import StillReadable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from core.runs.comparison import Comparison
    from core.runs.live_comparison import LiveComparison
    from pages.components.compare.columns import LiveColumn
    from pages.components.session import Visitor

_LOOK_SECONDS: Final = 0.1
"""How long a look may block, and so how long Stop may wait."""
_MINUTE: Final = 60


class Progress:
    """How far a comparison is, drawn in ``place``: rounds, answers, time left."""

    def __init__(self, visitor: Visitor, place: DeltaGenerator, comparison: Comparison, round_number: int) -> None:
        self._place = place
        self._comparison = comparison
        self._round_seconds = _seconds_of_a_round(comparison, round_number) or _expected(visitor, comparison)

    def draw(self, round_number: int, done: int, elapsed_seconds: float) -> None:
        """``done`` answers of this round have ended; its first one was asked so many seconds ago."""
        plan = self._comparison.plan
        share = (round_number + done / len(plan.arms)) / plan.repeats
        words = (
            f"Round {round_number + 1} of {plan.repeats}" if plan.repeats > 1 else f"{done} of {len(plan.arms)} done"
        )
        self._place.progress(min(1.0, share), f"{words}{self._time_left(round_number, elapsed_seconds)}")

    def _time_left(self, round_number: int, elapsed_seconds: float) -> str:
        if self._round_seconds is None:
            return ""
        rounds_to_come = self._comparison.plan.repeats - round_number - 1
        seconds = max(0.0, self._round_seconds - elapsed_seconds) + rounds_to_come * self._round_seconds
        if seconds < 1:
            return ""
        if seconds < 2 * _MINUTE:
            return f", about {math.ceil(seconds)} s left"
        return f", about {math.ceil(seconds / _MINUTE)} min left"


def watch(
    visitor: Visitor,
    columns: Sequence[LiveColumn],
    settled: Collection[int],
    comparison: LiveComparison,
    progress: Progress,
) -> None:
    """Draw the columns until the page has to be drawn anew; those that have ended are left alone.

    Args:
        visitor: Who looks; as soon as the comparison is not theirs to read any more, the page is drawn anew.
        columns: What grows.
        settled: Columns that were drawn as ended; the page is drawn anew when one of them is asked once more.
        comparison: What goes on.
        progress: Where it is told how far it is.
    """
    round_number, version = comparison.round, -1
    growing = {column.arm: column for column in columns}
    readable = StillReadable(partial(visitor.services.comparing.live, visitor.user, comparison.id))
    while readable.look():
        # Looked at before the runs: what comes in between is seen at the next look.
        version, is_over = max(version, comparison.version), comparison.finished or comparison.round != round_number
        runs = comparison.runs() if comparison.round == round_number else {}
        views = {arm: run.view() for arm, run in runs.items()}
        for arm, column in list(growing.items()):
            view = views.get(arm)
            if view is None:
                continue
            column.answer.draw(view)
            if view.finished:
                column.beside.empty()
                with column.below.container():
                    draw_outcome(view.record, is_mine=column.is_mine)
                del growing[arm]
        if is_over or any(arm in settled and not view.finished for arm, view in views.items()):
            if is_over and not comparison.finished:
                # What is not drawn over would stand in the next round until that has ended.
                for column in columns:
                    column.answer.clear()
            # The rerun that follows throws away what was not sent yet.
            time.sleep(SENDING_SECONDS)
            return
        # Also when nothing is new: Streamlit interrupts a script, for Stop, only when it draws.
        elapsed = max((view.elapsed_seconds for view in views.values()), default=0.0)
        progress.draw(round_number, sum(view.finished for view in views.values()), elapsed)
        longest = max((column.answer.length for column in growing.values()), default=0)
        running = visitor.services.live.running_count
        frame_ends_at = time.monotonic() + frame_seconds(running, longest, max(1, len(growing)))
        version = comparison.wait_beyond(version, _LOOK_SECONDS)
        # Words that arrive faster than the eye can follow share a frame.
        if longest:
            time.sleep(max(0.0, frame_ends_at - time.monotonic()))


def _seconds_of_a_round(comparison: Comparison, round_number: int) -> float | None:
    """The mean over the rounds before this one: each lasts as long as its slowest answer."""
    slowest: dict[int, float] = {}
    for cell in comparison.cells:
        if cell.round < round_number and cell.run.total_seconds is not None:
            slowest[cell.round] = max(slowest.get(cell.round, 0.0), cell.run.total_seconds)
    return sum(slowest.values()) / len(slowest) if slowest else None


def _expected(visitor: Visitor, comparison: Comparison) -> float | None:
    seconds = visitor.services.comparing.expected_seconds(comparison.plan)
    return None if seconds is None else seconds / comparison.plan.repeats
