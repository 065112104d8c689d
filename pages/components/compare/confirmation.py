"""Before many calls: how many, at what cost, for how long, and whether the sign-in lasts."""

from __future__ import annotations

import math
from decimal import Context
from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.errors import SignInAgain
from core.runs.comparison_cost import ANSWER_TOKENS, expected_cost
from pages.components.compare import asking
from pages.components.kept_failure import attempt
from pages.components.reader import cost_words, reader_locale

if TYPE_CHECKING:
    from pages.components.compare.asking import Wish
    from pages.components.session import Visitor

_MINUTE: Final = 60


def draw_confirmation(visitor: Visitor) -> None:
    """Ask, if there is something to confirm."""
    wish = asking.unconfirmed()
    if wish is not None:
        _ask(visitor, wish)


@st.dialog("Many calls", on_dismiss=asking.forget_wish)
def _ask(visitor: Visitor, wish: Wish) -> None:
    locale = reader_locale()
    calls, answer = (format_decimal(number, locale=locale) for number in (wish.plan.calls(), ANSWER_TOKENS))
    columns = len(wish.plan.arms)
    st.markdown(f"**{calls} calls**: {columns} columns, {wish.plan.repeats} times.")
    cost = expected_cost(wish.plan, visitor.services.catalogue)
    if cost is None:
        st.markdown("What they cost is unknown: the catalogue has no price for one of the deployments.")
    else:
        about = Context(prec=2).plus(cost)
        st.markdown(f"About {cost_words(about)}, if an answer is about {answer} tokens long.")
    seconds = visitor.services.comparing.expected_seconds(wish.plan)
    if seconds is not None:
        st.markdown(f"It takes about {_duration(seconds)}, judging by earlier answers.")
    if _ends_before(visitor, wish, seconds):
        st.warning(
            "Your sign-in ends before that. Sign in again first; what is set on this page stays.",
            icon=":material/schedule:",
        )
    with st.container(horizontal=True):
        if st.button("Run", type="primary", on_click=_begin, args=(visitor, wish), key="compare-confirm"):
            st.rerun()
        if st.button("Cancel", on_click=asking.forget_wish, key="compare-cancel"):
            st.rerun()


def _begin(visitor: Visitor, wish: Wish) -> None:
    asking.forget_wish()
    attempt(lambda: asking.begin(visitor, wish))


def _ends_before(visitor: Visitor, wish: Wish, seconds: float | None) -> bool:
    kinds = {arm.identity_kind for arm in wish.plan.arms}
    needed = [tokens for tokens in visitor.identities if tokens.identity_kind in kinds]
    try:
        within = seconds or float(wish.plan.calls())
        return any(visitor.services.needs_person_within(visitor.session, tokens, within) for tokens in needed)
    except SignInAgain:
        return True


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 2 * _MINUTE else f"{math.ceil(seconds / _MINUTE)} minutes"
