"""Compare: one prompt, several deployments, side by side; and whether what differs means anything."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.components.compare import asking, choices
from pages.components.compare.bar import draw_bar, draw_how_it_was_measured, draw_title
from pages.components.compare.blind import draw_blind, draw_verdicts, draw_win_rates
from pages.components.compare.columns import choose_columns, draw_columns
from pages.components.compare.confirmation import draw_confirmation
from pages.components.compare.figures import draw_glance, draw_spread
from pages.components.compare.form import draw_form, draw_invitation
from pages.components.compare.live import Progress, watch
from pages.components.compare.reading import read, votes_on
from pages.components.compare.rounds import choose_round
from pages.components.compare.scroll_into_sight import scroll_into_sight
from pages.components.compare.withheld import draw_check_all
from pages.components.compare.wording import draw_json, draw_wording, has_json, texts_of
from pages.components.failure import draw_failure
from pages.components.fresh_place import fresh_place
from pages.components.kept_failure import take_failure
from pages.components.session import Visitor, require_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.comparisons.reading import Reading
    from core.runs.comparison import Vote
    from core.runs.live_comparison import LiveComparison
    from pages.components.compare.columns import LiveColumn


def draw_comparison(
    visitor: Visitor, seen: Reading, votes: Sequence[Vote], live: LiveComparison | None
) -> Callable[[], None]:
    """All of one comparison; returns what then draws the answers on their way, until a round is over."""
    draw_bar(visitor, seen)
    place = st.empty()
    progress = Progress(visitor, place, seen.comparison, live.round) if live is not None else None
    growing: list[LiveColumn] = []
    settled: set[int] = set()
    draw_verdicts(seen, votes)
    if seen.hides_names:
        with st.container():
            draw_blind(visitor, seen, votes)
    else:
        st.empty()
        draw_check_all(visitor, seen)
        with st.container(horizontal=True, vertical_alignment="center"):
            round_number = choose_round(seen, live)
            shown = choose_columns(seen)
        growing = draw_columns(visitor, seen, round_number, shown, live)
        settled = {*shown} - {column.arm for column in growing} - {column.arm for column in seen.withheld}
        ended = seen if live is None else without_round(seen, live.round)
        if ended.comparison.cells:
            with st.container():
                draw_details(ended, round_number if live is None else ended.comparison.cells[-1].round)
        else:
            st.empty()
    if live is None or progress is None:
        return lambda: None
    return partial(watch, visitor, growing, settled, live, progress)


def without_round(seen: Reading, number: int) -> Reading:
    """The same without the round that goes on."""
    cells = tuple(cell for cell in seen.comparison.cells if cell.round != number)
    return replace(seen, comparison=replace(seen.comparison, cells=cells))


def draw_details(seen: Reading, round_number: int) -> None:
    """What the answers measure and how they are worded."""
    draw_glance(seen)
    with st.container():
        draw_how_it_was_measured(seen.comparison)
    texts = texts_of(seen, round_number)
    drawn = {
        "Spread and differences": seen.comparison.plan.repeats > 1 and partial(draw_spread, seen),
        "Wording": len(texts) > 1 and partial(draw_wording, seen, texts),
        "JSON": has_json(texts) and partial(draw_json, seen, texts),
    }
    offered = {name: draw for name, draw in drawn.items() if draw}
    if not offered:
        return
    for draw, tab in zip(
        offered.values(), st.tabs(list(offered), key="compare-tabs", on_change="rerun"), strict=True
    ):
        if tab.open:
            with tab:
                draw()


visitor = require_user()
choices.seed(visitor)
comparison, live = asking.opened(visitor)
draw_title(visitor)
draw_form(visitor, comparison)
draw_failure(take_failure(), kept="What is set on the page is kept.")
draw_confirmation(visitor)
votes = votes_on(visitor, comparison) if comparison else ()
seen = read(visitor, comparison, votes) if comparison else None
go_on = None
with fresh_place(comparison.id if comparison else "", key="compare-drawn"):
    if seen is None:
        draw_invitation(visitor)
    else:
        go_on = draw_comparison(visitor, seen, votes, live)
st.space("small")
with st.expander("Win rates of your blind votes", on_change="rerun", key="win-rates") as rates:
    if rates.open:
        draw_win_rates(visitor)
scroll_into_sight("compare-bar", occasion=live.id if live is not None else "")
if live is not None and go_on is not None:
    go_on()
    st.rerun()
