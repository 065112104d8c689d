"""Boards and their versions, readable by their owner and by those who joined."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, insert, select, update

from core.errors import KeylessError, NotFound
from core.storage.board_records import BoardHeading, BoardVersion, Role, Step, StoredBoard
from core.storage.board_rights import is_member, require_editor, role_of, strongest
from core.storage.columns import storable
from core.storage.ownership import is_of
from core.storage.tables import board_members, board_shares, board_versions, boards

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from core.storage.engine import Database
    from core.storage.records import Owner

KEPT_VERSIONS: Final = 100
"""How many unnamed versions a board keeps."""

MOST_NAMED: Final = 50


class BoardStore:
    """Boards in the database.

    Every method takes the person who asks and raises ``NotFound`` for what is not there, or not theirs to read or to
    change: a right is looked up in the transaction that uses it. All raise ``StorageError`` when the database fails.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def create(self, owner: Owner, owner_name: str, content: Mapping[str, Any], *, reason: str) -> StoredBoard:
        """Keep a new board at version 1."""
        now = self._clock()
        board_id = secrets.token_urlsafe(12)
        step = Step(owner, owner_name, reason)

        def work(connection: Connection) -> None:
            connection.execute(
                insert(boards).values(
                    id=board_id,
                    tenant_id=owner[0],
                    object_id=owner[1],
                    owner_name=owner_name,
                    title=content["title"],
                    version=1,
                    created_at=now,
                    updated_at=now,
                )
            )
            _insert_version(connection, board_id, content, step, number=1, follows=0, at=now)

        self._database.write(work)
        return self.get(owner, board_id)

    def get(self, person: Owner, board_id: str) -> StoredBoard:
        """The board as it is now."""
        newest = and_(board_versions.c.board_id == boards.c.id, board_versions.c.number == boards.c.version)
        statement = select(boards, board_versions.c.content).join(board_versions, newest)
        with self._database.read() as connection:
            role = role_of(connection, person, board_id)
            row = connection.execute(statement.where(boards.c.id == board_id)).one()
        return StoredBoard(
            id=row.id,
            owner=(row.tenant_id, row.object_id),
            owner_name=row.owner_name,
            version=row.version,
            content=row.content,
            created_at=row.created_at,
            updated_at=row.updated_at,
            role=role,
        )

    def role(self, person: Owner, board_id: str) -> Role:
        """What the person may do with the board now."""
        with self._database.read() as connection:
            return role_of(connection, person, board_id)

    def list(self, person: Owner, limit: int = 100) -> tuple[BoardHeading, ...]:
        """The boards that this person owns or joined, the one changed last first."""
        own = select(boards).where(is_of(boards, person))
        joined = (
            select(boards, board_shares.c.role)
            .join(board_shares, board_shares.c.board_id == boards.c.id)
            .join(board_members, board_members.c.share_id == board_shares.c.id)
            .where(is_member(person))
        )
        with self._database.read() as connection:
            rows: dict[str, tuple[Row[Any], list[str]]] = {}
            for row in connection.execute(joined):
                rows.setdefault(row.id, (row, []))[1].append(row.role)
            found = [_heading(row, strongest(roles)) for row, roles in rows.values()]
            mine = {row.id: _heading(row, Role.OWNER) for row in connection.execute(own)}
        theirs = [heading for heading in found if heading.id not in mine]
        latest = sorted([*mine.values(), *theirs], key=lambda heading: heading.updated_at, reverse=True)
        return tuple(latest[:limit])

    def save(
        self, person: Owner, board_id: str, content: Mapping[str, Any], step: Step, *, based_on: int
    ) -> int | None:
        """Keep the next version; its number, or None when somebody saved one after ``based_on``."""
        now = self._clock()
        number = based_on + 1

        def work(connection: Connection) -> int | None:
            require_editor(connection, person, board_id)
            change = (
                update(boards)
                .where(boards.c.id == board_id, boards.c.version == based_on)
                .values(version=number, title=content["title"], updated_at=now)
            )
            if not connection.execute(change).rowcount:
                return None
            follows = _take_the_place_of(connection, board_id, based_on, step)
            _insert_version(connection, board_id, content, step, number=number, follows=follows, at=now)
            _prune(connection, board_id)
            return number

        return self._database.write(work)

    def versions(self, person: Owner, board_id: str) -> tuple[BoardVersion, ...]:
        """The versions that are kept, the newest first."""
        columns = [column for column in board_versions.c if column.name != "content"]
        statement = (
            select(*columns).where(board_versions.c.board_id == board_id).order_by(board_versions.c.number.desc())
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            return tuple(_version(row) for row in connection.execute(statement))

    def content_at(self, person: Owner, board_id: str, number: int) -> Mapping[str, Any]:
        """What the board held at this version, or at the next one that is kept."""
        statement = (
            select(board_versions.c.content)
            .where(board_versions.c.board_id == board_id, board_versions.c.number >= number)
            .order_by(board_versions.c.number)
            .limit(1)
        )
        with self._database.read() as connection:
            role_of(connection, person, board_id)
            content: Mapping[str, Any] | None = connection.execute(statement).scalar_one_or_none()
        if content is None:
            raise NotFound
        return content

    def name_version(self, person: Owner, board_id: str, number: int, name: str) -> None:
        """Keep a version for good under a name; "" lets it go with the others in time.

        Raises:
            KeylessError: Too many have names.
        """
        of_board = board_versions.c.board_id == board_id
        change = update(board_versions).where(of_board, board_versions.c.number == number).values(name=name)
        named = select(board_versions.c.number).where(of_board, board_versions.c.name != "")

        def work(connection: Connection) -> None:
            require_editor(connection, person, board_id)
            others = set(connection.execute(named).scalars()) - {number}
            if name and len(others) >= MOST_NAMED:
                raise KeylessError(f"{MOST_NAMED} versions of this board have names.", "Take a name away first.")
            if not connection.execute(change).rowcount:
                raise NotFound

        self._database.write(work)

    def delete(self, owner: Owner, board_id: str) -> None:
        """Delete a board of one's own with everything that belongs to it."""
        mine = and_(boards.c.id == board_id, is_of(boards, owner))
        if not self._database.write(lambda connection: connection.execute(delete(boards).where(mine)).rowcount):
            raise NotFound


def _insert_version(  # noqa: PLR0913 - the columns of a version
    connection: Connection,
    board_id: str,
    content: Mapping[str, Any],
    step: Step,
    *,
    number: int,
    follows: int,
    at: datetime,
) -> None:
    connection.execute(
        insert(board_versions).values(
            board_id=board_id,
            number=number,
            tenant_id=step.author[0],
            object_id=step.author[1],
            author_name=step.author_name,
            at=at,
            reason=storable(step.reason),
            name="",
            step=step.step,
            follows=follows,
            undoes=step.undoes,
            content=content,
        )
    )


def _take_the_place_of(connection: Connection, board_id: str, number: int, step: Step) -> int:
    """What the new version follows; the one before it goes when it belongs to the same step and has no name."""
    versions = board_versions.c
    same = and_(
        versions.board_id == board_id, versions.number == number, versions.step == step.step, versions.name == ""
    )
    row = connection.execute(select(versions.follows).where(same)).one_or_none() if step.step else None
    if row is None:
        return number
    connection.execute(delete(board_versions).where(same))
    return int(row.follows)


def _prune(connection: Connection, board_id: str) -> None:
    unnamed = and_(board_versions.c.board_id == board_id, board_versions.c.name == "")
    newest_first = select(board_versions.c.number).where(unnamed).order_by(board_versions.c.number.desc())
    last_to_go = connection.execute(newest_first.offset(KEPT_VERSIONS).limit(1)).scalar_one_or_none()
    if last_to_go is not None:
        connection.execute(delete(board_versions).where(unnamed, board_versions.c.number <= last_to_go))


def _heading(row: Row[Any], role: Role) -> BoardHeading:
    return BoardHeading(row.id, row.title, row.owner_name, role, row.updated_at)


def _version(row: Row[Any]) -> BoardVersion:
    return BoardVersion(
        number=row.number,
        author=(row.tenant_id, row.object_id),
        author_name=row.author_name,
        at=row.at,
        reason=row.reason,
        name=row.name,
        follows=row.follows,
        undoes=row.undoes,
    )
