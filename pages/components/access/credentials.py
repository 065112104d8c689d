"""Which of the app's own credentials were asked for a token, and what to do about those that gave none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from core.identity.credential_failures import CLI, DEVICE_CODE, ENVIRONMENT, MANAGED, WORKLOAD
from core.markdown import as_label, as_plain
from pages.components.failure import draw_command

if TYPE_CHECKING:
    from core.identity.app_credential import Attempt
    from core.identity.credential_failures import Explanation

_NAMES: Final = {
    WORKLOAD: "Workload identity",
    MANAGED: "Managed identity",
    ENVIRONMENT: "Service principal",
    CLI: "Azure CLI",
    DEVICE_CODE: "Device code",
}


def draw_credentials(tried: tuple[Attempt, ...]) -> None:
    """Draw every credential in the order in which they are asked."""
    winner = next((_name(attempt) for attempt in tried if attempt.outcome == "answered"), "")
    label = f"The app's token comes from: **{winner}**" if winner else "What each of the app's credentials said"
    with st.expander(label):
        for attempt in tried:
            if attempt.why is None:
                st.markdown(_line(attempt))
            else:
                _draw_failed(attempt, attempt.why, is_grave=not winner)


def _draw_failed(attempt: Attempt, why: Explanation, *, is_grave: bool) -> None:
    mark = ":red[:material/cancel:]" if is_grave else ":orange[:material/error:]"
    st.markdown(f"{mark} **{_name(attempt)}**: {as_label(why.title)}")
    with st.container(border=True):
        st.markdown(f"{as_plain(why.remedy)}\n\nWho can do it: **{as_label(why.who)}**")
        draw_command(why.cause, why.command, why.remedy)
        st.caption(f"It said: {as_plain(attempt.reason)}")


def _line(attempt: Attempt) -> str:
    if attempt.outcome == "answered":
        return f":green[:material/check_circle:] **{_name(attempt)}** answered"
    return f":gray[:material/remove_circle: {_name(attempt)}: left out, {as_label(attempt.reason)}]"


def _name(attempt: Attempt) -> str:
    return _NAMES.get(attempt.credential, as_label(attempt.credential))
