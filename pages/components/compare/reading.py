"""A comparison as the visitor may see it, and against the one that it repeats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from core.comparisons.amounts import amount
from core.comparisons.changes import changes
from core.comparisons.reading import Reading, findings_of, reading
from core.errors import NotFound
from core.markdown import as_label
from pages.components.compare.asking import FROM_A_FILE
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babel.core import Locale

    from core.comparisons.changes import ArmChange
    from core.comparisons.measures import Measure
    from core.runs.comparison import Comparison, Vote
    from pages.components.session import Visitor


def read(visitor: Visitor, comparison: Comparison, votes: Sequence[Vote]) -> Reading:
    """What the visitor, who cast ``votes``, may see of it; of one from a file, all that is in it."""
    if comparison.owner == FROM_A_FILE:
        return Reading(comparison, visitor.user.key, withheld=(), hides_names=False)
    find = findings_of(visitor.services.access, visitor.services.catalogue, visitor.usual_tokens)
    return reading(comparison, visitor.user.key, find, datetime.now(UTC), votes)


def votes_on(visitor: Visitor, comparison: Comparison) -> Sequence[Vote]:
    """What the visitor said of its answers."""
    if comparison.owner == FROM_A_FILE:
        return ()
    return visitor.services.comparing.votes(visitor.user, comparison.id)


def draw_what_changed(visitor: Visitor, now: Reading) -> None:
    """Draw what is different from the comparison that this one repeats, if the visitor may still read that."""
    previous_id = now.comparison.previous_id
    if not previous_id or now.comparison.is_running:
        st.empty()
        return
    try:
        comparison = visitor.services.comparing.comparison(visitor.user, previous_id)
    except NotFound:
        st.empty()
        return
    found = changes(read(visitor, comparison, votes_on(visitor, comparison)), now)
    with st.expander("What changed since the comparison before", key="compare-changed"):
        st.markdown("\n".join(f"- {as_label(each)}" for each in found.asked or ("The same was asked.",)))
        if found.results:
            st.markdown(_table(found.results))
            st.markdown("\n".join(f"- {as_label(told)}" for each in found.results for told in each.sentences))
            st.caption("Medians; before in brackets. Repeat often enough to see whether a difference means anything.")


def _table(results: Sequence[ArmChange]) -> str:
    locale = reader_locale()
    names = [medians.measure.name for medians in results[0].medians]
    rows = [["Column", *names], ["---"] * (len(names) + 1)]
    for result in results:
        cells = [
            f"{_amount(each.measure, each.after, locale)} ({_amount(each.measure, each.before, locale)})"
            for each in result.medians
        ]
        rows.append([as_label(result.label), *(as_label(cell) for cell in cells)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _amount(measure: Measure, number: float | None, locale: Locale) -> str:
    return "unknown" if number is None else amount(measure.unit, number, locale)
