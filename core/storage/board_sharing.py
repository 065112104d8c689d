"""Links by which people become members of a board, and who came by them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, update

from core.errors import NotFound
from core.storage.board_records import Invitation, Member, Role, Share
from core.storage.board_rights import no_access, require_owner, role_of
from core.storage.ownership import is_of
from core.storage.tables import board_members, board_shares, boards

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from core.storage.engine import Database
    from core.storage.records import Owner


class BoardShares:
    """Shares in the database.

    All but ``invitation``, ``join`` and ``leave`` are for the owner, and raise ``NotFound`` for others.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def make(self, owner: Owner, board_id: str, role: Role) -> Share:
        """A new link; whoever opens it signed in becomes a member with ``role``."""
        share = Share(secrets.token_urlsafe(24), role, self._clock(), None)

        def work(connection: Connection) -> None:
            require_owner(connection, owner, board_id)
            row = {"id": share.id, "board_id": board_id, "role": share.role, "made_at": share.made_at}
            connection.execute(insert(board_shares).values(row))

        self._database.write(work)
        return share

    def invitation(self, share_id: str) -> Invitation:
        """What the link offers; for whoever has it, and it changes nothing.

        Raises:
            NotFound: The link was taken back, or never made.
        """
        statement = (
            select(boards.c.title, boards.c.owner_name, board_shares.c.role)
            .join(board_shares, board_shares.c.board_id == boards.c.id)
            .where(board_shares.c.id == share_id, board_shares.c.taken_back_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            raise _dead_link()
        return Invitation(row.title, row.owner_name, Role(row.role))

    def join(self, person: Owner, name: str, username: str, share_id: str) -> tuple[str, bool]:
        """Make the person a member by this link; the id of the board, and whether that is new.

        Whoever had left the board is back by it.

        Raises:
            NotFound: The link was taken back, was never made, or its owner removed the person.
        """
        now = self._clock()
        works = and_(board_shares.c.id == share_id, board_shares.c.taken_back_at.is_(None))
        # Locks the link until the transaction ends, so that it cannot be taken back in between.
        lock = update(board_shares).where(works).values(role=board_shares.c.role)
        share = select(board_shares.c.board_id, boards.c.tenant_id, boards.c.object_id).join(
            boards, boards.c.id == board_shares.c.board_id
        )
        membership = and_(board_members.c.share_id == share_id, is_of(board_members, person))
        known = select(board_members.c.removed_at, board_members.c.left_at).where(membership)
        back = update(board_members).where(membership).values(left_at=None, joined_at=now, name=name)

        def work(connection: Connection) -> tuple[str, bool]:
            if not connection.execute(lock).rowcount:
                raise _dead_link()
            found = connection.execute(share.where(works)).one()
            if (found.tenant_id, found.object_id) == person:
                return found.board_id, False
            was = connection.execute(known).one_or_none()
            if was is None:
                row = {"share_id": share_id, "tenant_id": person[0], "object_id": person[1]}
                connection.execute(insert(board_members).values(**row, name=name, username=username, joined_at=now))
            elif was.removed_at is not None:
                raise no_access(connection, person, found.board_id)
            elif was.left_at is not None:
                connection.execute(back)
            return found.board_id, was is None or was.left_at is not None

        return self._database.write(work)

    def list(self, owner: Owner, board_id: str) -> tuple[Share, ...]:
        """Every link that was made, the newest first."""
        statement = (
            select(board_shares)
            .where(board_shares.c.board_id == board_id)
            .order_by(board_shares.c.made_at.desc(), board_shares.c.id)
        )
        with self._database.read() as connection:
            require_owner(connection, owner, board_id)
            return tuple(
                Share(row.id, Role(row.role), row.made_at, row.taken_back_at) for row in connection.execute(statement)
            )

    def members(self, owner: Owner, board_id: str) -> tuple[Member, ...]:
        """Everybody who may use the board by a link, or left it, once for each link they came by."""
        statement = (
            select(board_members, board_shares.c.role)
            .join(board_shares, board_shares.c.id == board_members.c.share_id)
            .where(
                board_shares.c.board_id == board_id,
                board_shares.c.taken_back_at.is_(None),
                board_members.c.removed_at.is_(None),
            )
            .order_by(board_members.c.joined_at, board_members.c.object_id)
        )
        with self._database.read() as connection:
            require_owner(connection, owner, board_id)
            return tuple(_member(row) for row in connection.execute(statement))

    def take_back(self, owner: Owner, board_id: str, share_id: str) -> bool:
        """The link stops working, and those who came by it alone may not use the board any more.

        False when it had been taken back before.
        """
        link = and_(board_shares.c.id == share_id, board_shares.c.board_id == board_id)
        change = update(board_shares).where(link, board_shares.c.taken_back_at.is_(None))
        now = self._clock()

        def work(connection: Connection) -> bool:
            require_owner(connection, owner, board_id)
            if connection.execute(select(board_shares.c.id).where(link)).one_or_none() is None:
                raise NotFound
            return connection.execute(change.values(taken_back_at=now)).rowcount == 1

        return self._database.write(work)

    def remove(self, owner: Owner, board_id: str, person: Owner) -> None:
        """Somebody may not use the board any more, nor come back by a link that they used before."""
        change = (
            update(board_members)
            .where(
                board_members.c.share_id.in_(_links(board_id)),
                is_of(board_members, person),
                board_members.c.removed_at.is_(None),
            )
            .values(removed_at=self._clock())
        )

        def work(connection: Connection) -> None:
            require_owner(connection, owner, board_id)
            if not connection.execute(change).rowcount:
                raise NotFound

        self._database.write(work)

    def leave(self, person: Owner, board_id: str) -> None:
        """A member may not use the board any more until they join it again; it stays with its owner."""
        joined = and_(
            board_members.c.share_id.in_(_links(board_id)),
            is_of(board_members, person),
            board_members.c.left_at.is_(None),
        )
        change = update(board_members).where(joined).values(left_at=self._clock())

        def work(connection: Connection) -> None:
            if role_of(connection, person, board_id) is Role.OWNER:
                raise NotFound
            connection.execute(change)

        self._database.write(work)


def _dead_link() -> NotFound:
    return NotFound("This link does not work any more.", "Ask the person who sent it for a new one.")


def _links(board_id: str) -> Select[tuple[str]]:
    return select(board_shares.c.id).where(board_shares.c.board_id == board_id)


def _member(row: Row[Any]) -> Member:
    return Member(
        person=(row.tenant_id, row.object_id),
        name=row.name,
        username=row.username,
        role=Role(row.role),
        share_id=row.share_id,
        joined_at=row.joined_at,
        left_at=row.left_at,
    )
