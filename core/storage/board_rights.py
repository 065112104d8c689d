"""Who may do what with a board: the statements by which every store of boards finds out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, select

from core.errors import NotFound
from core.storage.board_records import Role
from core.storage.ownership import is_of
from core.storage.tables import board_members, board_shares, boards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from core.storage.records import Owner


def role_of(connection: Connection, person: Owner, board_id: str) -> Role:
    """What this person may do with the board now.

    Raises:
        NotFound: Nothing, or there is no such board. Only those who could use it once learn that there is one, and
            what became of their access.
    """
    owned = and_(boards.c.id == board_id, is_of(boards, person))
    if connection.execute(select(boards.c.id).where(owned)).one_or_none() is not None:
        return Role.OWNER
    of_board = (
        select(board_shares.c.role)
        .join(board_members, board_members.c.share_id == board_shares.c.id)
        .where(board_shares.c.board_id == board_id)
    )
    roles = list(connection.execute(of_board.where(is_member(person))).scalars())
    if not roles:
        raise no_access(connection, person, board_id)
    return strongest(roles)


def require_editor(connection: Connection, person: Owner, board_id: str) -> None:
    """Let nobody on who may not change the board.

    Raises:
        NotFound: The person may not, or there is no such board.
    """
    if not role_of(connection, person, board_id).may_edit:
        raise NotFound


def require_owner(connection: Connection, person: Owner, board_id: str) -> None:
    """Let nobody on but the owner of the board.

    Raises:
        NotFound: It is somebody else's, or there is no such board.
    """
    if role_of(connection, person, board_id) is not Role.OWNER:
        raise NotFound


def is_member(person: Owner) -> ColumnElement[bool]:
    """For statements that join shares and members: the person joined, did not leave, and neither was taken back."""
    return and_(
        is_of(board_members, person),
        board_members.c.removed_at.is_(None),
        board_members.c.left_at.is_(None),
        board_shares.c.taken_back_at.is_(None),
    )


def strongest(roles: Sequence[str]) -> Role:
    """What people may do who joined by several links, one at least."""
    return Role.EDITOR if Role.EDITOR in roles else Role.VIEWER


def no_access(connection: Connection, person: Owner, board_id: str) -> NotFound:
    """Why somebody may not use a board: for strangers it is not there; who had access once hears how it ended."""
    statement = (
        select(boards.c.owner_name, board_members.c.removed_at, board_members.c.left_at)
        .join(board_shares, board_shares.c.board_id == boards.c.id)
        .join(board_members, board_members.c.share_id == board_shares.c.id)
        .where(boards.c.id == board_id, is_of(board_members, person))
    )
    was_member = connection.execute(statement).all()
    if not was_member:
        return NotFound()
    owner = was_member[0].owner_name
    if all(row.left_at is not None and row.removed_at is None for row in was_member):
        return NotFound("You left this board.", f"Open its link again, or ask {owner} for a new one.", who=owner)
    return NotFound(
        "Your access to this board was taken back.", f"Ask {owner} to share it with you again.", who=owner
    )
