"""Sharing a board: links that make signed-in people members, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import NotAllowed
from core.storage.board_records import Role
from core.taglines.rights import name_of, owned

if TYPE_CHECKING:
    from core.identity.user import User
    from core.storage.audit import AuditLog
    from core.storage.board_records import Invitation, Member, Share
    from core.storage.board_sharing import BoardShares
    from core.storage.boards import BoardStore


class Sharing:
    """Who else may use a board. Most is for its owner, and raises ``NotAllowed`` for members.

    The link alone is no right: whoever opens it has to be signed in, becomes a member under their own name, and stays
    one until they leave, or the owner takes the link back or removes them.
    """

    def __init__(self, boards: BoardStore, shares: BoardShares, audit: AuditLog) -> None:
        self._boards = boards
        self._shares = shares
        self._audit = audit

    def make(self, user: User, board_id: str, role: Role) -> Share:
        """A new link for viewers or editors."""
        owned(self._boards, user, board_id)
        share = self._shares.make(user.key, board_id, Role.EDITOR if role.may_edit else Role.VIEWER)
        self._record("board shared", user, board_id, f"for {share.role}s, link {_short(share.id)}")
        return share

    def links(self, user: User, board_id: str) -> tuple[Share, ...]:
        """Every link that was made, the newest first; those taken back say when."""
        owned(self._boards, user, board_id)
        return self._shares.list(user.key, board_id)

    def members(self, user: User, board_id: str) -> tuple[Member, ...]:
        """Who may use the board, or left it, once for each link they came by."""
        owned(self._boards, user, board_id)
        return self._shares.members(user.key, board_id)

    def take_back(self, user: User, board_id: str, share_id: str) -> None:
        """From now on the link does not work, and those who came by it alone may not use the board."""
        owned(self._boards, user, board_id)
        if self._shares.take_back(user.key, board_id, share_id):
            self._record("board share taken back", user, board_id, f"link {_short(share_id)}")

    def remove(self, user: User, board_id: str, member: Member) -> None:
        """From now on this person may not use the board, nor come back by a link they had used."""
        owned(self._boards, user, board_id)
        self._shares.remove(user.key, board_id, member.person)
        self._record("board member removed", user, board_id, f"object id {member.person[1]}")

    def invitation(self, share_id: str) -> Invitation:
        """What a link offers, before it is used.

        Raises:
            NotFound: The link was taken back, or never made.
        """
        return self._shares.invitation(share_id)

    def join(self, user: User, share_id: str) -> str:
        """Open a link: the person is a member from now on. Returns the id of the board.

        Raises:
            NotFound: The link was taken back, or never made, or the owner removed the person.
        """
        board_id, is_new = self._shares.join(user.key, name_of(user), user.username, share_id)
        if is_new:
            self._record("board joined", user, board_id, f"link {_short(share_id)}")
        return board_id

    def leave(self, user: User, board_id: str) -> None:
        """From now on this member may not use the board; its owner sees that they left.

        Raises:
            NotAllowed: It is the person's own board.
        """
        if self._boards.role(user.key, board_id) is Role.OWNER:
            raise NotAllowed("You cannot leave a board of your own.", "Delete it, if nobody needs it any more.")
        self._shares.leave(user.key, board_id)
        self._record("board left", user, board_id, f"object id {user.object_id}")

    def _record(self, event: str, user: User, board_id: str, detail: str) -> None:
        self._audit.record(
            event, tenant_id=user.tenant_id, object_id=user.object_id, detail=f"board {board_id}, {detail}"
        )


def _short(share_id: str) -> str:
    """Enough to tell links apart; who reads the audit log must not be able to use one."""
    return f"{share_id[:6]}…"
