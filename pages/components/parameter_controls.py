"""Widgets for what may be set for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.deployments.parameters import CONTROLS, REASONING_EFFORTS, VERBOSITIES, Parameters
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_UNSET: Final = "The deployment's default"


def draw_parameters(controls: Iterable[str], prefix: str) -> None:
    """Draw a widget for each of ``controls``; what is set stands in the session state, under ``prefix`` and name."""
    if "temperature" in controls:
        _number("Temperature", f"{prefix}temperature", 0.0, 2.0, 0.1)
    if "top_p" in controls:
        _number("Top p", f"{prefix}top_p", 0.0, 1.0, 0.05)
    if "max_output_tokens" in controls:
        _number("Longest answer, in tokens", f"{prefix}max_output_tokens", 1, 1_000_000, 50)
    if "reasoning_effort" in controls:
        _choice("Reasoning effort", f"{prefix}reasoning_effort", REASONING_EFFORTS)
    if "verbosity" in controls:
        _choice("Verbosity", f"{prefix}verbosity", VERBOSITIES)


def parameters_as_set(controls: Iterable[str], prefix: str) -> Parameters:
    """What these widgets are set to."""
    return Parameters(**{name: st.session_state.get(f"{prefix}{name}") for name in controls})


def set_parameters(prefix: str, parameters: Mapping[str, float | int | str]) -> None:
    """Set the widgets; parameters that are not named go back to the deployment's default."""
    for name in CONTROLS:
        st.session_state[f"{prefix}{name}"] = parameters.get(name)


def _number(label: str, key: str, low: float, high: float, step: float) -> None:
    # Streamlit marks what lies outside, and does not take it.
    limits = " to ".join(format_decimal(limit, locale=reader_locale()) for limit in (low, high))
    st.number_input(
        f"{label} ({limits})", low, high, None, step, key=key, placeholder=_UNSET, persist_state="session"
    )


def _choice(label: str, key: str, options: tuple[str, ...]) -> None:
    st.selectbox(label, options, None, key=key, placeholder=_UNSET, persist_state="session")
