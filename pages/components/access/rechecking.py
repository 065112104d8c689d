"""After a role was given: a visible wait until Azure has spread it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.access.recheck import Stage

if TYPE_CHECKING:
    from core.access.recheck import RecheckView
    from core.deployments.deployment import Deployment
    from core.deployments.tokens import Tokens
    from pages.components.session import Visitor


FRESH: Final = "access-fresh"
"""Where the page keeps that everything is to be asked anew."""


def look_again() -> None:
    """Ask every deployment anew on the next run."""
    st.session_state[FRESH] = True


def draw_recheck(visitor: Visitor, tokens: Tokens, deployment: Deployment) -> None:
    """Draw the button that begins to look for the role, or how the looking stands."""
    recheck = visitor.services.access.recheck(tokens, deployment)
    if recheck is not None and recheck.view.stage is Stage.LOOKING:
        st.fragment(_count_down, run_every=1.0)(visitor, tokens, deployment)
        return
    if recheck is not None and recheck.view.stage is Stage.OVER:
        st.caption("The role was looked for during five minutes and is not there. Ask whoever gave it to check it.")
    st.button(
        "I was given the role",
        icon=":material/hourglass_top:",
        help="Looks every 15 seconds for five minutes, and says when it works.",
        on_click=visitor.services.access.begin_recheck,
        args=(tokens, deployment),
        key=f"recheck-{deployment.id}",
    )


def _count_down(visitor: Visitor, tokens: Tokens, deployment: Deployment) -> None:
    recheck = visitor.services.access.recheck(tokens, deployment)
    if recheck is None or recheck.view.stage is not Stage.LOOKING:
        # The role is one for all deployments of the resource: the others are not to be shown as they were.
        look_again()
        st.rerun()
    st.info(_words(recheck.view), title="Waiting for Azure to spread the role", icon=":material/hourglass_top:")
    st.button(
        "Stop looking",
        on_click=visitor.services.access.stop_recheck,
        args=(tokens, deployment),
        key=f"stop-recheck-{deployment.id}",
    )


def _words(view: RecheckView) -> str:
    now = datetime.now(UTC)
    next_seconds = max(0, math.ceil((view.next_at - now).total_seconds()))
    minutes, seconds = divmod(max(0, math.ceil((view.ends_at - now).total_seconds())), 60)
    times = "once" if view.times == 1 else f"{view.times} times"
    return f"Looked {times}. Next look in {next_seconds} s; it goes on for {minutes}:{seconds:02} more."
