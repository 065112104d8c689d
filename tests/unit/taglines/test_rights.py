"""Who may do what with a board: every method of the desk, for everybody."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import NotAllowed, NotFound
from core.storage.board_records import Role
from core.storage.engine import Database
from core.taglines.asking import Wish
from core.taglines.board import rename
from tests.support.boards import ANA, BEN, CHO, DAN, Room, room, with_cards
from tests.support.databases import HandClock, sqlite_with_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.identity.user import User
    from core.storage.board_records import Member, Poll, Share
    from core.taglines.board import Board

OWNER, EDITOR, VIEWER, ANYBODY = 3, 2, 1, 0


class Shared:
    """Ana's board with two cards; Ben edits, Cho views; it was shared with Dan, and taken back."""

    def __init__(self, place: Room) -> None:
        self.desk = place.desk
        self.board: Board = with_cards(place, ANA, "Melt.", "Freeze.")
        self.editors: Share = self.desk.sharing.make(ANA, self.board.id, Role.EDITOR)
        self.viewers: Share = self.desk.sharing.make(ANA, self.board.id, Role.VIEWER)
        self.desk.sharing.join(BEN, self.editors.id)
        self.desk.sharing.join(CHO, self.viewers.id)
        self.poll: Poll = self.desk.voting.open(ANA, self.board.id, [card.id for card in self.board.cards])
        self.desk.change(BEN, self.board.id, self.board.version + 1, lambda board: rename(board, "By Ben"))
        self.cho: Member = next(one for one in self.desk.sharing.members(ANA, self.board.id) if one.person == CHO.key)

    def again(self) -> str:
        """A new link for editors."""
        return self.desk.sharing.make(ANA, self.board.id, Role.EDITOR).id


SESSION: Any = SimpleNamespace(expires_at=HandClock().now + timedelta(hours=2))
TOKENS: Any = None

METHODS: dict[str, tuple[int, Callable[[Shared, User], object]]] = {
    "create": (ANYBODY, lambda of, user: of.desk.create(user)),
    "list": (ANYBODY, lambda of, user: of.desk.list(user)),
    "sharing.invitation": (ANYBODY, lambda of, _: of.desk.sharing.invitation(of.editors.id)),
    "sharing.join": (ANYBODY, lambda of, user: of.desk.sharing.join(user, of.again())),
    "voting.poll": (ANYBODY, lambda of, user: of.desk.voting.poll(user, of.poll.id)),
    "voting.cast": (ANYBODY, lambda of, user: of.desk.voting.cast(user, of.poll.id, of.board.cards[0].id)),
    "voting.vote_of": (ANYBODY, lambda of, user: of.desk.voting.vote_of(user, of.poll.id)),
    "copy_brief": (VIEWER, lambda of, user: of.desk.copy_brief(user, of.board.id)),
    "open": (VIEWER, lambda of, user: of.desk.open(user, of.board.id)),
    "role": (VIEWER, lambda of, user: of.desk.role(user, of.board.id)),
    "versions": (VIEWER, lambda of, user: of.desk.versions(user, of.board.id)),
    "generations": (VIEWER, lambda of, user: of.desk.generations(user, of.board.id)),
    "voting.of_board": (VIEWER, lambda of, user: of.desk.voting.of_board(user, of.board.id)),
    "rehearsal.rehearse": (VIEWER, lambda of, user: of.desk.rehearsal.rehearse(user, SESSION, TOKENS, of.board.id)),
    "sharing.leave": (VIEWER, lambda of, user: of.desk.sharing.leave(user, of.board.id)),
    "change": (EDITOR, lambda of, user: of.desk.change(user, of.board.id, 9, lambda board: rename(board, "X"))),
    "restore": (EDITOR, lambda of, user: of.desk.restore(user, of.board.id, 1)),
    "undo": (EDITOR, lambda of, user: of.desk.undo(user, of.board.id)),
    "name_version": (EDITOR, lambda of, user: of.desk.name_version(user, of.board.id, 1, "first")),
    "generate": (EDITOR, lambda of, user: of.desk.generate(user, "session", TOKENS, of.board.id)),
    "transform": (
        EDITOR,
        lambda of, user: of.desk.transform(
            user, "session", TOKENS, of.board.id, card_id=of.board.cards[0].id, wish=Wish("shorter")
        ),
    ),
    "stop": (EDITOR, lambda of, user: of.desk.stop(user, of.board.id)),
    "rehearsal.trial": (EDITOR, lambda of, user: of.desk.rehearsal.trial(user, "session", TOKENS, of.board.id)),
    "voting.open": (
        EDITOR,
        lambda of, user: of.desk.voting.open(user, of.board.id, [card.id for card in of.board.cards]),
    ),
    "voting.close": (EDITOR, lambda of, user: of.desk.voting.close(user, of.poll.id)),
    "delete": (OWNER, lambda of, user: of.desk.delete(user, of.board.id)),
    "sharing.make": (OWNER, lambda of, user: of.desk.sharing.make(user, of.board.id, Role.EDITOR)),
    "sharing.links": (OWNER, lambda of, user: of.desk.sharing.links(user, of.board.id)),
    "sharing.members": (OWNER, lambda of, user: of.desk.sharing.members(user, of.board.id)),
    "sharing.take_back": (OWNER, lambda of, user: of.desk.sharing.take_back(user, of.board.id, of.viewers.id)),
    "sharing.remove": (OWNER, lambda of, user: of.desk.sharing.remove(user, of.board.id, of.cho)),
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Room]:
    clock = HandClock()
    database = Database.open(sqlite_with_tables(tmp_path / "boards.sqlite3"), clock=clock)
    yield room(database, clock)
    database.close()


def test_every_method_of_the_desk_stands_in_the_table(place: Room) -> None:
    parts = {"": place.desk, "sharing.": place.desk.sharing, "voting.": place.desk.voting}
    parts["rehearsal."] = place.desk.rehearsal
    methods = {
        f"{prefix}{name}"
        for prefix, part in parts.items()
        for name in dir(part)
        if not name.startswith("_") and callable(getattr(part, name))
    }
    assert methods - {"wait_for_all"} == METHODS.keys()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("user", "right"), [(ANA, OWNER), (BEN, EDITOR), (CHO, VIEWER), (DAN, ANYBODY)])
def test_everybody_may_do_what_their_role_allows_and_no_more(
    place: Room, method: str, user: User, right: int
) -> None:
    shared = Shared(place)
    needed, act = METHODS[method]
    if right >= needed:
        if method == "undo" and user is ANA:
            shared.desk.change(ANA, shared.board.id, 9, lambda board: rename(board, "By Ana"))
        if method == "sharing.leave" and user is ANA:
            with pytest.raises(NotAllowed, match="a board of your own"):
                act(shared, user)
            return
        if method == "voting.open":
            shared.desk.voting.close(ANA, shared.poll.id)
        act(shared, user)
        return
    before = shared.desk.open(ANA, shared.board.id)
    with pytest.raises(NotFound if right == ANYBODY else NotAllowed):
        act(shared, user)
    assert shared.desk.open(ANA, shared.board.id) == before
    assert [poll.is_open for poll in shared.desk.voting.of_board(ANA, shared.board.id)] == [True]


@pytest.mark.parametrize("method", [name for name, (needed, _) in METHODS.items() if needed > ANYBODY])
@pytest.mark.parametrize("by_link", [True, False])
def test_what_was_taken_back_is_gone_at_once(place: Room, method: str, *, by_link: bool) -> None:
    shared = Shared(place)
    ben = next(one for one in shared.desk.sharing.members(ANA, shared.board.id) if one.person == BEN.key)
    if by_link:
        shared.desk.sharing.take_back(ANA, shared.board.id, shared.editors.id)
    else:
        shared.desk.sharing.remove(ANA, shared.board.id, ben)
    with pytest.raises(NotFound):
        METHODS[method][1](shared, BEN)
    with pytest.raises(NotFound):
        shared.desk.sharing.join(BEN, shared.editors.id)


def test_the_refusal_names_the_owner_and_what_can_be_done(place: Room) -> None:
    shared = Shared(place)
    with pytest.raises(NotAllowed) as refused:
        shared.desk.undo(CHO, shared.board.id)
    assert refused.value.title == "You can look at this board, but not change it."
    assert "Ask Ana" in refused.value.remedy


def test_who_lost_access_hears_how_and_whom_to_ask_and_a_stranger_hears_nothing(place: Room) -> None:
    shared = Shared(place)
    desk, board_id = shared.desk, shared.board.id
    desk.sharing.remove(ANA, board_id, shared.cho)
    desk.sharing.leave(BEN, board_id)
    told = {}
    for user in (BEN, CHO, DAN):
        with pytest.raises(NotFound) as refused:
            desk.open(user, board_id)
        told[user] = refused.value
    with pytest.raises(NotFound) as nowhere:
        desk.open(DAN, "no-such-board")
    assert (told[CHO].title, told[CHO].who) == ("Your access to this board was taken back.", "Ana")
    assert told[CHO].remedy == "Ask Ana to share it with you again."
    assert told[BEN].title == "You left this board."
    assert (told[DAN].title, told[DAN].remedy, told[DAN].who) == (
        nowhere.value.title,
        nowhere.value.remedy,
        nowhere.value.who,
    )
    assert "By Ben" not in "".join(f"{each.title}{each.remedy}" for each in told.values()), "the board's title"
    with pytest.raises(NotFound, match="was taken back"):
        desk.sharing.join(CHO, shared.viewers.id)


def test_who_leaves_is_seen_to_have_left_and_may_come_back(place: Room) -> None:
    shared = Shared(place)
    desk, board_id = shared.desk, shared.board.id
    desk.sharing.leave(CHO, board_id)
    assert [heading.id for heading in desk.list(CHO)] == []
    (cho,) = [one for one in desk.sharing.members(ANA, board_id) if one.person == CHO.key]
    assert cho.left_at == HandClock().now
    with pytest.raises(NotFound, match="You left"):
        desk.sharing.leave(CHO, board_id)
    desk.sharing.join(CHO, shared.viewers.id)
    assert desk.role(CHO, board_id) is Role.VIEWER
    assert {one.left_at for one in desk.sharing.members(ANA, board_id)} == {None}


def test_who_leaves_is_out_by_whichever_link_they_came(place: Room) -> None:
    shared = Shared(place)
    shared.desk.sharing.join(CHO, shared.editors.id)
    shared.desk.sharing.leave(CHO, shared.board.id)
    with pytest.raises(NotFound):
        shared.desk.open(CHO, shared.board.id)
