"""How the columns of a comparison are set, and what is varied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.deployments.parameters import LABELS
from core.markdown import as_label
from core.runs.comparison_plan import MOST_REPEATS
from core.runs.comparison_plan import SYSTEM as SYSTEM_MESSAGE
from pages.components.call_as import draw_call_as
from pages.components.compare import choices
from pages.components.compare.choices import Kind
from pages.components.parameter_controls import draw_parameters
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from pages.components.session import Visitor

_WIDTH_PIXELS: Final = 620


def draw_sweep(visitor: Visitor) -> None:
    """Which setting is varied, over which values."""
    options = [*choices.common_controls(visitor), SYSTEM_MESSAGE]
    if st.session_state.get(choices.SWEPT) not in options or not st.session_state.get(choices.SWEPT_BY_HAND):
        st.session_state[choices.SWEPT] = options[0]
    which, values = st.columns([1, 2])
    swept = which.selectbox(
        "Setting to vary",
        options,
        format_func=lambda name: "System message" if name == SYSTEM_MESSAGE else LABELS[name],
        key=choices.SWEPT,
        on_change=_remember_choice,
        persist_state="session",
    )
    with values:
        if swept != SYSTEM_MESSAGE:
            st.multiselect(
                "Values",
                choices.SWEPT_OPTIONS[swept],
                format_func=_value,
                key=f"{choices.VALUES}{swept}",
                placeholder="Choose two or more",
                select_all=False,  # it comes first, where Enter after a typed number takes it
                persist_state="session",
            )
            return
        for number in range(min(len(choices.swept_systems()) + 1, choices.MOST_SYSTEMS)):
            st.text_area(
                f"System message {number + 1}",
                key=f"{choices.SYSTEMS}{number}",
                height=68,
                placeholder="How the deployment should behave.",
                persist_state="session",
            )


def _remember_choice() -> None:
    """From now on what is varied does not follow what the chosen deployments have in common."""
    st.session_state[choices.SWEPT_BY_HAND] = True


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else format_decimal(value, locale=reader_locale())


def draw_settings(visitor: Visitor, kind: Kind) -> None:
    """Draw repeats, blindness, identity, system message and parameters, behind a button."""
    with st.popover("Settings", icon=":material/tune:", key="compare-settings"):
        # Side by side, so that it fits below its button.
        left, right = st.container(width=_WIDTH_PIXELS).columns(2)
        swept = st.session_state.get(choices.SWEPT) if kind is Kind.SETTING else None
        with left:
            _draw_how(kind, visitor, has_system=swept != SYSTEM_MESSAGE)
        with right:
            _draw_parameters(kind, visitor, swept)


def _draw_how(kind: Kind, visitor: Visitor, *, has_system: bool) -> None:
    st.number_input(
        "How many times",
        1,
        MOST_REPEATS,
        step=1,
        key=choices.key_of(choices.REPEATS),
        persist_state="session",
        help="Repeats run one after another, in shuffled order. Two columns need 6 of them before a difference "
        "can be shown, three need 7, and eight need 11.",
    )
    st.toggle(
        "Blind",
        key=choices.key_of(choices.BLIND),
        persist_state="session",
        help="Names are hidden until you have judged the answers in pairs.",
    )
    if kind is not Kind.IDENTITIES:
        draw_call_as(visitor)
    if has_system:
        st.text_area(
            "System message",
            key=choices.key_of(choices.SYSTEM),
            placeholder="How the deployments should behave.",
            persist_state="session",
        )


def _draw_parameters(kind: Kind, visitor: Visitor, swept: str | None) -> None:
    has_own = kind is Kind.DEPLOYMENTS and st.toggle(
        "Each deployment its own parameters", key=choices.key_of(choices.HAS_OWN), persist_state="session"
    )
    if not has_own:
        common = [name for name in choices.common_controls(visitor) if name != swept]
        draw_parameters(common, choices.key_of(choices.PARAMETER))
        return
    for deployment in choices.chosen_deployments(visitor):
        with st.expander(as_label(deployment.label)):
            draw_parameters(visitor.services.controls_of(deployment), choices.own_parameter(deployment.id))
