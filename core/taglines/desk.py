"""What people can do with boards. The parts that are more than a line each stand in modules of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.taglines.board import Board, rename
from core.taglines.brief import Brief
from core.taglines.rights import board_of, name_of, owned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.storage.board_records import BoardHeading, BoardVersion, Role
    from core.storage.boards import BoardStore
    from core.taglines.asking import Wish
    from core.taglines.changing import Changed, Changing
    from core.taglines.generation import Generation, Watched
    from core.taglines.producing import Producing
    from core.taglines.rehearsal import Rehearsal
    from core.taglines.sharing import Sharing
    from core.taglines.voting import Voting

SHORT_TITLE: Final = 60


class Taglines:
    """Boards of taglines, on behalf of one person at a time. Methods block: for pages' threads.

    All raise ``NotFound`` for boards that are not there or not shared with the person, ``NotAllowed`` for what
    viewers, or all but the owner, may not do, and ``StorageError`` when the database fails. Rights are looked up
    each time: what was taken back is gone at once.
    """

    def __init__(  # noqa: PLR0913 - the room's parts meet here
        self,
        boards: BoardStore,
        changing: Changing,
        producing: Producing,
        *,
        sharing: Sharing,
        voting: Voting,
        rehearsal: Rehearsal,
        clock: Callable[[], datetime],
    ) -> None:
        self._boards = boards
        self._changing = changing
        self._producing = producing
        self._clock = clock
        self.sharing: Final = sharing
        """Links for viewers and editors, and who came by them."""
        self.voting: Final = voting
        """Votes of an audience."""
        self.rehearsal: Final = rehearsal
        """What would go wrong in a demo."""

    def create(self, user: User, brief: Brief | None = None, *, title: str = "") -> Board:
        """A new board for a brief; without a title it takes the brief's first words."""
        brief = Brief() if brief is None else brief
        return self._new(user, brief, title or brief.filled_text, "Made the board")

    def copy_brief(self, user: User, board_id: str) -> Board:
        """A new board of one's own with the brief of one that may be read, without its cards.

        Its deployments are left out where the board hides them from this person.
        """
        stored = self._boards.get(user.key, board_id)
        board = board_of(stored)
        hides = not (board.shows_deployments or stored.role.may_edit)
        brief = replace(board.brief, deployment_ids=()) if hides else board.brief
        return self._new(user, brief, board.title, f"Copied the brief of “{board.title}”")

    def open(self, user: User, board_id: str) -> Board:
        """The board as it is now."""
        return self._changing.newest(user, board_id)

    def role(self, user: User, board_id: str) -> Role:
        """What the person may do with it now."""
        return self._boards.role(user.key, board_id)

    def list(self, user: User) -> tuple[BoardHeading, ...]:
        """The boards that the person owns or joined, the one changed last first."""
        return self._boards.list(user.key)

    def change(
        self, user: User, board_id: str, base_version: int, change: Callable[[Board], Board], reason: str = ""
    ) -> Changed:
        """Change the board that the person saw at ``base_version``; see ``Changing.change``."""
        return self._changing.change(user, board_id, base_version, change, reason)

    def generate(self, user: User, session_id: str, tokens: TokenSource, board_id: str) -> Generation:
        """Ask the deployments of the board's brief for cards; see ``Producing.generate``."""
        return self._producing.generate(user, session_id, tokens, board_id)

    def transform(  # noqa: PLR0913 - who asks, and for what
        self, user: User, session_id: str, tokens: TokenSource, board_id: str, *, card_id: str, wish: Wish
    ) -> Generation:
        """Make a card shorter, bolder, translated, or more like it; see ``Producing.transform``."""
        return self._producing.transform(user, session_id, tokens, board_id, card_id=card_id, wish=wish)

    def generations(self, user: User, board_id: str) -> tuple[Watched, ...]:
        """What is being made for the board, or has just been, whoever asked for it; see ``Producing.of_board``."""
        return self._producing.of_board(user, board_id)

    def stop(self, user: User, board_id: str) -> None:
        """Ask for nothing more; the cards that are there stay."""
        self._producing.stop(user, board_id)

    def undo(self, user: User, board_id: str) -> Changed:
        """Take this person's last change back, and nobody else's; see ``Changing.undo``."""
        return self._changing.undo(user, board_id)

    def versions(self, user: User, board_id: str) -> tuple[BoardVersion, ...]:
        """The versions that are kept, the newest first."""
        return self._boards.versions(user.key, board_id)

    def restore(self, user: User, board_id: str, number: int) -> Changed:
        """Make the board what it was at a version, as a new version."""
        return self._changing.restore(user, board_id, number)

    def name_version(self, user: User, board_id: str, number: int, name: str) -> None:
        """Keep a version for good under a name; "" takes the name away."""
        self._changing.name_version(user, board_id, number, name)

    def delete(self, user: User, board_id: str) -> None:
        """Delete a board of one's own with its versions, answers, shares and votes."""
        owned(self._boards, user, board_id)
        self._producing.stop(user, board_id)
        self._boards.delete(user.key, board_id)

    def wait_for_all(self, seconds: float) -> None:
        """Wait until every card that was made is kept; for the end of the app."""
        self._producing.wait_for_all(seconds)

    def _new(self, user: User, brief: Brief, title: str, reason: str) -> Board:
        now = self._clock()
        bare = Board("", user.key, name_of(user), "", now, now, brief)
        board = rename(bare, _shortened(title))
        return board_of(self._boards.create(user.key, board.owner_name, board.content(), reason=reason))


def _shortened(title: str) -> str:
    title = " ".join(title.split()).rstrip(":") or "Taglines"
    return title if len(title) <= SHORT_TITLE else f"{title[: SHORT_TITLE - 1].rstrip()}…"
