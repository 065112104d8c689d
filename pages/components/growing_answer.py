"""One answer drawn while it arrives: what can no longer change is drawn once, the rest again and again."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import neutralise
from core.markdown.growing import split_finished_blocks

if TYPE_CHECKING:
    from core.runs.run_view import RunView

SENDING_SECONDS: Final = 1 / 60
"""Streamlit sends what was drawn within 5 ms; a rerun throws away what was not sent yet."""

_FRAMES: Final = ((4, 1 / 60), (16, 1 / 30), (64, 1 / 15), (math.inf, 1 / 10))
"""Seconds from one drawing to the next, while so many answers are on their way at most."""
_LONG_CHARACTERS: Final = 1_000
"""An answer beyond this is drawn half as often: still smooth to the eye, for half the bytes and half the work."""
_WAITING: Final = ":shimmer[Waiting for the first token]"
_COLUMNS_OF_A_FRAME: Final = 4
"""So many answers drawn by one page cost as much as one; more of them share the frames."""


class GrowingAnswer:
    """An answer on the page, drawn where it is made: text, and what is waited for.

    What is sent to the browser grows with the answer and not with its square.
    """

    def __init__(self) -> None:
        self._body = st.container()
        self._tail = self._body.empty()
        self._status = st.empty()
        self._blocks = [self._tail]
        self._drawn = 0
        self.length = 0
        """How many characters were drawn."""

    def wait(self) -> None:
        """Say that nothing has come yet, before there is a view to draw."""
        self._status.markdown(_WAITING)

    def clear(self) -> None:
        """Take the text away, for another answer to be drawn at its place."""
        for block in self._blocks:
            block.empty()

    def draw(self, view: RunView) -> None:
        """Draw what is new in ``view``.

        Draws also when nothing is, unless it has ended: Streamlit interrupts a script, for Stop, only when it draws.
        """
        was_waiting, has_grown, self.length = self.length == 0, len(view.text) > self.length, len(view.text)
        if has_grown:
            self._draw_text(view.text)
        if not view.finished and (was_waiting or not has_grown):
            self._draw_status(view)

    def _draw_text(self, text: str) -> None:
        finished, rest = split_finished_blocks(text[self._drawn :])
        for block in finished:
            self._tail.markdown(neutralise(block))
            self._tail = self._body.empty()
            self._blocks.append(self._tail)
            self._drawn += len(block)
        if rest.strip():
            self._tail.markdown(neutralise(rest))

    def _draw_status(self, view: RunView) -> None:
        if view.waiting_until is not None:
            seconds = max(0, math.ceil((view.waiting_until - datetime.now(UTC)).total_seconds()))
            self._status.markdown(f":shimmer[The deployment is busy. Trying again in {seconds} s]")
        elif not view.text:
            self._status.markdown(_WAITING)
        else:
            self._status.empty()


def frame_seconds(running: int, length: int, columns: int = 1) -> float:
    """How long what was drawn may stand: 60 frames a second for a few short answers, fewer for many.

    Every frame of every tab costs the one process.

    Args:
        running: How many answers are on their way, of all people.
        length: Characters of the longest one on this page.
        columns: How many of them this page draws.
    """
    seconds = next(seconds for most, seconds in _FRAMES if running <= most)
    seconds *= math.ceil(columns / _COLUMNS_OF_A_FRAME)
    return seconds if length <= _LONG_CHARACTERS else 2 * seconds
