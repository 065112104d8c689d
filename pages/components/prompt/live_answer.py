"""An answer while it arrives: attached to a run of core, which goes on whether or not anybody looks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import streamlit as st

from pages.components.growing_answer import SENDING_SECONDS, GrowingAnswer, frame_seconds
from pages.components.prompt.answer import WIDTH_PIXELS
from pages.components.prompt.scroll_to_end import scroll_to_end

if TYPE_CHECKING:
    from core.runs.live_runs import LiveRuns
    from core.runs.run import Run

_LOOK_SECONDS: Final = 0.1
"""How long a look may block, and so how long Stop may wait."""


def draw_live(run: Run, live: LiveRuns) -> None:
    """Draw ``run`` until it has ended: the first words at once, then as often as the eye and the load allow."""
    with st.chat_message("assistant", avatar=":material/auto_awesome:", width=WIDTH_PIXELS):
        answer = GrowingAnswer()
        st.empty()  # instead of the facts of an answer that was there before
    with st.container(horizontal=True):
        st.button("Stop", icon=":material/stop_circle:", shortcut="Esc", on_click=_stop, args=(run,), key="stop")
    scroll_to_end(run.id)
    version = -1
    while True:
        view = run.view()
        answer.draw(view)
        if view.finished:
            # The rerun that follows throws away what was not sent yet: without this the last words come with it only.
            time.sleep(SENDING_SECONDS)
            return
        frame_ends_at = time.monotonic() + frame_seconds(live.running_count, answer.length)
        version = run.wait_beyond(max(version, view.version), _LOOK_SECONDS)
        # Words that arrive faster than the eye can follow share a frame.
        if view.text:
            time.sleep(max(0.0, frame_ends_at - time.monotonic()))


def _stop(run: Run) -> None:
    run.cancel()
