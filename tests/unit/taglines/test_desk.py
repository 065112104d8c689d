"""The desk: changing, restoring, undoing, keeping born cards, replay, votes, and the look ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import KeylessError, NotFound
from core.storage import tables
from core.storage.board_records import Role
from core.storage.engine import Database
from core.storage.records import RunState
from core.taglines.asking import Wish
from core.taglines.board import (
    add,
    allow_replays,
    edit,
    move,
    rate,
    remove,
    rename,
    set_brief,
    shortlist,
    show_deployments,
    written_card,
)
from core.taglines.brief import Brief
from tests.support.boards import ANA, BEN, CHO, Room, a_card, a_run, keep_run, room, with_cards
from tests.support.databases import HandClock, sqlite_with_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.identity.user import User
    from core.taglines.board import Board
    from core.taglines.generation import BornCards

BRIEF = Brief(deployment_ids=("nordic/writer",))
SESSION: Any = SimpleNamespace(expires_at=HandClock().now + timedelta(hours=2))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path, clock: HandClock) -> Iterator[Database]:
    database = Database.open(sqlite_with_tables(tmp_path / "boards.sqlite3"), clock=clock)
    yield database
    database.close()


@pytest.fixture
def place(database: Database, clock: HandClock) -> Room:
    return room(database, clock)


def shared_with_ben(place: Room, board: Board) -> Board:
    place.desk.sharing.join(BEN, place.desk.sharing.make(ANA, board.id, Role.EDITOR).id)
    return board


def texts(board: Board) -> list[str]:
    return [card.text for card in board.cards]


def keeper(place: Room, user: User, board: Board) -> BornCards:
    place.desk.generate(user, "session", None, board.id)  # type: ignore[arg-type]  # no deployment is called
    return place.generating.asked[-1].born


def test_a_new_board_is_named_after_its_brief_and_copies_have_the_brief_alone(place: Room) -> None:
    board = with_cards(place, ANA, "Melt.")
    assert (board.title, board.owner_name) == ("Write a tagline for an ice cream brand", "Ana")
    shared_with_ben(place, board)
    copy = place.desk.copy_brief(BEN, board.id)
    assert (copy.owner, copy.brief, copy.cards) == (BEN.key, board.brief, ())
    assert place.desk.role(BEN, copy.id) is Role.OWNER


def test_the_copy_of_a_viewer_does_not_tell_deployments_that_the_board_hides(place: Room) -> None:
    board = place.desk.create(ANA, Brief(deployment_ids=("nordic/writer",)))
    place.desk.sharing.join(CHO, place.desk.sharing.make(ANA, board.id, Role.VIEWER).id)
    assert place.desk.copy_brief(CHO, board.id).brief == board.brief
    place.desk.change(ANA, board.id, board.version, lambda seen: show_deployments(seen, shows=False))
    assert place.desk.copy_brief(CHO, board.id).brief == replace(board.brief, deployment_ids=())
    assert place.desk.copy_brief(ANA, board.id).brief == board.brief


def test_a_change_of_what_others_left_alone_needs_no_word(place: Room) -> None:
    seen = shared_with_ben(place, with_cards(place, ANA, "Melt.", "Freeze."))
    one, two = (card.id for card in seen.cards)
    place.desk.change(ANA, seen.id, seen.version, lambda board: edit(board, one, "Melts."))
    late = place.desk.change(BEN, seen.id, seen.version, lambda board: shortlist(edit(board, two, "Cold."), one))
    assert (texts(late.board), late.clashes) == (["Melts.", "Cold."], ())
    assert late.board.card(one).is_shortlisted


def test_who_was_first_is_named_with_the_time_and_both_texts_are_kept(place: Room, clock: HandClock) -> None:
    seen = shared_with_ben(place, with_cards(place, ANA, "Melt."))
    card = seen.cards[0].id
    clock.advance(minutes=5)
    place.desk.change(ANA, seen.id, seen.version, lambda board: edit(board, card, "Ana's."))
    clock.advance(minutes=5)
    place.desk.change(ANA, seen.id, seen.version + 1, lambda board: rename(board, "Not it"))
    late = place.desk.change(BEN, seen.id, seen.version, lambda board: edit(board, card, "Ben's."))
    assert texts(late.board) == ["Ana's.", "Ben's."]
    assert [clash.sentence() for clash in late.clashes] == [
        "Ana changed this card at 09:35 UTC. Both texts are kept: yours is the card after it."
    ]
    assert late.clashes[0].sentence("10:35") == (
        "Ana changed this card at 10:35. Both texts are kept: yours is the card after it."
    )


def test_two_tabs_of_one_person_lose_nothing_either(place: Room) -> None:
    seen = with_cards(place, ANA, "Melt.")
    card = seen.cards[0].id
    place.desk.change(ANA, seen.id, seen.version, lambda board: edit(board, card, "First tab."))
    late = place.desk.change(ANA, seen.id, seen.version, lambda board: edit(board, card, "Second tab."))
    assert texts(late.board) == ["First tab.", "Second tab."]
    assert late.clashes[0].sentence().startswith("You changed this card at 09:30 UTC.")


def test_a_change_that_changes_nothing_is_no_version(place: Room) -> None:
    board = with_cards(place, ANA, "Melt.")
    assert place.desk.change(ANA, board.id, board.version, lambda seen: seen).board.version == board.version


def test_what_somebody_else_did_already_is_no_version(place: Room) -> None:
    board = with_cards(place, ANA, "Melt.")
    first = place.desk.change(ANA, board.id, board.version, lambda seen: shortlist(seen, seen.cards[0].id))
    second = place.desk.change(ANA, board.id, board.version, lambda seen: shortlist(seen, seen.cards[0].id))
    assert (second.board.version, second.clashes) == (first.board.version, ())


def test_versions_say_who_why_and_when_and_keep_what_was(place: Room, clock: HandClock) -> None:
    board = with_cards(place, ANA, "Melt.")
    clock.advance(minutes=1)
    place.desk.change(ANA, board.id, board.version, lambda seen: rate(seen, seen.cards[0].id, 5), "My favourite")
    newest, added, made = place.desk.versions(ANA, board.id)
    assert (newest.reason, newest.author_name, newest.at) == ("My favourite", "Ana", clock.now)
    assert (added.reason, made.reason) == ("Added a card", "Made the board")
    assert place.boards.content_at(ANA.key, board.id, 2) == board.content()


def test_restoring_is_exact_and_itself_a_version(place: Room) -> None:
    before = with_cards(place, ANA, "Melt.", "Freeze.")
    card = before.cards[0].id
    place.desk.change(ANA, before.id, before.version, lambda board: remove(rename(board, "Other"), card))
    restored = place.desk.restore(ANA, before.id, before.version).board
    assert restored.content() == before.content()
    assert restored.version == before.version + 2
    assert place.desk.versions(ANA, before.id)[0].reason == "Restored version 2"
    with pytest.raises(NotFound, match="not kept"):
        place.desk.restore(ANA, before.id, 99)


def test_undo_takes_back_ones_own_changes_one_by_one_and_leaves_those_of_others(place: Room) -> None:
    seen = shared_with_ben(place, with_cards(place, ANA, "Melt.", "Freeze."))
    one, two = (card.id for card in seen.cards)
    place.desk.change(ANA, seen.id, seen.version, lambda board: edit(board, one, "Melts."))
    place.desk.change(BEN, seen.id, seen.version + 1, lambda board: edit(board, two, "Cold."))
    place.desk.change(ANA, seen.id, seen.version + 2, lambda board: rate(board, two, 4))
    undone = place.desk.undo(ANA, seen.id).board
    assert (texts(undone), undone.card(two).stars) == (["Melts.", "Cold."], 0)
    assert texts(place.desk.undo(ANA, seen.id).board) == ["Melt.", "Cold."]
    assert texts(place.desk.undo(ANA, seen.id).board) == ["Cold."]
    with pytest.raises(KeylessError, match="nothing of yours"):
        place.desk.undo(ANA, seen.id)
    assert texts(place.desk.undo(BEN, seen.id).board) == ["Freeze."]


def test_a_restore_can_be_undone(place: Room) -> None:
    board = with_cards(place, ANA, "Melt.")
    place.desk.restore(ANA, board.id, 1)
    assert place.desk.undo(ANA, board.id).board.content() == board.content()


CHANGES: dict[str, Callable[[Board, int], Board]] = {
    "add": lambda board, number: add(board, [written_card(f"card {number}", HandClock().now)]),
    "remove": lambda board, number: remove(board, board.cards[number % len(board.cards)].id),
    "edit": lambda board, number: edit(board, board.cards[number % len(board.cards)].id, f"edited {number}"),
    "rate": lambda board, number: rate(board, board.cards[number % len(board.cards)].id, number % 6),
    "move": lambda board, number: move(board, board.cards[number % len(board.cards)].id, number % 5 - 2),
    "title": lambda board, number: rename(board, f"title {number}"),
    "brief": lambda board, number: set_brief(board, replace(board.brief, tone=f"tone {number}")),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([*CHANGES]), st.integers(0, 40)), max_size=8))
def test_undoing_everything_comes_back_through_the_same_boards(place: Room, changes: list[tuple[str, int]]) -> None:
    board = place.desk.create(ANA)
    before = []
    for kind, number in changes:
        if not board.cards and kind in {"remove", "edit", "rate", "move"}:
            continue
        changed = place.desk.change(ANA, board.id, board.version, lambda seen: CHANGES[kind](seen, number)).board  # noqa: B023 - called at once
        if changed.version > board.version:
            before.append(board.content())
        board = changed
    for content in reversed(before):
        assert place.desk.undo(ANA, board.id).board.content() == content


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_two_people_who_see_old_boards_lose_no_word(place: Room, data: st.DataObject) -> None:
    base = shared_with_ben(place, with_cards(place, ANA, "a", "b"))
    seen = {ANA: base, BEN: base}
    written: list[str] = []
    for number in range(data.draw(st.integers(0, 6))):
        user = data.draw(st.sampled_from([ANA, BEN]))
        card = data.draw(st.sampled_from(seen[user].cards))
        text = f"{user.name} {number}"
        replaced = card.text
        changed = place.desk.change(
            user,
            base.id,
            seen[user].version,
            lambda board: edit(board, card.id, text),  # noqa: B023 - called at once
        )
        if replaced in written:
            written.remove(replaced)
        written.append(text)
        if data.draw(st.booleans()):
            seen[user] = changed.board
    history = [
        text
        for version in place.desk.versions(ANA, base.id)
        for text in texts(base.with_content(place.boards.content_at(ANA.key, base.id, version.number)))
    ]
    assert set(written) <= set(history)
    assert written[-1:] == [text for text in texts(place.desk.open(ANA, base.id)) if text in written[-1:]]


def test_cards_are_on_the_board_as_they_are_born_in_one_version(place: Room, clock: HandClock) -> None:
    board = place.desk.create(ANA, BRIEF)
    born = keeper(place, ANA, board)
    cards = [a_card(text, clock()) for text in ("Melt.", "Freeze.", "Repeat.")]
    for card in cards:
        born.born([card])
        assert place.desk.open(ANA, board.id).cards[-1] == card
    born.born(cards)
    assert texts(place.desk.open(ANA, board.id)) == ["Melt.", "Freeze.", "Repeat."]
    assert [version.reason for version in place.desk.versions(ANA, board.id)] == ["Generated cards", "Made the board"]
    assert texts(place.desk.undo(ANA, board.id).board) == []


def test_what_is_made_of_a_card_stands_behind_it_in_order(place: Room, clock: HandClock) -> None:
    board = with_cards(place, ANA, "Melt.", "Freeze.")
    source = board.cards[0].id
    place.desk.transform(ANA, "session", None, board.id, card_id=source, wish=Wish("similar"))  # type: ignore[arg-type]  # no call
    born = place.generating.asked[-1].born
    for text in ("one", "two", "three"):
        born.born([a_card(text, clock(), made_from=source, how="similar")])
    assert texts(place.desk.open(ANA, board.id)) == ["Melt.", "one", "two", "three", "Freeze."]


def test_cards_of_somebody_whose_right_was_taken_back_are_not_kept(place: Room, clock: HandClock) -> None:
    board = place.desk.create(ANA, BRIEF)
    share = place.desk.sharing.make(ANA, board.id, Role.EDITOR)
    place.desk.sharing.join(BEN, share.id)
    born = keeper(place, BEN, board)
    place.desk.sharing.join(BEN, place.desk.sharing.make(ANA, board.id, Role.VIEWER).id)
    place.desk.sharing.take_back(ANA, board.id, share.id)
    with pytest.raises(NotFound):
        born.born([a_card("Melt.", clock())])
    assert place.desk.open(ANA, board.id).cards == ()


def test_the_last_good_answer_to_the_brief_stands_in_with_its_time(place: Room, clock: HandClock) -> None:
    old, new = (place.desk.create(ANA, BRIEF) for _ in range(2))
    earlier = a_run(clock(), old.id, "g1", "1. Summer, served.\n2. Stay frosty.")
    keep_run(place, ANA, earlier, BRIEF.fingerprint)
    clock.advance(days=1)
    good = a_run(clock(), old.id, "g2", '{"taglines": ["Melt.", "Freeze."]}')
    keep_run(place, ANA, good, BRIEF.fingerprint)
    clock.advance(days=1)
    keep_run(place, ANA, a_run(clock(), old.id, "g3", "I cannot help with that."), BRIEF.fingerprint)
    keep_run(place, ANA, a_run(clock(), old.id, "g4", "1. Other", state=RunState.INTERRUPTED), BRIEF.fingerprint)
    keep_run(place, ANA, a_run(clock(), old.id, "g5", "1. Other brief"), Brief("Other").fingerprint)
    shown = keeper(place, ANA, new).stand_in()
    assert [(card.text, card.how, card.run_id, card.created_at) for card in shown] == [
        (text, "replayed", good.id, good.started_at) for text in ("Melt.", "Freeze.")
    ]
    assert place.desk.open(ANA, new.id).cards == tuple(shown)
    again = keeper(place, ANA, new).stand_in()
    assert [card.text for card in again] == ["Summer, served.", "Stay frosty."]
    assert keeper(place, ANA, new).stand_in() == ()


def test_nothing_stands_in_where_replays_are_switched_off_or_a_card_was_to_change(
    place: Room, clock: HandClock
) -> None:
    board = place.desk.create(ANA, BRIEF)
    keep_run(place, ANA, a_run(clock(), board.id, "g", "1. Melt."), BRIEF.fingerprint)
    off = place.desk.change(ANA, board.id, 1, lambda seen: allow_replays(seen, replays=False)).board
    assert keeper(place, ANA, off).stand_in() == ()
    on = place.desk.change(ANA, board.id, 2, lambda seen: allow_replays(seen, replays=True)).board
    card = place.desk.change(ANA, on.id, on.version, lambda seen: add(seen, [a_card("x", clock())])).board.cards[0]
    place.desk.transform(ANA, "session", None, on.id, card_id=card.id, wish=Wish("bolder"))  # type: ignore[arg-type]  # no call
    assert place.generating.asked[-1].born.stand_in() == ()


def test_what_was_made_of_a_card_never_stands_in_for_a_brief(place: Room, clock: HandClock) -> None:
    board = with_cards(place, ANA, "Melt.")
    place.desk.transform(ANA, "session", None, board.id, card_id=board.cards[0].id, wish=Wish("bolder"))  # type: ignore[arg-type]  # no call
    rows = place.generating.asked[-1].rows
    run = a_run(clock(), board.id, "g", "1. MELT!")
    rows.start_run(ANA.key, replace(run, state=RunState.RUNNING))
    assert rows.finish_run(run).result(10)
    assert keeper(place, ANA, board).stand_in() == ()


def test_sharing_is_in_the_audit_log_without_the_link(place: Room, database: Database) -> None:
    board = place.desk.create(ANA)
    share = place.desk.sharing.make(ANA, board.id, Role.EDITOR)
    for _ in range(2):
        place.desk.sharing.join(BEN, share.id)
        place.desk.sharing.take_back(ANA, board.id, share.id) if _ else None
    with database.read() as connection:
        rows = connection.execute(select(tables.audit).order_by(tables.audit.c.position)).all()
    assert [(row.event, row.object_id) for row in rows] == [
        ("board shared", "ana"),
        ("board joined", "ben"),
        ("board share taken back", "ana"),
    ]
    assert not any(share.id in row.detail for row in rows)
    assert all(board.id in row.detail for row in rows)


def test_a_vote_is_on_the_shortlist_as_it_stood_and_counts_each_person_once(place: Room) -> None:
    board = with_cards(place, ANA, "Melt.", "Freeze.", "Not this.")
    one, two, _ = (card.id for card in board.cards)
    with pytest.raises(KeylessError, match="at least two"):
        place.desk.voting.open(ANA, board.id)
    place.desk.change(ANA, board.id, board.version, lambda seen: shortlist(shortlist(seen, one), two))
    poll = place.desk.voting.open(ANA, board.id)
    place.desk.change(ANA, board.id, board.version + 1, lambda seen: edit(seen, one, "Changed."))
    assert [choice.text for choice in place.desk.voting.poll(CHO, poll.id).choices] == ["Melt.", "Freeze."]
    for card in (one, two):
        place.desk.voting.cast(CHO, poll.id, card)
    tally = place.desk.voting.cast(BEN, poll.id, two)
    assert (tally.votes, tally.votes_cast) == ({two: 2}, 2)
    place.desk.voting.close(ANA, poll.id)
    with pytest.raises(KeylessError, match="closed"):
        place.desk.voting.cast(ANA, poll.id, one)
    [kept] = place.desk.voting.of_board(ANA, board.id)
    assert (kept.votes, kept.is_open) == ({two: 2}, False)
    with pytest.raises(NotFound, match="no such vote"):
        place.desk.voting.poll(CHO, "no such vote")


def test_the_look_ahead_says_what_is_missing_on_an_empty_board(place: Room) -> None:
    board = place.desk.create(ANA)
    found = place.desk.rehearsal.rehearse(ANA, SESSION, None, board.id)  # type: ignore[arg-type]  # no call
    assert [(one.level, one.says) for one in found] == [
        ("bad", "No deployment is chosen."),
        ("warn", "Whether the content filter takes this brief is not known: it was not answered here yet."),
        ("warn", "If every call fails there will be nothing to show: no answer to this brief is stored."),
        ("ok", "You are signed in for longer than the demo takes."),
    ]
    assert all(one.remedy for one in found if one.level != "ok")


def test_the_look_ahead_knows_the_filter_and_the_stored_answer(place: Room, clock: HandClock) -> None:
    board = place.desk.create(ANA)
    fingerprint = board.brief.fingerprint
    keep_run(place, ANA, a_run(clock(), board.id, "g1", "1. Melt."), fingerprint)
    said = {one.says: one.level for one in place.desk.rehearsal.rehearse(ANA, SESSION, None, board.id)}  # type: ignore[arg-type]  # no call
    assert said["The content filter let this brief through the last time."] == "ok"
    assert said["If every call fails, 1 card of a stored answer to this brief can be shown, marked as such."] == "ok"
    clock.advance(minutes=1)
    keep_run(place, ANA, a_run(clock(), board.id, "g2", "", state=RunState.FILTERED), fingerprint)
    said = {one.says: one.level for one in place.desk.rehearsal.rehearse(ANA, SESSION, None, board.id)}  # type: ignore[arg-type]  # no call
    assert said["The content filter stopped this brief the last time it was asked: Writer."] == "bad"


def test_the_look_ahead_warns_of_a_session_that_ends_too_soon(place: Room) -> None:
    board = place.desk.create(ANA)
    found = place.desk.rehearsal.rehearse(ANA, SESSION, None, board.id, seconds=3 * 3600)  # type: ignore[arg-type]  # no call
    assert ("bad", "Your sign-in ends before the demo does.") in [(one.level, one.says) for one in found]
