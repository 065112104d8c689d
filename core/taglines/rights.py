"""What owner, editors and viewers of a board may do, and how they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import NotAllowed
from core.storage.board_records import Role
from core.taglines.board import Board
from core.taglines.brief import Brief

if TYPE_CHECKING:
    from core.identity.user import User
    from core.storage.board_records import StoredBoard
    from core.storage.boards import BoardStore


def editable(store: BoardStore, user: User, board_id: str) -> StoredBoard:
    """The board as it is now, for somebody who may change it.

    Raises:
        NotFound: It is not there, or not shared with this person.
        NotAllowed: The person may only look at it.
    """
    stored = store.get(user.key, board_id)
    if not stored.role.may_edit:
        raise NotAllowed(
            "You can look at this board, but not change it.",
            f"Ask {stored.owner_name} for a link for editors, or copy the brief into a board of your own.",
        )
    return stored


def owned(store: BoardStore, user: User, board_id: str) -> StoredBoard:
    """The board as it is now, for its owner.

    Raises:
        NotFound: It is not there, or not shared with this person.
        NotAllowed: It is shared with this person, and belongs to somebody else.
    """
    stored = store.get(user.key, board_id)
    if stored.role is not Role.OWNER:
        raise NotAllowed("Only the owner of this board can do this.", f"Ask {stored.owner_name}.")
    return stored


def board_of(stored: StoredBoard) -> Board:
    """A stored board as people work with it."""
    bare = Board(
        id=stored.id,
        owner=stored.owner,
        owner_name=stored.owner_name,
        title="",
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        brief=Brief(),
        version=stored.version,
    )
    return bare.with_content(stored.content)


def name_of(user: User) -> str:
    """What others see of a person."""
    return user.name or user.username
