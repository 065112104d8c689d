"""Changing a board that others change at the same time: nothing is lost, and who was first is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from core.errors import KeylessError, NotFound, StorageError
from core.storage.board_records import Step
from core.taglines.board import MOST_TITLE
from core.taglines.history import what_changed
from core.taglines.merging import Clash, merge
from core.taglines.rights import board_of, editable, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.identity.user import User
    from core.storage.board_records import BoardVersion
    from core.storage.boards import BoardStore
    from core.taglines.board import Board

ATTEMPTS: Final = 40
"""How often a change may meet another one that was stored in the same moment."""

_PARTS: Final = {"the title": "title", "the brief": "brief"}


@dataclass(frozen=True, slots=True)
class Changed:
    """The board after a change, and what had to be settled with the changes of others."""

    board: Board
    clashes: tuple[Clash, ...] = ()


class Changing:
    """Every change of a board, each a version. Methods raise ``NotFound``, ``NotAllowed`` and ``StorageError``."""

    def __init__(self, boards: BoardStore) -> None:
        self._boards = boards

    def change(  # noqa: PLR0913 - all that a change consists of, by name
        self,
        user: User,
        board_id: str,
        base_version: int | None,
        change: Callable[[Board], Board],
        reason: str = "",
        *,
        step: str = "",
    ) -> Changed:
        """Change the board that the person saw at ``base_version`` (None: as it is now).

        ``change`` is applied to what the person saw, and what comes of it to the board as it is now; see ``merge``.
        It may be called several times. One that changes nothing stores nothing.
        """

        def sides(newest: Board) -> tuple[Board, Board]:
            base = self._seen(user, newest, base_version)
            return base, change(base)

        return self._save(user, board_id, sides, reason, step=step)

    def newest(self, user: User, board_id: str) -> Board:
        """The board as it is now."""
        return board_of(self._boards.get(user.key, board_id))

    def name_version(self, user: User, board_id: str, number: int, name: str) -> None:
        """Keep a version for good under a name; "" takes the name away.

        Raises:
            KeylessError: Too many have names.
        """
        editable(self._boards, user, board_id)
        self._require_kept(user, board_id, number)
        self._boards.name_version(user.key, board_id, number, " ".join(name.split())[:MOST_TITLE])

    def restore(self, user: User, board_id: str, number: int) -> Changed:
        """Make the board what it was at a version that is kept."""
        self._require_kept(user, board_id, number)
        content = self._boards.content_at(user.key, board_id, number)
        return self._save(
            user, board_id, lambda newest: (newest, newest.with_content(content)), f"Restored version {number}"
        )

    def undo(self, user: User, board_id: str) -> Changed:
        """Take this person's last change back, and leave what others did since; again for the one before it.

        Raises:
            KeylessError: There is nothing of theirs to take back.
        """
        editable(self._boards, user, board_id)
        last = _undoable(self._boards.versions(user.key, board_id), user)
        if last is None:
            raise KeylessError("There is nothing of yours to undo on this board.", "Restore a version instead.")
        after = self._boards.content_at(user.key, board_id, last.number)
        before = self._boards.content_at(user.key, board_id, last.follows)
        return self._save(
            user,
            board_id,
            lambda newest: (newest.with_content(after), newest.with_content(before)),
            f"Undid: {last.reason}",
            undoes=last.number,
        )

    def _save(  # noqa: PLR0913 - all that a change consists of, by name
        self,
        user: User,
        board_id: str,
        sides: Callable[[Board], tuple[Board, Board]],
        reason: str,
        *,
        step: str = "",
        undoes: int = 0,
    ) -> Changed:
        """``sides`` gives what the person saw, and what they made of it."""
        for _ in range(ATTEMPTS):
            newest = board_of(editable(self._boards, user, board_id))
            base, mine = sides(newest)
            merged = merge(base, mine, newest)
            if merged.board.content() == newest.content() and not undoes:
                return Changed(newest, self._told(user, newest, merged.clashes))
            because = reason or what_changed(newest, merged.board)
            number = self._boards.save(
                user.key,
                board_id,
                merged.board.content(),
                Step(user.key, name_of(user), because, step=step, undoes=undoes),
                based_on=newest.version,
            )
            if number is not None:
                clashes = self._told(user, newest, merged.clashes)
                return Changed(self.newest(user, board_id), clashes)
        raise StorageError("This board is being changed by many at once.", "Wait a moment and try again.")

    def _seen(self, user: User, newest: Board, version: int | None) -> Board:
        if version is None or version >= newest.version:
            return newest
        return newest.with_content(self._boards.content_at(user.key, newest.id, version))

    def _require_kept(self, user: User, board_id: str, number: int) -> None:
        if all(version.number != number for version in self._boards.versions(user.key, board_id)):
            raise NotFound(
                "This version is not kept any more.", "Choose another one; named versions are kept for good."
            )

    def _told(self, user: User, newest: Board, clashes: tuple[Clash, ...]) -> tuple[Clash, ...]:
        """The clashes with who was first, and when: the author of the latest version that changed the same thing."""
        if not clashes:
            return ()
        versions = [one for one in self._boards.versions(user.key, newest.id) if one.number <= newest.version]
        told = dict.fromkeys(clashes, None)
        for version in versions:
            missing = [clash for clash, by in told.items() if by is None]
            if not missing or not version.follows:
                break
            after = self._boards.content_at(user.key, newest.id, version.number)
            before = self._boards.content_at(user.key, newest.id, version.follows)
            told |= {clash: version for clash in missing if _part(after, clash) != _part(before, clash)}
        return tuple(_signed(clash, by, user) for clash, by in told.items())


def _undoable(versions: tuple[BoardVersion, ...], user: User) -> BoardVersion | None:
    undone = {version.undoes for version in versions}
    kept = {version.number for version in versions}
    mine = (
        version
        for version in versions
        if version.author == user.key and not version.undoes and version.number not in undone
    )
    last = next(mine, None)
    return last if last and last.follows in kept else None


def _part(content: Mapping[str, Any], clash: Clash) -> object:
    if clash.card_id:
        return next((card for card in content["cards"] if card["id"] == clash.card_id), None)
    if clash.what in _PARTS:
        return content[_PARTS[clash.what]]
    return [card["id"] for card in content["cards"]]


def _signed(clash: Clash, version: BoardVersion | None, user: User) -> Clash:
    if version is None:
        return clash
    return replace(clash, who="You" if version.author == user.key else version.author_name, at=version.at)
