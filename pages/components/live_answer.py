"""An answer while it arrives: attached to a run of core, which goes on whether or not anybody looks."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import neutralise
from core.markdown_blocks import split_finished_blocks
from pages.components.scroll_to_end import scroll_to_end

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.runs.live_runs import LiveRuns
    from core.runs.run import Run
    from core.runs.run_view import RunView

_LOOK_SECONDS: Final = 0.1
"""How long a look may block, and so how long Stop may wait."""
_SENDING_SECONDS: Final = 1 / 60
"""Streamlit sends what was drawn within 5 ms."""
_FRAMES: Final = ((4, 1 / 60), (50, 1 / 30), (math.inf, 1 / 15))
"""Seconds from one drawing to the next, while so many answers are on their way at most."""
_LONG_CHARACTERS: Final = 1_000
"""An answer beyond this is drawn half as often: still smooth to the eye, for half the bytes and half the work."""


def draw_live(run: Run, live: LiveRuns, *, stale: int = 0) -> None:
    """Draw ``run`` until it has ended: the first words at once, then as often as the eye and the load allow.

    ``stale`` elements of the page before this one are taken away below it; they would stay until the script ends.

    Paragraphs that can no longer change are drawn once and left alone, so that what is sent to the browser grows
    with the answer and not with its square.
    """
    with st.chat_message("assistant", avatar=":material/auto_awesome:"):
        body = st.container()
        status = st.empty()
    with st.container(horizontal=True):
        st.button("Stop", icon=":material/stop_circle:", shortcut="Esc", on_click=_stop, args=(run,), key="stop")
    for _ in range(stale):
        st.empty()
    scroll_to_end(run.id)
    tail, drawn, length, version = body.empty(), 0, 0, -1
    while True:
        view = run.view()
        was_waiting, has_grown, length = length == 0, len(view.text) > length, len(view.text)
        if has_grown:
            tail, drawn = _draw_text(body, tail, view.text, drawn)
        if view.finished:
            # The rerun that follows throws away what was not sent yet: without this the last words come with it only.
            time.sleep(_SENDING_SECONDS)
            return
        # Also when nothing is new: Streamlit interrupts a script, for Stop, only when it draws.
        if was_waiting or not has_grown:
            _draw_status(status, view)
        frame_ends_at = time.monotonic() + _frame_seconds(live.running_count, length)
        version = run.wait_beyond(max(version, view.version), _LOOK_SECONDS)
        # Words that arrive faster than the eye can follow share a frame.
        if view.text:
            time.sleep(max(0.0, frame_ends_at - time.monotonic()))


def _stop(run: Run) -> None:
    run.cancel()


def _frame_seconds(running: int, length: int) -> float:
    """60 frames a second for a few short answers, fewer for many: every frame of every tab costs the one process."""
    seconds = next(seconds for most, seconds in _FRAMES if running <= most)
    return seconds if length <= _LONG_CHARACTERS else 2 * seconds


def _draw_text(body: DeltaGenerator, tail: DeltaGenerator, text: str, drawn: int) -> tuple[DeltaGenerator, int]:
    """Draw ``text`` from character ``drawn`` on; return the element still growing and where it begins."""
    finished, rest = split_finished_blocks(text[drawn:])
    for block in finished:
        tail.markdown(neutralise(block))
        tail = body.empty()
        drawn += len(block)
    if rest.strip():
        tail.markdown(neutralise(rest))
    return tail, drawn


def _draw_status(status: DeltaGenerator, view: RunView) -> None:
    if view.waiting_until is not None:
        seconds = max(0, math.ceil((view.waiting_until - datetime.now(UTC)).total_seconds()))
        status.markdown(f":shimmer[The deployment is busy. Trying again in {seconds} s]")
    elif not view.text:
        status.markdown(":shimmer[Waiting for the first token]")
    else:
        status.empty()
