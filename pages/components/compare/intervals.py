"""Numbers with their spread, drawn: one row each, a line from low to high and a mark in the middle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW_PIXELS: Final = 44
FRAME_PIXELS: Final = 56
LABEL_PIXELS: Final = 240
BAND_PIXELS: Final = 12


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A row: ``points`` are single numbers, drawn faintly."""

    name: str
    low: float
    middle: float
    high: float
    points: tuple[float, ...] = field(default=())


def draw_intervals(rows: Sequence[IntervalRow], title: str, in_words: str, *, is_share: bool = False) -> None:
    """Draw ``rows`` in their order over an axis that starts at zero; ``in_words`` is for who cannot see it.

    Args:
        rows: What is drawn.
        title: Of the axis, with the unit.
        in_words: The same in words.
        is_share: Whether the numbers are shares of 1, drawn as per cent.
    """
    # Altair and pandas take half a second to import; only what draws with them waits for it.
    import altair as alt
    import pandas as pd  # type: ignore[import-untyped]  # it ships no types

    ends = pd.DataFrame([{"name": row.name, "low": row.low, "middle": row.middle, "high": row.high} for row in rows])
    points = pd.DataFrame([{"name": row.name, "point": point} for row in rows for point in row.points])
    names = [row.name for row in rows]
    across = alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=LABEL_PIXELS))
    axis = alt.Axis(format="%" if is_share else ",.4~g", tickCount=6)
    scale = alt.Scale(domain=[0, 1]) if is_share else alt.Scale(zero=True)
    base = alt.Chart(ends)
    layers = [
        base.mark_bar(size=BAND_PIXELS, cornerRadius=BAND_PIXELS // 2, opacity=0.3).encode(
            x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q", y=across
        ),
        base.mark_point(filled=True, size=110, opacity=1).encode(
            x=alt.X("middle:Q", title=title),
            y=across,
            tooltip=[alt.Tooltip(f"{each}:Q", format=".3~g") for each in ("low", "middle", "high")],
        ),
    ]
    if len(points):
        layers.insert(
            1,
            alt.Chart(points).mark_tick(thickness=2, opacity=0.55).encode(x=alt.X("point:Q", title=title), y=across),
        )
    st.altair_chart(
        alt.layer(*layers).properties(height=ROW_PIXELS * len(rows) + FRAME_PIXELS), width="stretch", alt=in_words
    )
