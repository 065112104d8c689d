"""The columns of a comparison: one answer each, side by side, with its figures and what can be done with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.deployments.parameters import Call, Message
from core.errors import NotFound
from core.markdown import as_label, neutralise
from core.runs.comparison import FINISHED
from core.storage.records import RunState
from pages.components.call_as_code import draw_code
from pages.components.compare.outcome import draw_outcome
from pages.components.compare.withheld import draw_withheld
from pages.components.copy_button import copy_button
from pages.components.growing_answer import GrowingAnswer
from pages.components.kept_failure import attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

    from core.comparisons.reading import Reading
    from core.deployments.deployment import Deployment
    from core.runs.comparison_plan import Arm
    from core.runs.live_comparison import LiveComparison
    from core.storage.records import RunRecord
    from pages.components.session import Visitor

NARROWEST_PIXELS: Final = 270
MOST_IN_A_ROW: Final = 4
_ALL: Final = -1


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column whose answer is on its way; ``beside`` its name stands Stop, ``below`` it how it ended."""

    arm: int
    answer: GrowingAnswer
    beside: DeltaGenerator
    below: DeltaGenerator
    is_mine: bool


def choose_columns(reading: Reading) -> list[int]:
    """All columns, or the one that somebody with a narrow screen, or little patience, looks at."""
    arms = reading.comparison.plan.arms
    chosen = st.selectbox(
        "Columns",
        [_ALL, *range(len(arms))],
        format_func=lambda arm: "All columns" if arm == _ALL else arms[arm].label,
        key=f"compare-shown-{reading.comparison.id}",
        label_visibility="collapsed",
        icon=":material/view_column:",
        width=260,
    )
    return list(range(len(arms))) if chosen == _ALL else [chosen]


def draw_columns(
    visitor: Visitor, reading: Reading, round_number: int, shown: Sequence[int], live: LiveComparison | None
) -> list[LiveColumn]:
    """Draw one round, which goes on if ``live``; returns the columns that are still to be drawn as they grow."""
    grid = st.grid(_in_a_row(len(shown)), min_column_width=NARROWEST_PIXELS, border=True, key="compare-columns")
    growing = []
    for arm in shown:
        with grid.cell():
            column = _draw_column(visitor, reading, round_number, arm, live)
            if column is not None:
                growing.append(column)
    return growing


def _draw_column(
    visitor: Visitor, reading: Reading, round_number: int, number: int, live: LiveComparison | None
) -> LiveColumn | None:
    arm, run = reading.comparison.plan.arms[number], reading.comparison.run(round_number, number)
    is_mine = _is_owner(visitor, reading)
    regions = {cell.run.region for cell in reading.comparison.cells if cell.arm == number and cell.run.region}
    about = " · ".join(as_label(part) for part in _about(visitor, arm, run, regions, is_mine=is_mine))
    # Stop stands above the answer, which would push it away from under the hand.
    with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"**{as_label(arm.label)}**  \n:gray[:small[{about}]]", width="stretch")
        beside = st.empty()
    withheld = reading.is_withheld(number)
    if withheld is not None:
        draw_withheld(visitor, withheld)
        return None
    is_to_come = live is not None and number in live.asked
    if is_to_come and (run is None or run.state is RunState.RUNNING):
        answer, below = GrowingAnswer(), st.empty()
        answer.wait()
        if is_mine:
            beside.button(
                "Stop",
                icon=":material/stop_circle:",
                type="tertiary",
                help="Stop this one; the others go on.",
                on_click=_stop_arm,
                args=(visitor, reading.comparison.id, number),
                key=f"compare-stop-{number}",
            )
        return LiveColumn(number, answer, beside, below, is_mine=is_mine)
    # The same three places as while it grew, so that nothing of the growing answer is left among them.
    if run is None:
        st.caption(":material/remove: Not asked in this round.")
        st.empty()
        st.empty()
        return None
    if run.text:
        st.markdown(neutralise(run.text))
    else:
        st.empty()
    st.empty()
    with st.container():
        draw_outcome(run, is_mine=is_mine)
        if live is None:
            _draw_actions(visitor, reading, round_number, number, run)
    return None


def _draw_actions(visitor: Visitor, reading: Reading, round_number: int, number: int, run: RunRecord) -> None:
    arm = reading.comparison.plan.arms[number]
    with st.container(horizontal=True, gap="small"):
        if run.text:
            copy_button(run.text, key=f"compare-copy-{number}")
        deployment = _find(visitor, arm.deployment_id)
        if deployment is not None:
            call = Call(deployment, arm.system.strip(), (Message("user", arm.prompt),), arm.parameters)
            draw_code(visitor, call, key=f"compare-code-{number}")
        if run.state not in FINISHED and _is_owner(visitor, reading):
            st.button(
                "Try again",
                icon=":material/refresh:",
                type="tertiary",
                on_click=_retry,
                args=(visitor, reading.comparison.id, number, round_number),
                key=f"compare-retry-{number}",
            )


def _about(visitor: Visitor, arm: Arm, run: RunRecord | None, regions: set[str], *, is_mine: bool) -> list[str]:
    """Model as answered, region, and as whom; ``regions`` are those that other answers of the column came from."""
    deployment = _find(visitor, arm.deployment_id)
    model = (run.model if run else "") or (deployment.model or deployment.name if deployment else arm.deployment_id)
    region = (run.region if run else "") or (deployment.endpoint.region if deployment else "")
    if (run is None or not run.region) and len(regions) == 1:
        (region,) = regions
    who = "as the app" if arm.identity_kind == "app" else "as you" if is_mine else ""
    if run is not None and run.identity and run.identity != visitor.user.username:
        who = f"as {run.identity}"
    return [part for part in (model, region, who) if part]


def _in_a_row(columns: int) -> int:
    """As many in each row as fit well: 5 are 3 and 2, not 4 and 1."""
    rows = math.ceil(columns / MOST_IN_A_ROW)
    return math.ceil(columns / rows)


def _find(visitor: Visitor, deployment_id: str) -> Deployment | None:
    try:
        return visitor.services.catalogue.find(deployment_id)
    except NotFound:
        return None


def _is_owner(visitor: Visitor, reading: Reading) -> bool:
    return reading.comparison.owner == visitor.user.key


def _stop_arm(visitor: Visitor, comparison_id: str, arm: int) -> None:
    attempt(lambda: visitor.services.comparing.stop_arm(visitor.user, comparison_id, arm))


def _retry(visitor: Visitor, comparison_id: str, arm: int, round_number: int) -> None:
    attempt(
        lambda: visitor.services.comparing.retry(
            visitor.user, visitor.session.id, visitor.identities, comparison_id, arm, round_number
        )
    )
