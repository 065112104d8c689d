"""Boards on both databases: versions, members, votes, runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from core.errors import KeylessError, NotFound
from core.storage import tables
from core.storage.board_records import Choice, Role, Step
from core.storage.boards import KEPT_VERSIONS
from core.storage.records import RunState
from tests.support.boards import ANA, BEN, CHO, DAN, Room, a_card, a_run, keep_run, room, with_cards

if TYPE_CHECKING:
    from core.identity.user import User
    from core.storage.engine import Database
    from tests.support.databases import HandClock

CONTENT = {"title": "Ice cream", "cards": []}
OTHERS = [BEN, DAN, replace(ANA, object_id=""), replace(ANA, object_id="%"), replace(ANA, object_id="\x00")]


@pytest.fixture
def place(database: Database, clock: HandClock) -> Room:
    return room(database, clock)


def save(
    place: Room, board_id: str, based_on: int, *, user: User = ANA, step: str = "", **content: object
) -> int | None:
    made = Step(user.key, user.name, "changed", step=step)
    return place.boards.save(user.key, board_id, {**CONTENT, **content}, made, based_on=based_on)


def test_a_board_comes_back_as_it_was_made(place: Room, clock: HandClock) -> None:
    nasty = {"title": "a\x00 🍦 \u202e", "cards": [{"text": "Melt \u2028 \x1b"}]}
    made = place.boards.create(ANA.key, "Ana", nasty, reason="Made")
    assert (made.owner, made.owner_name, made.version, made.role) == (ANA.key, "Ana", 1, Role.OWNER)
    assert made.content == nasty
    assert (made.created_at, made.updated_at) == (clock.now, clock.now)
    [version] = place.boards.versions(ANA.key, made.id)
    assert (version.number, version.author, version.reason, version.follows) == (1, ANA.key, "Made", 0)


def test_only_the_newest_version_can_be_followed(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    assert save(place, board.id, 1, title="second") == 2
    assert save(place, board.id, 1, title="late") is None
    assert place.boards.get(ANA.key, board.id).content["title"] == "second"
    assert [version.number for version in place.boards.versions(ANA.key, board.id)] == [2, 1]


def test_of_many_who_follow_the_same_version_one_gets_through(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda number: save(place, board.id, 1, title=str(number)), range(16)))
    assert sorted(saved, key=bool) == [None] * 15 + [2]
    assert place.boards.get(ANA.key, board.id).content["title"] == str(saved.index(2))


def test_steps_that_belong_together_are_one_version(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    for based_on in (1, 2, 3):
        save(place, board.id, based_on, step="generation", title=str(based_on))
    save(place, board.id, 4, title="by hand")
    save(place, board.id, 5, step="generation", title="last")
    versions = place.boards.versions(ANA.key, board.id)
    assert [(version.number, version.follows) for version in versions] == [(6, 5), (5, 4), (4, 1), (1, 0)]
    assert place.boards.content_at(ANA.key, board.id, 2)["title"] == "3"


def test_a_named_version_is_not_swallowed_by_the_step_that_goes_on(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    save(place, board.id, 1, step="generation")
    place.boards.name_version(ANA.key, board.id, 2, "for Monday")
    save(place, board.id, 2, step="generation")
    assert [version.number for version in place.boards.versions(ANA.key, board.id)] == [3, 2, 1]


def test_history_is_bounded_and_keeps_what_was_named(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    place.boards.name_version(ANA.key, board.id, 1, "the first")
    for number in range(1, KEPT_VERSIONS + 10):
        save(place, board.id, number, title=str(number))
    numbers = [version.number for version in place.boards.versions(ANA.key, board.id)]
    assert numbers == [*range(KEPT_VERSIONS + 10, 10, -1), 1]
    assert place.boards.content_at(ANA.key, board.id, 5)["title"] == "10"


def test_a_deleted_board_leaves_nothing(place: Room, database: Database, clock: HandClock) -> None:
    board = with_cards(place, ANA, "Melt.", "Freeze.")
    keep_run(place, ANA, a_run(clock(), board.id, "g", "Melt."), "f")
    place.desk.sharing.join(BEN, place.desk.sharing.make(ANA, board.id, Role.VIEWER).id)
    poll = place.desk.voting.open(ANA, board.id, [card.id for card in board.cards])
    place.desk.voting.cast(BEN, poll.id, board.cards[0].id)
    place.desk.delete(ANA, board.id)
    with database.read() as connection:
        for name, table in tables.metadata.tables.items():
            if name.startswith("board"):
                assert connection.execute(select(func.count()).select_from(table)).scalar() == 0, name


@pytest.mark.parametrize("stranger", OTHERS)
def test_a_board_of_somebody_else_is_not_found_and_not_changed(place: Room, clock: HandClock, stranger: User) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    share = place.shares.make(ANA.key, board.id, Role.VIEWER)
    poll = place.polls.open(ANA.key, board.id, "?", [])
    key = stranger.key
    for attempt in (
        lambda: place.boards.get(key, board.id),
        lambda: place.boards.role(key, board.id),
        lambda: save(place, board.id, 1, user=stranger),
        lambda: place.boards.versions(key, board.id),
        lambda: place.boards.content_at(key, board.id, 1),
        lambda: place.boards.name_version(key, board.id, 1, "mine"),
        lambda: place.boards.delete(key, board.id),
        lambda: place.shares.make(key, board.id, Role.EDITOR),
        lambda: place.shares.list(key, board.id),
        lambda: place.shares.members(key, board.id),
        lambda: place.shares.take_back(key, board.id, share.id),
        lambda: place.shares.remove(key, board.id, ANA.key),
        lambda: place.polls.open(key, board.id, "?", []),
        lambda: place.polls.of_board(key, board.id),
        lambda: place.polls.close(key, poll.id),
        lambda: place.runs.of_board(key, board.id),
        lambda: place.runs.latest(key, board.id, "f"),
        lambda: place.runs.answers(key, board.id, "f"),
        lambda: place.runs.rows("f").start_run(key, a_run(clock(), board.id, "g", "")),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert place.boards.list(key) == ()
    assert place.boards.get(ANA.key, board.id) == board


def test_a_link_makes_members_and_taking_it_back_unmakes_them(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    view = place.shares.make(ANA.key, board.id, Role.VIEWER)
    edit = place.shares.make(ANA.key, board.id, Role.EDITOR)
    assert place.shares.join(BEN.key, "Ben", "ben@", view.id) == (board.id, True)
    assert place.shares.join(BEN.key, "Ben", "ben@", view.id) == (board.id, False)
    assert place.boards.role(BEN.key, board.id) is Role.VIEWER
    place.shares.join(BEN.key, "Ben", "ben@", edit.id)
    assert place.boards.role(BEN.key, board.id) is Role.EDITOR
    assert [heading.role for heading in place.boards.list(BEN.key)] == [Role.EDITOR]
    assert place.shares.take_back(ANA.key, board.id, edit.id) is True
    assert place.shares.take_back(ANA.key, board.id, edit.id) is False
    assert place.boards.role(BEN.key, board.id) is Role.VIEWER
    place.shares.take_back(ANA.key, board.id, view.id)
    for late in (BEN, CHO):
        with pytest.raises(NotFound):
            place.shares.join(late.key, late.name, late.username, view.id)
        with pytest.raises(NotFound):
            place.boards.get(late.key, board.id)
    assert place.shares.members(ANA.key, board.id) == ()


def test_who_was_removed_cannot_come_back_by_the_same_link(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    share = place.shares.make(ANA.key, board.id, Role.EDITOR)
    for person in (BEN, CHO):
        place.shares.join(person.key, person.name, person.username, share.id)
    place.shares.remove(ANA.key, board.id, BEN.key)
    with pytest.raises(NotFound):
        place.shares.join(BEN.key, "Ben", "ben@", share.id)
    assert [member.person for member in place.shares.members(ANA.key, board.id)] == [CHO.key]


def test_the_owner_does_not_become_a_member(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    share = place.shares.make(ANA.key, board.id, Role.VIEWER)
    assert place.shares.join(ANA.key, "Ana", "ana@", share.id) == (board.id, False)
    assert place.boards.role(ANA.key, board.id) is Role.OWNER


def test_a_link_of_another_board_cannot_be_taken_back(place: Room) -> None:
    mine, hers = (place.boards.create(user.key, user.name, CONTENT, reason="") for user in (BEN, ANA))
    share = place.shares.make(ANA.key, hers.id, Role.VIEWER)
    with pytest.raises(NotFound):
        place.shares.take_back(BEN.key, mine.id, share.id)
    assert place.shares.join(CHO.key, "Cho", "cho@", share.id) == (hers.id, True)


def test_one_person_who_joins_many_times_at_once_is_one_member(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    share = place.shares.make(ANA.key, board.id, Role.VIEWER)
    with ThreadPoolExecutor(8) as pool:
        joined = list(pool.map(lambda _: place.shares.join(BEN.key, "Ben", "ben@", share.id), range(8)))
    assert [is_new for _, is_new in joined].count(True) == 1
    assert len(place.shares.members(ANA.key, board.id)) == 1


def test_each_person_has_one_vote_however_fast_they_press(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    poll = place.polls.open(ANA.key, board.id, "?", [Choice("a", "A", ""), Choice("b", "B", "")])
    with ThreadPoolExecutor(8) as pool:
        votes = [pool.submit(place.polls.cast, person.key, poll.id, card) for card in "abab" for person in (BEN, DAN)]
        assert all(vote.result(20) for vote in votes)
    assert place.polls.cast(BEN.key, poll.id, "a")
    assert place.polls.cast(DAN.key, poll.id, "b")
    found = place.polls.get(poll.id)
    assert (found.votes, found.votes_cast) == ({"a": 1, "b": 1}, 2)
    assert place.polls.vote_of(BEN.key, poll.id) == "a"
    assert place.polls.vote_of(CHO.key, poll.id) == ""


def test_of_many_who_open_a_vote_at_once_one_gets_through_and_the_next_once_it_is_closed(place: Room) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    with ThreadPoolExecutor(8) as pool:
        tried = [pool.submit(place.polls.open, ANA.key, board.id, "?", []) for _ in range(8)]
    refused = [one.exception() for one in tried if one.exception()]
    assert len(refused) == 7
    assert all(isinstance(error, KeylessError) and "open already" in error.title for error in refused)
    [poll] = place.polls.of_board(ANA.key, board.id)
    place.polls.close(ANA.key, poll.id)
    assert place.polls.open(ANA.key, board.id, "?", []).is_open


def test_nothing_is_counted_after_a_vote_was_closed(place: Room, clock: HandClock) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    poll = place.polls.open(ANA.key, board.id, "?", [Choice("a", "A", ""), Choice("b", "B", "")])
    place.polls.cast(BEN.key, poll.id, "a")
    place.polls.close(ANA.key, poll.id)
    closed_at = clock.now
    clock.advance(minutes=1)
    place.polls.close(ANA.key, poll.id)
    assert place.polls.cast(BEN.key, poll.id, "b") is False
    assert place.polls.cast(CHO.key, poll.id, "b") is False
    [found] = place.polls.of_board(ANA.key, board.id)
    assert (found.votes, found.closed_at, found.is_open) == ({"a": 1}, closed_at, False)


@pytest.mark.parametrize("card", ["c", "", "\x00"])
def test_only_cards_of_the_vote_can_be_chosen(place: Room, card: str) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    poll = place.polls.open(ANA.key, board.id, "?", [Choice("a", "A", ""), Choice("b", "B", "")])
    with pytest.raises(NotFound):
        place.polls.cast(BEN.key, poll.id, card)
    with pytest.raises(NotFound):
        place.polls.cast(BEN.key, "no such vote", "a")


def test_a_run_of_a_board_comes_back_as_it_was_stored(place: Room, clock: HandClock) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    run = a_run(clock(), board.id, "g", "Melt.")
    keep_run(place, ANA, run, "f")
    assert place.runs.of_board(ANA.key, board.id) == (run,)


def test_answers_to_a_brief_come_from_boards_of_the_same_owner_that_the_person_may_read(
    place: Room, clock: HandClock
) -> None:
    def board_of(user: User) -> str:
        return place.boards.create(user.key, user.name, CONTENT, reason="").id

    asked, shared, hidden, foreign = board_of(ANA), board_of(ANA), board_of(ANA), board_of(BEN)
    for board_id in (asked, shared):
        place.shares.join(BEN.key, "Ben", "ben@", place.shares.make(ANA.key, board_id, Role.VIEWER).id)
    for user, board_id in ((ANA, asked), (ANA, shared), (ANA, hidden), (BEN, foreign)):
        keep_run(place, user, a_run(clock(), board_id, "g", board_id), "f")
        clock.advance(minutes=1)
    assert [run.text for run in place.runs.answers(BEN.key, asked, "f")] == [shared, asked]
    assert [run.text for run in place.runs.answers(ANA.key, asked, "f")] == [hidden, shared, asked]
    assert place.runs.answers(ANA.key, asked, "another brief") == ()


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.COMPLETE])
def test_only_whole_answers_are_shown_again(place: Room, clock: HandClock, state: RunState) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    rows = place.runs.rows("f")
    run = a_run(clock(), board.id, "g", "Melt.", state=RunState.RUNNING)
    rows.start_run(ANA.key, run)
    if state is not RunState.RUNNING:
        assert rows.finish_run(replace(run, state=state)).result(10)
    assert place.runs.answers(ANA.key, board.id, "f") == ()


def test_runs_of_a_process_that_is_gone_are_interrupted_with_their_text(
    place: Room, database: Database, clock: HandClock
) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    run = a_run(clock(), board.id, "g", "", state=RunState.RUNNING)
    place.runs.rows("f").start_run(ANA.key, run)
    assert place.runs.rows("f").save_progress(run.id, "Mel").result(10)
    assert place.runs.interrupt_orphans() == 0
    database.write(lambda connection: connection.execute(update(tables.board_runs).values(process=4711)).rowcount)
    assert place.runs.interrupt_orphans() == 1
    assert place.runs.of_board(ANA.key, board.id) == (replace(run, text="Mel", state=RunState.INTERRUPTED),)


def test_a_viewer_cannot_write_even_past_the_desk(place: Room, clock: HandClock) -> None:
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    place.shares.join(BEN.key, "Ben", "ben@", place.shares.make(ANA.key, board.id, Role.VIEWER).id)
    for attempt in (
        lambda: save(place, board.id, 1, user=BEN),
        lambda: place.boards.name_version(BEN.key, board.id, 1, "mine"),
        lambda: place.boards.delete(BEN.key, board.id),
        lambda: place.shares.make(BEN.key, board.id, Role.EDITOR),
        lambda: place.polls.open(BEN.key, board.id, "?", []),
        lambda: place.runs.rows("f").start_run(BEN.key, a_run(clock(), board.id, "g", "")),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_at_most_so_many_versions_have_names(place: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.storage.boards.MOST_NAMED", 1)
    board = place.boards.create(ANA.key, "Ana", CONTENT, reason="")
    save(place, board.id, 1)
    place.boards.name_version(ANA.key, board.id, 1, "one")
    with pytest.raises(KeylessError, match="have names"):
        place.boards.name_version(ANA.key, board.id, 2, "two")
    place.boards.name_version(ANA.key, board.id, 1, "")
    place.boards.name_version(ANA.key, board.id, 2, "two")


def test_two_who_write_at_the_same_time_both_find_their_cards(place: Room, clock: HandClock) -> None:
    board = with_cards(place, ANA, "Melt.")
    place.shares.join(BEN.key, "Ben", "ben@", place.shares.make(ANA.key, board.id, Role.EDITOR).id)
    from core.taglines.board import add

    def write(user: User, number: int) -> None:
        card = a_card(f"{user.name} {number}", clock())
        place.desk.change(user, board.id, board.version, lambda seen: add(seen, [card]))

    with ThreadPoolExecutor(6) as pool:
        written = [pool.submit(write, user, number) for number in range(12) for user in (ANA, BEN)]
        for one in written:
            one.result(60)
    texts = {card.text for card in place.desk.open(ANA, board.id).cards}
    assert texts == {"Melt."} | {f"{name} {number}" for name in ("Ana", "Ben") for number in range(12)}
