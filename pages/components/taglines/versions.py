"""Earlier versions of a board: when, by whom, why; named, and restored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from core.taglines.board import MOST_TITLE
from pages.components.failure import draw_failure
from pages.components.kept_failure import attempt, take_failure
from pages.components.reader import date_and_time
from pages.components.taglines import asking

if TYPE_CHECKING:
    from core.storage.board_records import BoardVersion
    from core.taglines.board import Board
    from pages.components.session import Visitor

MOST_DRAWN: Final = 30


@st.dialog("Versions", position="right")
def draw_versions(visitor: Visitor, board: Board, *, may_edit: bool) -> None:
    """Draw the latest, and those that have names."""
    draw_failure(take_failure())
    versions = visitor.services.taglines.versions(visitor.user, board.id)
    st.caption("Restoring makes a new version, so nothing is lost by it. Those with a name are kept for good.")
    for place, version in enumerate(versions):
        if place < MOST_DRAWN or version.name:
            _draw_version(visitor, board, version, is_newest=place == 0, may_edit=may_edit)


def _draw_version(visitor: Visitor, board: Board, version: BoardVersion, *, is_newest: bool, may_edit: bool) -> None:
    name = f" :violet-badge[{as_label(version.name)}]" if version.name else ""
    when = as_label(date_and_time(version.at))
    with st.container(border=True):
        st.markdown(
            f"**{version.number}** {as_label(version.reason)}{name}  \n"
            f":gray[:small[{as_label(version.author_name)} · {when}]]"
        )
        if not may_edit:
            return
        with st.container(horizontal=True, gap="small"):
            if is_newest:
                st.markdown(":green-badge[:material/check: As it is now]", width="content")
            elif st.button(
                "Restore",
                icon=":material/restore:",
                on_click=asking.restore,
                args=(visitor, board, version.number),
                key=f"taglines-restore-{version.number}",
            ):
                st.rerun()
            with st.popover("Name", type="tertiary", key=f"taglines-naming-{version.number}"):
                key = f"taglines-name-{version.number}"
                st.text_input(
                    "Name of this version",
                    version.name,
                    max_chars=MOST_TITLE,
                    key=key,
                    on_change=partial(_name, visitor, board, version.number, key),
                )


def _name(visitor: Visitor, board: Board, number: int, key: str) -> None:
    name = str(st.session_state[key] or "")
    attempt(lambda: visitor.services.taglines.name_version(visitor.user, board.id, number, name))
