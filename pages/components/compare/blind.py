"""Judging answers blindly, in pairs; what was judged; and who wins over all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal, format_percent

from core.comparisons.blind import judgements, next_judgement
from core.comparisons.judging import judge
from core.comparisons.win_rates import tags_of, win_rates
from core.markdown import as_label, neutralise
from core.runs.comparison import Verdict
from pages.components.compare.intervals import IntervalRow, draw_intervals
from pages.components.compare.reading import read, votes_on
from pages.components.compare.withheld import draw_all_withheld
from pages.components.kept_failure import attempt
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.comparisons.blind import Judgement
    from core.comparisons.reading import Reading
    from core.comparisons.win_rates import WinRates
    from core.runs.comparison import Comparison, Vote
    from pages.components.session import Visitor

_BUTTONS: Final = {
    Verdict.LEFT: ("Left is better", ":material/arrow_back:", "1"),
    Verdict.RIGHT: ("Right is better", ":material/arrow_forward:", "2"),
    Verdict.TIE: ("Tie", ":material/drag_handle:", "3"),
    Verdict.BOTH_BAD: ("Both bad", ":material/thumb_down:", "4"),
}
_FEWEST_DRAWN: Final = 2
_IN_SIGHT: Final = 6
"""So many votes on a comparison stand above its answers in sight; more are folded away."""


def draw_blind(visitor: Visitor, reading: Reading, votes: Sequence[Vote]) -> None:
    """Draw the next pair to judge, or that none is there yet."""
    comparison, person = reading.comparison, visitor.user.key
    pair = next_judgement(comparison, person, votes)
    all_of_it = len(judgements(comparison, person))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        locale = reader_locale()
        numbers = [format_decimal(number, locale=locale) for number in (len(votes), all_of_it)]
        judged = f" {numbers[0]} of {numbers[1]} pairs judged" if all_of_it else ""
        st.markdown(f":violet-badge[:material/visibility_off: Blind]{judged}", width="content")
        with st.popover("Show the names", type="tertiary", icon=":material/visibility:"):
            st.markdown("You cannot vote on this comparison any more after that.")
            st.button("Show them", on_click=_give_up, args=(visitor, comparison.id), key="compare-give-up-blindness")
    if pair is not None:
        with st.container():
            _draw_pair(visitor, comparison, pair)
    elif comparison.goes_on:
        st.markdown(":shimmer[The answers are shown once all of a round have come]")
    elif reading.withheld:
        st.caption("You judge two answers at a time. Those of the deployments below are not shown to you yet.")
    else:
        st.empty()
    draw_all_withheld(visitor, reading)


def _draw_pair(visitor: Visitor, comparison: Comparison, pair: Judgement) -> None:
    if comparison.plan.repeats > 1:
        st.caption(f"Round {format_decimal(pair.round + 1, locale=reader_locale())}")
    grid = st.grid(2, min_column_width=280, border=True, key="compare-blind-pair")
    for side, answer in (("Left", pair.left), ("Right", pair.right)):
        with grid.cell():
            st.markdown(f"**{side}**")
            st.markdown(neutralise(answer.text or ""))
    with st.container(horizontal=True, horizontal_alignment="center"):
        for verdict, (label, icon, key) in _BUTTONS.items():
            st.button(
                label,
                icon=icon,
                shortcut=key,
                on_click=_vote,
                args=(visitor, comparison.id, pair, verdict),
                key=f"compare-vote-{verdict.name.lower()}",
            )


def draw_verdicts(reading: Reading, votes: Sequence[Vote]) -> None:
    """Draw what the reader said of each pair, once they may see the names."""
    arms = reading.comparison.plan.arms
    told = []
    for vote in votes if not reading.hides_names else ():
        is_withheld = reading.is_withheld(vote.first_arm) or reading.is_withheld(vote.second_arm)
        if vote.verdict is not Verdict.SEEN and not is_withheld:
            first, second = arms[vote.first_arm].label, arms[vote.second_arm].label
            round_of = f"Round {vote.round + 1}: " if reading.comparison.plan.repeats > 1 else ""
            told.append(f"- {round_of}{_said(vote.verdict, as_label(first), as_label(second))}")
    if told:
        with st.expander("Your blind votes", expanded=len(told) <= _IN_SIGHT, key="compare-verdicts"):
            st.markdown("\n".join(told))
    else:
        st.empty()


def draw_win_rates(visitor: Visitor) -> None:
    """Draw whose answers this person has preferred in their blind comparisons."""
    given = visitor.services.comparing.all_votes(visitor.user)
    votes = given.counted
    locale = reader_locale()
    if given.waiting:
        number = format_decimal(given.waiting, locale=locale)
        st.caption(
            f":material/hourglass: Not counted yet: {number} of your votes, on comparisons that you have not judged "
            "to the end. They count once you have, or once you look at the names."
        )
    elif not votes:
        st.caption("Nothing is judged yet. Switch on Blind in Settings, compare, and say which answers are better.")
    if not votes:
        return
    tags = tags_of(votes)
    chosen = st.multiselect("Only comparisons tagged", tags, key="compare-win-rate-tags") if tags else []
    rates = win_rates(votes, chosen)
    if not rates.standings:
        st.caption("No votes with these tags.")
        return
    number = format_decimal(rates.votes, locale=locale)
    st.caption(f"From {number} of your blind votes. A tie counts half for each; so does both bad.")
    _draw_table(rates)
    if len(rates.standings) >= _FEWEST_DRAWN:
        rows = [
            IntervalRow(one.name, share.low, share.value, share.high)
            for one in rates.standings
            for share in [one.strength or one.win_rate]
        ]
        told = " ".join(f"{row.name}: {format_percent(row.middle, locale=locale)}." for row in rows)
        is_strength = rates.standings[0].strength is not None
        title = "Expected share of wins against all others" if is_strength else "Win rate"
        draw_intervals(rows, title, told, is_share=True)
        how = "Bradley and Terry's model, bootstrap" if is_strength else "Wilson's"
        st.caption(f"The band is the 95 % interval ({how}).")
    if rates.note:
        st.caption(f":material/info: {as_label(rates.note)}")


def _draw_table(rates: WinRates) -> None:
    standings = rates.standings
    table = {
        "Name": [one.name for one in standings],
        "Win rate": [one.win_rate.value for one in standings],
        "Votes": [one.votes for one in standings],
        "Won": [one.wins for one in standings],
        "Lost": [one.losses for one in standings],
        "Tie": [one.ties for one in standings],
        "Both bad": [one.both_bad for one in standings],
    }
    bar = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(table, column_config={"Win rate": bar}, hide_index=True, alt="Win rates of your blind votes")


def _said(verdict: Verdict, first: str, second: str) -> str:
    if verdict is Verdict.LEFT:
        return f"**{first}** over {second}"
    if verdict is Verdict.RIGHT:
        return f"**{second}** over {first}"
    return f"{first} and {second}: {'a tie' if verdict is Verdict.TIE else 'both bad'}"


def _vote(visitor: Visitor, comparison_id: str, pair: Judgement, verdict: Verdict) -> None:
    comparing = visitor.services.comparing

    def vote() -> None:
        comparison = comparing.comparison(visitor.user, comparison_id)
        seen = read(visitor, comparison, votes_on(visitor, comparison))
        judge(comparing, visitor.user, seen, pair, verdict)

    attempt(vote)


def _give_up(visitor: Visitor, comparison_id: str) -> None:
    attempt(lambda: visitor.services.comparing.give_up_blindness(visitor.user, comparison_id))
