"""A comparison to take away, and to open again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.comparisons.exports import Format, export, export_name
from pages.components.compare import asking
from pages.components.reader import reader_locale

if TYPE_CHECKING:
    from babel.core import Locale

    from core.comparisons.reading import Reading
    from pages.components.session import Visitor

_ICONS: Final = {
    Format.CSV: ":material/csv:",
    Format.EXCEL: ":material/table:",
    Format.MARKDOWN: ":material/markdown:",
    Format.HTML: ":material/html:",
    Format.JSON: ":material/data_object:",
}


def draw_export(reading: Reading) -> None:
    """Draw what it can be exported to; a file is made when it is asked for."""
    locale = reader_locale()
    with st.popover("Export", icon=":material/download:", key="compare-export"):
        for kind in Format:
            name, mime = export_name(reading, kind)
            st.download_button(
                kind,
                partial(_made, reading, kind, locale),
                name,
                mime,
                icon=_ICONS[kind],
                type="tertiary",
                on_click="ignore",
                key=f"compare-export-{kind.name.lower()}",
            )
        st.caption("The answers that you see, their figures, and what the differences mean.")


def draw_opener(visitor: Visitor) -> None:
    """Draw where an exported file is opened again."""
    key = "compare-file"

    def open_chosen() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            asking.open_file(visitor, chosen.getvalue())

    st.file_uploader("Open a comparison that was exported as JSON", "json", key=key, on_change=open_chosen)


def _made(reading: Reading, kind: Format, locale: Locale) -> bytes:
    return export(reading, kind, written_at=datetime.now(UTC), locale=locale).data
