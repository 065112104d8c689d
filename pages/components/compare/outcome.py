"""How one answer of a comparison ended: its figures, its failure, its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.comparisons.amounts import amount
from core.comparisons.measures import FIRST_TOKEN, TOKENS_PER_SECOND, TOTAL
from core.errors import SignInAgain
from core.markdown import as_label
from core.storage.records import RunState
from pages.components.failure import draw_failure, draw_wait
from pages.components.reader import cost_words, reader_locale
from pages.components.same_tab_link import same_tab_link

if TYPE_CHECKING:
    from core.storage.records import RunError, RunRecord

_MARKS: Final = {
    RunState.RUNNING: ":blue-badge[:material/more_horiz: Answering]",
    RunState.COMPLETE: ":green-badge[:material/check: Done]",
    RunState.CANCELLED: ":orange-badge[:material/stop_circle: Stopped]",
    RunState.INTERRUPTED: ":orange-badge[:material/warning: Incomplete]",
    RunState.FILTERED: ":orange-badge[:material/filter_alt: Filtered]",
    RunState.FAILED: ":red-badge[:material/error: Failed]",
}


def draw_outcome(run: RunRecord, *, is_mine: bool) -> None:
    """Draw how an answer ended, and its figures; what to do about a failure only for who asked for the answer."""
    if run.error is not None and is_mine:
        _draw_failure(run, run.error)
    elif run.error is not None:
        who, reference = as_label(run.identity or "whoever asked"), as_label(run.error.reference)
        st.error(
            f"This was said to {who}. Reference **{reference}**",
            title=as_label(run.error.title),
            icon=":material/error:",
        )
    locale = reader_locale()
    figures = [
        (measure.name, amount(measure.unit, number, locale))
        for measure, number in (
            (FIRST_TOKEN, run.first_token_seconds),
            (TOTAL, run.total_seconds),
            (TOKENS_PER_SECOND, TOKENS_PER_SECOND.of(run)),
        )
        if number is not None and run.text
    ]
    if figures:
        with st.container(horizontal=True, gap="small"):
            for name, value in figures:
                st.metric(name, value, width="content")
    mark = f"{_MARKS[run.state]}{' :orange-badge[Cut at the limit]' if run.finish_reason == 'length' else ''}"
    st.markdown(f"{mark}  \n:gray[:small[{' · '.join(as_label(fact) for fact in _facts(run))}]]")
    for notice in run.notices:
        st.caption(f":material/info: {as_label(notice)}")


def _draw_failure(run: RunRecord, error: RunError) -> None:
    draw_failure(error)
    draw_wait(error)
    if error.kind == SignInAgain.__name__:
        again = f"/auth/sign-in?next=/compare?id={run.conversation_id}"
        same_tab_link("Sign in again", again, key=f"compare-renew-{run.id}")
    st.page_link("access.py", label="See what you can use: My access", icon=":material/verified_user:")


def _facts(run: RunRecord) -> list[str]:
    """Tokens and cost; what is unknown is said to be."""
    if run.input_tokens is None or run.output_tokens is None:
        return ["tokens unknown", cost_words(run.cost_usd)] if run.text else ["no answer, no tokens"]
    locale = reader_locale()
    about = "about " if run.usage_estimated else ""
    numbers = [format_decimal(count, locale=locale) for count in (run.input_tokens, run.output_tokens)]
    facts = [f"{about}{numbers[0]} tokens in", f"{numbers[1]} out"]
    if run.reasoning_tokens:
        facts.append(f"{format_decimal(run.reasoning_tokens, locale=locale)} of them reasoning")
    return [*facts, cost_words(run.cost_usd)]
