"""What links to boards and addresses of votes say before they are used, on both databases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from core.errors import NotFound
from core.storage.board_records import Choice, Invitation, Role
from tests.support.boards import ANA, BEN, Room, room

if TYPE_CHECKING:
    from core.storage.engine import Database
    from tests.support.databases import HandClock


@pytest.fixture
def place(database: Database, clock: HandClock) -> Room:
    return room(database, clock)


def test_an_invitation_says_which_board_whose_and_for_what_and_makes_nobody_a_member(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", {"title": "Ice cream", "cards": []}, reason="")
    share = place.shares.make(ANA.key, board.id, Role.EDITOR)
    assert place.shares.invitation(share.id) == Invitation("Ice cream", "Ana", Role.EDITOR)
    assert place.shares.members(ANA.key, board.id) == ()
    with pytest.raises(NotFound):
        place.boards.get(BEN.key, board.id)


def test_an_invitation_that_was_taken_back_or_never_made_is_not_found(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", {"title": "Ice cream", "cards": []}, reason="")
    share = place.shares.make(ANA.key, board.id, Role.VIEWER)
    place.shares.take_back(ANA.key, board.id, share.id)
    for share_id in (share.id, "", "%", share.id[:-1], "\x00"):
        with pytest.raises(NotFound):
            place.shares.invitation(share_id)


def test_the_address_of_a_vote_can_be_typed_from_a_screen(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", {"title": "Ice cream", "cards": []}, reason="")
    choices = [Choice("a", "Melt.", ""), Choice("b", "Freeze.", "")]
    ids = set()
    for _ in range(20):
        ids.add(opened := place.polls.open(ANA.key, board.id, "Which?", choices).id)
        place.polls.close(ANA.key, opened)
    assert len(ids) == 20
    assert all(re.fullmatch(r"[a-z2-9]{10}", each) and not set(each) & set("ilo01") for each in ids)
