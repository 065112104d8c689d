"""Who else may use a board: links, those who came by them, and taking both back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.markdown import as_label
from core.storage.board_records import Role
from core.web.paths import JOIN
from pages.components.copy_button import copy_button
from pages.components.failure import draw_failure
from pages.components.kept_failure import attempt, take_failure
from pages.components.own_address import own_address
from pages.components.reader import date_and_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.storage.board_records import Member, Share
    from core.taglines.board import Board
    from pages.components.session import Visitor


@st.dialog("Share this board", position="right")
def draw_sharing(visitor: Visitor, board: Board) -> None:
    """Draw it, for the board's owner."""
    draw_failure(take_failure())
    sharing, user = visitor.services.taglines.sharing, visitor.user
    st.caption("Whoever opens a link signs in first and is a member until you take it back, or they leave.")
    with st.container(horizontal=True):
        for role, label, icon in (
            (Role.VIEWER, "Link to look", ":material/visibility:"),
            (Role.EDITOR, "Link to edit", ":material/edit:"),
        ):
            _draw_button(label, icon, partial(sharing.make, user, board.id, role), f"taglines-link-{role}")
    with st.container():
        for share in sharing.links(user, board.id):
            if share.taken_back_at is None:
                _draw_link(share, partial(sharing.take_back, user, board.id, share.id))
    members = sharing.members(user, board.id)
    st.subheader("Members", anchor=False)
    if not members:
        st.caption("Nobody yet.")
    for member in members:
        _draw_member(member, partial(sharing.remove, user, board.id, member))


def _draw_link(share: Share, take_back: Callable[[], object]) -> None:
    address = own_address(f"{JOIN}{share.id}")
    with st.container(border=True):
        what = "to edit" if share.role.may_edit else "to look"
        st.markdown(f"**Link {what}** :gray[{as_label(date_and_time(share.made_at))}]")
        st.code(address, language=None, wrap_lines=True)
        with st.container(horizontal=True, gap="small"):
            copy_button(address, key=f"taglines-copy-link-{share.id}", label="Copy the link")
            _draw_button("Take back", ":material/link_off:", take_back, f"taglines-take-back-{share.id}")


def _draw_member(member: Member, remove: Callable[[], object]) -> None:
    left = f" · left on {as_label(date_and_time(member.left_at))}" if member.left_at else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"{as_label(member.name)} :gray-badge[{member.role.value}]  \n"
            f":gray[:small[{as_label(member.username)}{left}]]",
            width="content",
        )
        if member.left_at:
            return
        key = f"taglines-remove-{member.person[0]}-{member.person[1]}-{member.share_id}"
        _draw_button("Remove", ":material/person_remove:", remove, key)


def _draw_button(label: str, icon: str, work: Callable[[], object], key: str) -> None:
    st.button(label, icon=icon, on_click=attempt, args=(work,), key=key)
