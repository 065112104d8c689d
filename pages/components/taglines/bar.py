"""Around a board: its title, other boards, and what can be done with all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.markdown import as_label
from core.storage.board_records import Role
from core.taglines.board import MOST_CARD_TEXT, MOST_TITLE
from core.web.paths import STAGE
from pages.components.failure import draw_failure
from pages.components.kept_failure import take_failure
from pages.components.reader import date_and_time
from pages.components.same_tab_link import same_tab_link
from pages.components.taglines import asking
from pages.components.taglines.export import draw_export
from pages.components.taglines.rehearsal import draw_rehearsal
from pages.components.taglines.sharing import draw_sharing
from pages.components.taglines.versions import draw_versions
from pages.components.taglines.vote import draw_vote

if TYPE_CHECKING:
    from core.storage.board_records import BoardHeading
    from core.taglines.board import Board
    from pages.components.session import Visitor

_WRITE: Final = ":material/edit_note: Write a card"
_RENAME: Final = ":material/edit: Rename"
_VERSIONS: Final = ":material/history: Versions"
_COPY: Final = ":material/content_copy: Copy the brief into a new board"
_LEAVE: Final = ":material/logout: Leave this board"
_DELETE: Final = ":material/delete: Delete"
_NEW_TITLE: Final = "taglines-new-title"
_WRITTEN: Final = "taglines-written"


def draw_title(visitor: Visitor, board: Board | None) -> None:
    """Draw the title of the page, which is that of the open board, and the way to other boards."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="taglines-title"
    ):
        st.title(as_label(board.title) if board else "Taglines", anchor=False, width="content")
        with st.container(horizontal=True, width="content"):
            headings = visitor.services.taglines.list(visitor.user)
            with st.popover("Recent", icon=":material/history:", disabled=not headings, key="taglines-boards"):
                for heading in headings:
                    _draw_heading(heading)
            st.button(
                "New",
                icon=":material/add:",
                shortcut="Alt+N",
                on_click=asking.begin_anew,
                args=(visitor,),
                key="taglines-new",
            )


def draw_bar(visitor: Visitor, board: Board, role: Role, *, is_making: bool) -> None:
    """Draw what can be done with the open board; drawers wait while cards are made, for they could not answer."""
    with st.container(horizontal=True, width="content", gap="small", key="taglines-bar"):
        may_see_names = role.may_edit or board.shows_deployments
        if may_see_names and st.button(
            "Rehearse", icon=":material/fact_check:", disabled=is_making, key="taglines-rehearse"
        ):
            draw_rehearsal(visitor, board, may_edit=role.may_edit)
        same_tab_link("Stage", f"{STAGE}{board.id}", key="taglines-stage", icon="slideshow", width="content")
        if st.button("Vote", icon=":material/how_to_vote:", disabled=is_making, key="taglines-vote"):
            draw_vote(visitor, board, may_edit=role.may_edit)
        if role is Role.OWNER and st.button(
            "Share", icon=":material/share:", disabled=is_making, key="taglines-share"
        ):
            draw_sharing(visitor, board)
        draw_export(visitor, board)
        _draw_menu(visitor, board, role, is_making=is_making)


def _draw_heading(heading: BoardHeading) -> None:
    whose = "" if heading.role is Role.OWNER else f" :gray-badge[{as_label(heading.owner_name)}]"
    st.button(
        f"{as_label(heading.title)}{whose} :gray[{as_label(date_and_time(heading.updated_at))}]",
        type="tertiary",
        on_click=asking.open_board,
        args=(heading.id,),
        key=f"taglines-open-{heading.id}",
    )


def _draw_menu(visitor: Visitor, board: Board, role: Role, *, is_making: bool) -> None:
    of_editors = (_WRITE, _RENAME) if role.may_edit else ()
    to_part_with_it = _DELETE if role is Role.OWNER else _LEAVE
    chosen = st.menu_button(
        "More",
        (*of_editors, _VERSIONS, _COPY, to_part_with_it),
        icon=":material/more_horiz:",
        disabled=is_making,
        key="taglines-more",
    )
    if chosen == _WRITE:
        _draw_writing(visitor, board)
    elif chosen == _RENAME:
        _draw_renaming(visitor, board)
    elif chosen == _VERSIONS:
        draw_versions(visitor, board, may_edit=role.may_edit)
    elif chosen == _COPY:
        asking.copy_brief(visitor, board)
        st.rerun()
    elif chosen == _DELETE:
        _draw_deleting(visitor, board)
    elif chosen == _LEAVE:
        _draw_leaving(visitor, board)


def _draw_failure_here() -> bool:
    """In a dialog, which then stays open with what was typed."""
    failure = take_failure()
    draw_failure(failure, kept="What you typed is kept.")
    return failure is not None


@st.dialog("Write a card")
def _draw_writing(visitor: Visitor, board: Board) -> None:
    has_failed = _draw_failure_here()
    st.text_area("Tagline", key=_WRITTEN, height=68, max_chars=MOST_CARD_TEXT)
    write = (visitor, board, _WRITTEN, datetime.now(UTC))
    put = st.button(
        "Put it on the board", type="primary", on_click=asking.write_card, args=write, key="taglines-write"
    )
    if put and not has_failed:
        st.rerun()


@st.dialog("Rename this board")
def _draw_renaming(visitor: Visitor, board: Board) -> None:
    has_failed = _draw_failure_here()
    st.text_input("Title", board.title, key=_NEW_TITLE, max_chars=MOST_TITLE)
    rename = (visitor, board, _NEW_TITLE)
    is_renamed = st.button("Rename", type="primary", on_click=asking.retitle, args=rename, key="taglines-rename")
    if is_renamed and not has_failed:
        st.rerun()


@st.dialog("Delete this board?")
def _draw_deleting(visitor: Visitor, board: Board) -> None:
    st.markdown(
        f"**{as_label(board.title)}** with its cards, versions, votes and links, for everybody. "
        "It cannot be brought back."
    )
    if st.button(
        "Delete for good", type="primary", on_click=asking.delete, args=(visitor, board), key="taglines-delete"
    ):
        st.rerun()


@st.dialog("Leave this board?")
def _draw_leaving(visitor: Visitor, board: Board) -> None:
    owner = as_label(board.owner_name)
    st.markdown(
        f"**{as_label(board.title)}** goes from your boards, and {owner} sees that you left. What you did on it "
        "stays. To come back, open its link again."
    )
    if st.button("Leave", type="primary", on_click=asking.leave, args=(visitor, board), key="taglines-leave"):
        st.rerun()
