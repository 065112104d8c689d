"""The line under every answer: who answered, called as whom, how fast, how much, at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.deployments.parameters import LABELS
from core.markdown import as_label
from core.storage.records import RunRecord, RunState
from pages.components.reader import cost_words, reader_locale

if TYPE_CHECKING:
    from babel.core import Locale

_ENDED: Final = {
    RunState.RUNNING: "answering",
    RunState.COMPLETE: "done",
    RunState.CANCELLED: "stopped",
    RunState.INTERRUPTED: "incomplete",
    RunState.FILTERED: "filtered",
    RunState.FAILED: "failed",
}


def facts(run: RunRecord, locale: Locale) -> tuple[str, ...]:
    """What is known of an answer, in the order in which people ask for it, in the reader's number format."""
    return tuple(
        fact
        for fact in (
            run.deployment_label,
            run.model if run.model != run.deployment_label else "",
            _identity(run),
            *_settings(run, locale),
            _seconds("first token", run.first_token_seconds, locale),
            _seconds("total", run.total_seconds, locale),
            _tokens(run, locale),
            cost_words(run.cost_usd) if run.text or run.cost_usd is not None else "",
            "cut at the limit" if run.finish_reason == "length" else _ENDED[run.state],
        )
        if fact
    )


def draw_facts(run: RunRecord) -> None:
    """Draw the line."""
    st.caption(" · ".join(as_label(fact) for fact in facts(run, reader_locale())))


def _identity(run: RunRecord) -> str:
    if run.identity_kind == "user":
        return f"called as {run.identity} with their own token"
    return f"called as the app ({run.identity})"


def _settings(run: RunRecord, locale: Locale) -> list[str]:
    """What was set for this answer, so that two answers can be told apart."""
    numbers = {name: value for name, value in run.parameters.items() if isinstance(value, int | float)}
    words = {name: value for name, value in run.parameters.items() if name not in numbers}
    return [
        *(
            f"{LABELS.get(name, name).lower()} {format_decimal(value, locale=locale)}"
            for name, value in numbers.items()
        ),
        *(f"{LABELS.get(name, name).lower()} {value}" for name, value in words.items()),
        *(["with a system message"] if run.system else []),
    ]


def _seconds(name: str, seconds: float | None, locale: Locale) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{name} {format_decimal(round(seconds * 1000), locale=locale)} ms"
    return f"{name} {format_decimal(seconds, format='0.0', locale=locale)} s"


def _tokens(run: RunRecord, locale: Locale) -> str:
    if run.input_tokens is None or run.output_tokens is None:
        return "tokens unknown" if run.text else ""
    about = "about " if run.usage_estimated else ""
    numbers = [format_decimal(count, locale=locale) for count in (run.input_tokens, run.output_tokens)]
    thought = f" ({format_decimal(run.reasoning_tokens, locale=locale)} reasoning)" if run.reasoning_tokens else ""
    return f"{about}{numbers[0]} tokens in, {numbers[1]} out{thought}"
