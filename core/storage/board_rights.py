"""Who may do what with a board: the statements by which every store of boards finds out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, select

from core.errors import NotFound
from core.storage.board_records import Role
from core.storage.tables import board_members, board_shares, boards

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.storage.records import Owner


def role_of(connection: Connection, person: Owner, board_id: str) -> Role:
    """What this person may do with the board now.

    Raises:
        NotFound: Nothing, or there is no such board.
    """
    owned = and_(boards.c.id == board_id, boards.c.tenant_id == person[0], boards.c.object_id == person[1])
    if connection.execute(select(boards.c.id).where(owned)).one_or_none() is not None:
        return Role.OWNER
    statement = (
        select(board_shares.c.role)
        .join(board_members, board_members.c.share_id == board_shares.c.id)
        .where(board_shares.c.board_id == board_id, is_member(person))
    )
    return strongest(list(connection.execute(statement).scalars()))


def is_member(person: Owner) -> ColumnElement[bool]:
    """For statements that join shares and members: the person joined, and neither was taken back."""
    return and_(
        board_members.c.tenant_id == person[0],
        board_members.c.object_id == person[1],
        board_members.c.removed_at.is_(None),
        board_shares.c.taken_back_at.is_(None),
    )


def strongest(roles: list[str]) -> Role:
    """What people may do who joined by several links.

    Raises:
        NotFound: There are none.
    """
    if not roles:
        raise NotFound
    return Role.EDITOR if Role.EDITOR in roles else Role.VIEWER
