"""Taglines: from a brief to cards on a board, to the stage, to a vote, to slides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.storage.board_records import Role
from pages.components.failure import draw_failure
from pages.components.fresh_place import fresh_place
from pages.components.kept_failure import take_failure
from pages.components.session import Visitor, require_user
from pages.components.steady_place import steady_place
from pages.components.taglines import asking, choices
from pages.components.taglines.bar import draw_bar, draw_title
from pages.components.taglines.board import draw_choices, draw_clashes, draw_grid
from pages.components.taglines.form import draw_brief_to_read, draw_form, draw_invitation
from pages.components.taglines.live import draw_progress, draw_report, watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

    from core.taglines.board import Board
    from core.taglines.generation import Watched
    from pages.components.taglines.live import Newborns


def draw_board(
    visitor: Visitor, board: Board, role: Role, generations: Sequence[Watched]
) -> tuple[list[Newborns], DeltaGenerator]:
    """All of an open board; returns where cards on their way, and how far they are, are to be drawn."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="taglines-above"
    ):
        with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
            draw_choices(visitor, board, may_edit=role.may_edit)
        draw_bar(visitor, board, role, is_making=bool(generations))
    draw_clashes()
    progress = st.empty()
    if generations:
        draw_progress(progress, generations[-1].view(), board)
    last = asking.last_generation(board)
    view = last.view() if last is not None else None
    is_over = view is not None and view.finished
    with steady_place(is_over):
        if last is not None and view is not None and is_over:
            draw_report(view, board, is_mine=last.owner == visitor.user.key)
    return draw_grid(visitor, board, generations, may_edit=role.may_edit), progress


visitor = require_user()
choices.seed(visitor)
board, generations = asking.opened(visitor)
draw_title(visitor, board)
role = visitor.services.taglines.role(visitor.user, board.id) if board else Role.OWNER
if board is not None and not role.may_edit:
    draw_brief_to_read(visitor, board)
else:
    draw_form(visitor, board, is_making=bool(generations))
draw_failure(take_failure(), kept="What is set on the page is kept.")
with fresh_place(board.id if board else "", key="taglines-drawn"):
    if board is None:
        draw_invitation(visitor)
    else:
        newborns, progress = draw_board(visitor, board, role, generations)
        if generations:
            watch(visitor, board, newborns, progress)
            st.rerun()
