"""The answers themselves held against each other: word by word, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st
from babel.numbers import format_decimal

from core.comparisons.text_diff import Kind, json_diff, json_view, text_diff
from core.markdown import as_label
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.comparisons.reading import Reading
    from core.comparisons.text_diff import JsonChange, Segment

_COLORS: Final = {Kind.ADDED: "green", Kind.REMOVED: "red"}


def texts_of(reading: Reading, round_number: int) -> dict[int, str]:
    """What each column answered in a round, where it answered anything."""
    cells = (cell for cell in reading.comparison.cells if cell.round == round_number)
    return {cell.arm: cell.run.text for cell in cells if cell.run.text}


def draw_wording(reading: Reading, texts: Mapping[int, str]) -> None:
    """Draw what tells two of at least two answers apart, word by word."""
    first, second = _choose_two(reading, list(texts))
    if first == second:
        st.caption("Choose two different columns.")
        return
    locale = reader_locale()
    before, after = texts[first], texts[second]
    words = [format_decimal(len(text.split()), locale=locale) for text in (before, after)]
    st.caption(
        f"Left: {words[0]} words, :red-background[~~only there~~] · "
        f"Right: {words[1]} words, :green-background[**only there**]"
    )
    with st.container(border=True):
        st.markdown("".join(_drawn(segment) for segment in text_diff(before, after)))
    left, right = json_view(before), json_view(after)
    if left is not None and right is not None:
        changes = json_diff(left, right)
        st.caption("As JSON they are equal." if not changes else "Where the two differ as JSON:")
        st.markdown("\n".join(f"- {as_label(_change(each))}" for each in changes))


def has_json(texts: Mapping[int, str]) -> bool:
    """Whether any of the answers is JSON."""
    return any(json_view(text) is not None for text in texts.values())


def draw_json(reading: Reading, texts: Mapping[int, str]) -> None:
    """Draw the answers that are JSON as trees."""
    grid = st.grid(min(len(texts), 4), min_column_width=280, border=True)
    for arm, text in texts.items():
        value = json_view(text)
        with grid.cell():
            st.markdown(f"**{as_label(reading.comparison.plan.arms[arm].label)}**")
            if value is None:
                st.caption("Not JSON.")
            else:
                st.json(value)


def _choose_two(reading: Reading, offered: list[int]) -> tuple[int, int]:
    arms = reading.comparison.plan.arms
    left, right = st.columns(2)
    chosen = [
        place.selectbox(
            name,
            offered,
            index=number,
            format_func=lambda arm: arms[arm].label,
            key=f"compare-diff-{name}-{reading.comparison.id}",
        )
        for number, (place, name) in enumerate(((left, "Left"), (right, "Right")))
    ]
    return chosen[0], chosen[1]


def _drawn(segment: Segment) -> str:
    return "  \n".join(_drawn_line(segment.kind, line) for line in segment.text.split("\n"))


def _drawn_line(kind: Kind, line: str) -> str:
    """Marked by more than colour; white space at the ends stays outside of the marks, which would not hold there."""
    words = line.strip()
    if kind is Kind.SAME or not words:
        return _spaced(line, as_label(words))
    mark = "**" if kind is Kind.ADDED else "~~"
    return _spaced(line, f":{_COLORS[kind]}-background[{mark}{as_label(words)}{mark}]")


def _spaced(line: str, drawn: str) -> str:
    before = " " if line[:1].isspace() else ""
    after = " " if line.strip() and line[-1:].isspace() else ""
    return f"{before}{drawn}{after}"


def _change(change: JsonChange) -> str:
    if change.before is None:
        return f"{change.path}: only right, {change.after}"
    if change.after is None:
        return f"{change.path}: only left, {change.before}"
    return f"{change.path}: left {change.before}, right {change.after}"
