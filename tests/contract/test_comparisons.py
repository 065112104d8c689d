from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from core.errors import KeylessError, NotFound
from core.storage.comparison_records import EVERYTHING, ComparisonHeading, StoredComparison, Verdict, Vote
from core.storage.comparisons import ComparisonStore, cell_name
from core.storage.engine import Database
from core.storage.records import RunRecord, RunState
from core.storage.votes import VoteStore
from tests.support.databases import HandClock, postgresql_with_tables

if TYPE_CHECKING:
    from collections.abc import Callable

ANA, BEN = ("contoso", "ana"), ("contoso", "ben")
PLAN = {"arms": ["one", "two"], "repeats": 2}


@pytest.fixture
def store(database: Database, clock: HandClock) -> ComparisonStore:
    return ComparisonStore(database, clock)


@pytest.fixture
def votes(database: Database) -> VoteStore:
    return VoteStore(database)


def comparison(clock: HandClock, comparison_id: str = "c1", **changes: object) -> StoredComparison:
    now = clock()
    begun = StoredComparison(comparison_id, ANA, "Ice", PLAN, ("summer",), False, "c0", (), now, now)  # noqa: FBT003 - in order
    return replace(begun, **changes)  # type: ignore[arg-type]


def answer(clock: HandClock, name: str, number: int = 0, arm: int = 0, comparison_id: str = "c1") -> RunRecord:
    return RunRecord(
        name,
        comparison_id,
        cell_name(number, arm),
        "lab/d",
        "D",
        "lab",
        "m",
        "r",
        "ana",
        "user",
        "Be short.",
        {"temperature": 0.5},
        RunState.RUNNING,
        clock(),
        notices=("Asked later.",),
    )


def test_what_was_stored_is_read_again_to_the_letter(store: ComparisonStore, clock: HandClock) -> None:
    begun = comparison(clock)
    store.create(begun)
    assert store.get(ANA, "c1") == begun
    first = answer(clock, "run-1", 1, 1)
    store.begin_round("c1", [first, answer(clock, "run-2", 0, 1)], ["Warm."])
    store.finish_run(replace(first, state=RunState.COMPLETE, text="Melts \x00hearts", total_seconds=1.5)).result()
    read = store.get(ANA, "c1")
    assert read.notices == ("Warm.",)
    assert [(cell.round, cell.arm, cell.run.id) for cell in read.cells] == [(0, 1, "run-2"), (1, 1, "run-1")]
    assert read.cells[1].run == replace(first, state=RunState.COMPLETE, text="Melts \ufffdhearts", total_seconds=1.5)


def test_only_the_latest_attempt_of_a_cell_is_read(store: ComparisonStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    for name in ("run-b", "run-a", "run-c"):
        store.begin_round("c1", [answer(clock, name)], [])
    assert [cell.run.id for cell in store.get(ANA, "c1").cells] == ["run-c"]


def test_a_round_is_stored_wholly_or_not_at_all(store: ComparisonStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    twice = answer(clock, "run-1")
    with pytest.raises(KeylessError):
        store.begin_round("c1", [twice, twice], ["Warm."])
    assert store.get(ANA, "c1") == comparison(clock)


def test_others_neither_read_nor_change_what_is_not_shared(store: ComparisonStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    changes: tuple[Callable[[], object], ...] = (
        lambda: store.rename(BEN, "c1", "Mine"),
        lambda: store.tag(BEN, "c1", ["mine"]),
        lambda: store.share(BEN, "c1", is_shared=True),
        lambda: store.delete(BEN, "c1"),
        lambda: store.claim(BEN, "c1"),
        lambda: store.call_off(BEN, "c1"),
        lambda: store.start_run(BEN, answer(clock, "run-1")),
    )
    for attempt in (lambda: store.get(BEN, "c1"), *changes):
        with pytest.raises(NotFound):
            attempt()
    store.share(ANA, "c1", is_shared=True)
    assert store.get(BEN, "c1").title == "Ice"
    assert store.list(BEN) == ()
    for attempt in changes:
        with pytest.raises(NotFound):
            attempt()


def test_the_comparison_used_last_stands_first_in_the_list(store: ComparisonStore, clock: HandClock) -> None:
    for number in range(3):
        clock.advance(minutes=1)
        store.create(comparison(clock, f"c{number}"))
    clock.advance(minutes=1)
    store.begin_round("c0", [answer(clock, "run", comparison_id="c0")], [])
    assert [each.id for each in store.list(ANA)] == ["c0", "c2", "c1"]
    assert store.list(ANA, limit=1) == (ComparisonHeading("c0", "Ice", ("summer",), clock()),)


def test_listing_comparisons_reads_no_plan(store: ComparisonStore, database: Database, clock: HandClock) -> None:
    store.create(comparison(clock))
    statements: list[str] = []
    with database.read() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert len(store.list(ANA)) == 1
    assert statements
    assert not any("plan" in statement for statement in statements)


def test_deleting_takes_answers_and_votes_along(store: ComparisonStore, votes: VoteStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    begun = answer(clock, "run-1")
    store.begin_round("c1", [begun], [])
    votes.add(ANA, Vote("c1", 0, 0, 1, Verdict.TIE, clock()))
    store.delete(ANA, "c1")
    assert votes.of_person(ANA) == ()
    assert store.finish_run(replace(begun, state=RunState.COMPLETE)).result() is False
    with pytest.raises(NotFound):
        store.begin_round("c1", [answer(clock, "run-2")], [])


def test_who_has_called_it_off_keeps_the_next_round_from_beginning(store: ComparisonStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    store.call_off(ANA, "c1")
    with pytest.raises(NotFound):
        store.begin_round("c1", [answer(clock, "run-1")], [])
    assert store.claim(ANA, "c1")
    store.begin_round("c1", [answer(clock, "run-1")], [])


def test_the_latest_complete_answer_says_how_long_a_deployment_takes(
    store: ComparisonStore, clock: HandClock
) -> None:
    store.create(comparison(clock))
    for number, seconds in enumerate((9.0, 2.5)):
        clock.advance(minutes=1)
        begun = answer(clock, f"run-{number}", number)
        store.begin_round("c1", [begun], [])
        store.finish_run(replace(begun, state=RunState.COMPLETE, total_seconds=seconds)).result()
    store.begin_round("c1", [answer(clock, "run-9", 1)], [])
    assert store.last_seconds(["lab/d", "lab/other"]) == {"lab/d": 2.5}


def test_ten_clicks_at_once_are_one_vote(store: ComparisonStore, votes: VoteStore, clock: HandClock) -> None:
    store.create(comparison(clock))
    start, outcomes = threading.Barrier(10), []

    def click(verdict: Verdict) -> None:
        start.wait()
        try:
            votes.add(ANA, Vote("c1", 0, 0, 1, verdict, clock()))
        except KeylessError as error:
            outcomes.append(error.title)

    verdicts = [Verdict.LEFT, Verdict.RIGHT] * 5
    clicks = [threading.Thread(target=click, args=[verdict]) for verdict in verdicts]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert outcomes == ["You have voted on these two answers already."] * 9
    assert len(votes.of_comparison(ANA, "c1")) == 1


def test_votes_are_read_with_the_comparison_they_are_about_oldest_first(
    store: ComparisonStore, votes: VoteStore, clock: HandClock
) -> None:
    for name in ("c1", "c2"):
        store.create(comparison(clock, name, tags=(name,)))
    added = []
    for number in range(6):
        clock.advance(minutes=1)
        added.append(Vote(f"c{1 + number % 2}", number, 0, 1, Verdict.LEFT, clock()))
        votes.add(ANA, added[-1])
    store.share(ANA, "c1", is_shared=True)
    votes.add(BEN, replace(added[0], round=9))
    read = {each.comparison_id: each for each in votes.of_person(ANA)}
    assert {name: (each.votes, each.tags, each.plan) for name, each in read.items()} == {
        "c1": (tuple(added[::2]), ("c1",), PLAN),
        "c2": (tuple(added[1::2]), ("c2",), PLAN),
    }
    assert votes.of_comparison(ANA, "c2") == tuple(added[1::2])


def test_a_vote_is_the_voter_s_own_and_on_what_they_may_read(
    store: ComparisonStore, votes: VoteStore, clock: HandClock
) -> None:
    store.create(comparison(clock))
    vote = Vote("c1", 0, 0, 1, Verdict.LEFT, clock())
    with pytest.raises(NotFound):
        votes.add(BEN, vote)
    store.share(ANA, "c1", is_shared=True)
    votes.add(BEN, vote)
    votes.add(ANA, replace(vote, verdict=Verdict.RIGHT, voted_at=clock() + timedelta(seconds=1)))
    assert votes.of_comparison(BEN, "c1") == (vote,)
    (known,) = votes.of_person(BEN)
    assert (known.tags, known.plan) == (("summer",), PLAN)
    store.share(ANA, "c1", is_shared=False)
    assert votes.of_person(BEN) == ()
    assert len(votes.of_person(ANA)) == 1


def test_votes_are_read_with_the_complete_answers_and_whether_more_come(
    store: ComparisonStore, votes: VoteStore, clock: HandClock
) -> None:
    store.create(comparison(clock))
    votes.add(ANA, Vote("c1", 0, 0, 1, Verdict.LEFT, clock()))
    for number, states in enumerate(([RunState.FAILED, RunState.COMPLETE], [RunState.COMPLETE, RunState.RUNNING])):
        store.begin_round("c1", [answer(clock, f"run-{number}-{arm}", number, arm) for arm in range(2)], [])
        for arm, state in enumerate(states):
            if state is not RunState.RUNNING:
                store.finish_run(replace(answer(clock, f"run-{number}-{arm}"), state=state)).result()
    (read,) = votes.of_person(ANA)
    assert sorted(read.complete) == [(0, 1), (1, 0)]
    assert not read.is_running_elsewhere
    store.start_run(ANA, answer(clock, "again"))
    store.finish_run(replace(answer(clock, "again"), state=RunState.COMPLETE)).result()
    (read,) = votes.of_person(ANA)
    assert sorted(read.complete) == [(0, 0), (0, 1), (1, 0)]


def test_who_has_seen_the_names_votes_no_more_and_seeing_takes_no_vote_away(
    store: ComparisonStore, votes: VoteStore, clock: HandClock
) -> None:
    store.create(comparison(clock))
    vote = Vote("c1", 0, 0, 1, Verdict.LEFT, clock())
    votes.add(ANA, vote)
    votes.add(ANA, replace(vote, verdict=Verdict.SEEN))
    seen = Vote("c1", EVERYTHING, EVERYTHING, EVERYTHING, Verdict.SEEN, clock())
    votes.add(ANA, seen)
    votes.add(ANA, seen)
    with pytest.raises(KeylessError, match="You have seen the names"):
        votes.add(ANA, replace(vote, round=1))
    assert set(votes.of_comparison(ANA, "c1")) == {vote, seen}


@pytest.mark.postgres
def test_what_another_process_carries_shows_as_running_there_and_cannot_be_taken_over(clock: HandClock) -> None:
    with postgresql_with_tables() as url:
        here, there = Database.open(url), Database.open(url)
        mine, theirs = ComparisonStore(here, clock), ComparisonStore(there, clock)
        theirs.create(comparison(clock))
        assert mine.get(ANA, "c1").is_running_elsewhere
        VoteStore(here).add(ANA, Vote("c1", 0, 0, 1, Verdict.LEFT, clock()))
        assert [VoteStore(each).of_person(ANA)[0].is_running_elsewhere for each in (here, there)] == [True, False]
        assert not theirs.get(ANA, "c1").is_running_elsewhere
        assert (theirs.is_claimed("c1"), mine.is_claimed("c1")) == (True, False)
        assert not mine.claim(ANA, "c1")
        theirs.begin_round("c1", [answer(clock, "run-1")], [])
        mine.call_off(ANA, "c1")
        assert not mine.claim(ANA, "c1")
        assert not theirs.is_claimed("c1")
        with pytest.raises(NotFound):
            theirs.begin_round("c1", [answer(clock, "run-2", 1)], [])
        theirs.finish_run(replace(answer(clock, "run-1"), state=RunState.COMPLETE)).result()
        assert mine.claim(ANA, "c1")
        assert theirs.get(ANA, "c1").is_running_elsewhere
        here.close()
        there.close()


@pytest.mark.postgres
def test_what_a_process_that_is_gone_left_running_is_interrupted_and_free(clock: HandClock) -> None:
    with postgresql_with_tables() as url:
        there = Database.open(url)
        theirs = ComparisonStore(there, clock)
        theirs.create(comparison(clock))
        theirs.begin_round("c1", [answer(clock, "run-1")], [])
        here = Database.open(url)
        mine = ComparisonStore(here, clock)
        assert mine.get(ANA, "c1").cells[0].run.state is RunState.RUNNING
        there.close()
        left = mine.get(ANA, "c1")
        assert (left.cells[0].run.state, left.is_running_elsewhere) == (RunState.INTERRUPTED, False)
        assert mine.claim(ANA, "c1")
        assert mine.interrupt_orphans() == 1
        here.close()
