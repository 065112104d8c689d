"""Which round of a comparison is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from pages.components.readable import choice
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from core.comparisons.reading import Reading
    from core.runs.live_comparison import LiveComparison

_MOST_SIDE_BY_SIDE: Final = 8


def choose_round(reading: Reading, live: LiveComparison | None) -> int:
    """The round that goes on; else the one that the person chooses, at first the latest that was begun."""
    comparison = reading.comparison
    latest = live.round if live is not None else max((cell.round for cell in comparison.cells), default=0)
    if live is not None or latest == 0:
        st.empty()
        return latest
    rounds, key = list(range(latest + 1)), f"compare-round-{comparison.id}"
    locale = reader_locale()
    if len(rounds) > _MOST_SIDE_BY_SIDE:
        return int(st.slider("Round", 1, latest + 1, latest + 1, key=key, width=280)) - 1
    chosen = st.segmented_control(
        "Round",
        rounds,
        default=latest,
        format_func=lambda number: choice(f"Round {format_decimal(number + 1, locale=locale)}"),
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    return int(chosen)
