from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.deployments.catalogue import Catalogue
from core.deployments.warming import Readiness
from core.errors import KeylessError, NotFound, SignInAgain, StorageError, TokenRefused, Unreachable
from core.runs.carrying import Carrying
from core.runs.comparison import ALONE, BlindVotes, Verdict, starting_order
from core.runs.comparison_plan import Plan, both_identities, side_by_side, sweep
from core.runs.journal import SAVE_SECONDS
from core.runs.run_view import HELD_UP
from core.storage.records import RunState
from tests.unit.runs.comparing_parts import DEPLOYMENTS, SESSION, AppIdentity, Desk, desk_on, plan, told
from tests.unit.runs.scripted import ANNA, BERT, BOUND_SECONDS, Pause, Tokens, answer, finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from core.runs.core_loop import CoreLoop
    from core.storage.engine import Database
    from tests.unit.runs.scripted import Step

COMPLETE, FAILED, CANCELLED = RunState.COMPLETE, RunState.FAILED, RunState.CANCELLED
INTERRUPTED, FILTERED = RunState.INTERRUPTED, RunState.FILTERED


@pytest.fixture
def desk(database: Database, core_loop: CoreLoop) -> Iterator[Desk]:
    with desk_on(database, core_loop) as desk:
        yield desk


def test_every_column_answers_in_every_round(desk: Desk) -> None:
    comparison = desk.compare(plan(3, 4), title="Ice", tags=["summer", "summer", " "])
    assert [(cell.round, cell.arm) for cell in comparison.cells] == [(n, arm) for n in range(4) for arm in range(3)]
    assert {cell.run.text for cell in comparison.cells} == {"Melts hearts"}
    assert (comparison.title, comparison.tags, comparison.missing()) == ("Ice", ("summer",), ())
    assert (comparison.is_running, comparison.is_running_elsewhere) == (False, False)
    assert "Connections were warmed for all columns before each round." in comparison.notices


def test_the_columns_of_a_round_start_in_an_order_of_chance_that_can_be_told_again(desk: Desk) -> None:
    comparison = desk.compare(plan(8, 6))
    rounds = [desk.lab.asked[number * 8 : number * 8 + 8] for number in range(6)]
    told = [[DEPLOYMENTS[arm].name for arm in starting_order(comparison.id, number, range(8))] for number in range(6)]
    assert rounds == told
    assert len({tuple(order) for order in rounds}) > 1


def test_all_columns_of_a_round_stream_at_the_same_time_and_the_next_round_waits_for_all(desk: Desk) -> None:
    pauses = [Pause() for _ in range(8)]
    for pause, deployment in zip(pauses, DEPLOYMENTS, strict=False):
        desk.lab.answers(deployment.name, [*answer("a")[:-1], pause, *answer("b")[1:]], answer("c"))
    comparison_id = desk.start(plan(8, 2))
    for pause in pauses:
        pause.wait_until_reached()
    for pause in pauses[1:]:
        pause.release()
    live = desk.live(comparison_id, 8)
    assert (live.round, sorted(live.runs()), len(desk.lab.asked)) == (0, list(range(8)), 8)
    pauses[0].release()
    assert desk.wait_for_end(comparison_id).missing() == ()


def test_one_column_as_the_person_and_one_as_the_app_say_who_called(desk: Desk) -> None:
    comparison = desk.compare(Plan(both_identities(DEPLOYMENTS[:1], "Ice?")))
    assert [cell.run.identity for cell in comparison.cells] == ["anna@contoso.example", "the app"]


def test_a_column_that_fails_disturbs_no_other_and_explains_itself(desk: Desk) -> None:
    desk.lab.answers("b", [TokenRefused()])
    comparison = desk.compare(plan(3, 2))
    assert [cell.run.state for cell in comparison.cells] == [COMPLETE, FAILED, COMPLETE] * 2
    failed = comparison.run(0, 1)
    assert failed
    assert failed.error
    assert failed.error.kind == "TokenRefused"


def test_stop_ends_every_answer_and_begins_no_more_rounds(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause])
    comparison_id = desk.start(plan(2, 5))
    pause.wait_until_reached()
    desk.wait_for_column(comparison_id, 1)
    desk.comparing.stop(ANNA, comparison_id)
    comparison = desk.wait_for_end(comparison_id)
    assert [told(cell.run) for cell in comparison.cells] == [(CANCELLED, "Melts"), (COMPLETE, "Melts hearts")]
    assert len(comparison.missing()) == 9
    assert len(desk.lab.asked) == 2


def test_stopping_one_column_lets_the_others_and_the_next_rounds_go_on(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause], answer("Again"))
    comparison_id = desk.start(plan(2, 2))
    pause.wait_until_reached()
    desk.live(comparison_id, 2)
    desk.comparing.stop_arm(ANNA, comparison_id, 0)
    comparison = desk.wait_for_end(comparison_id)
    assert [cell.run.state for cell in comparison.cells] == [CANCELLED, COMPLETE, COMPLETE, COMPLETE]


def test_continuing_asks_only_for_what_did_not_come(desk: Desk) -> None:
    desk.lab.answers("b", answer("One"), [TokenRefused()], answer("Two"))
    comparison = desk.compare(plan(3, 3))
    assert comparison.missing() == ((1, 1),)
    before = {cell.run.id for cell in comparison.cells if cell.run.state is COMPLETE}
    desk.lab.asked.clear()
    desk.resume(comparison.id)
    continued = desk.wait_for_end(comparison.id)
    assert continued.missing() == ()
    assert desk.lab.asked == ["b"]
    assert before < {cell.run.id for cell in continued.cells}
    again = continued.run(1, 1)
    assert again
    assert again.notices == (ALONE,)
    with pytest.raises(KeylessError, match="Nothing of this comparison is left"):
        desk.resume(comparison.id)


def test_what_failed_is_asked_again_alone_and_what_came_is_not(desk: Desk) -> None:
    desk.lab.answers("b", [TokenRefused()], answer("Now"))
    comparison = desk.compare()
    desk.comparing.retry(ANNA, SESSION, [Tokens()], comparison.id, 1)
    assert told(desk.wait_for_end(comparison.id).cells[1].run) == (COMPLETE, "Now")
    for arm in (0, 1):
        with pytest.raises(KeylessError, match="This answer has come"):
            desk.comparing.retry(ANNA, SESSION, [Tokens()], comparison.id, arm)


def test_a_column_that_failed_while_others_go_on_is_asked_again_after_them_and_once(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause, *answer("")[2:]])
    desk.lab.answers("b", [TokenRefused()], answer("Now"))
    comparison_id = desk.start()
    pause.wait_until_reached()
    desk.wait_for_column(comparison_id, 1)
    for _ in range(2):
        desk.comparing.retry(ANNA, SESSION, [Tokens()], comparison_id, 1)
    assert len(desk.lab.asked) == 2
    pause.release()
    comparison = desk.wait_for_end(comparison_id)
    assert [cell.run.state for cell in comparison.cells] == [COMPLETE, COMPLETE]
    assert len(desk.lab.asked) == 3


def test_what_is_asked_again_twice_while_it_is_got_ready_is_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.lab.answers("b", [TokenRefused()], answer("Now"), answer("Once too often"))
    comparison_id = desk.compare().id
    reached, may_go_on = threading.Event(), threading.Event()
    begin_round = desk.store.begin_round

    def begin_slowly(*told: Any) -> None:  # noqa: ANN401 - as for begin_round
        reached.set()
        assert may_go_on.wait(BOUND_SECONDS)
        begin_round(*told)

    monkeypatch.setattr(desk.store, "begin_round", begin_slowly)
    desk.comparing.retry(ANNA, SESSION, [Tokens()], comparison_id, 1)
    assert reached.wait(BOUND_SECONDS)
    desk.comparing.retry(ANNA, SESSION, [Tokens()], comparison_id, 1)
    may_go_on.set()
    assert told(desk.wait_for_end(comparison_id).cells[1].run) == (COMPLETE, "Now")
    assert desk.lab.asked.count("b") == 2


def test_what_could_not_be_set_going_gives_back_its_places_and_can_be_continued(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Carrying, "launch", Mock(side_effect=RuntimeError("can't start new thread")))
        for _ in range(20):
            with pytest.raises(RuntimeError):
                desk.start(plan(8))
    unbegun = desk.comparing.comparisons(ANNA)[0]
    desk.resume(unbegun.id)
    assert desk.wait_for_end(unbegun.id).missing() == ()


def test_a_sign_in_that_runs_out_pauses_the_rest_instead_of_failing_it(desk: Desk) -> None:
    desk.lab.answers("a", answer("One"), [SignInAgain()], answer("Two"))
    comparison = desk.compare(plan(2, 50))
    assert len(comparison.cells) == 4
    assert any(
        notice.startswith("Paused in round 2: Your sign-in has to be renewed.") for notice in comparison.notices
    )
    desk.resume(comparison.id)
    continued = desk.wait_for_end(comparison.id)
    assert continued.missing() == ()
    assert not any(notice.startswith("Paused") for notice in continued.notices)
    assert len(desk.lab.asked) == 101


def as_me_and_as_the_app(repeats: int) -> Plan:
    mine, apps = side_by_side(DEPLOYMENTS[:2], "Ice cream?")
    return Plan((mine, replace(apps, identity_kind="app")), repeats)


def test_a_column_whose_sign_in_runs_out_waits_alone_and_what_it_is_asked_later_is_not_timed(desk: Desk) -> None:
    desk.lab.answers("a", answer("Mine"), [SignInAgain()], answer("Mine"))
    comparison = desk.compare(as_me_and_as_the_app(4))
    assert [(cell.round, cell.arm) for cell in comparison.cells] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 1)]
    (told,) = (notice for notice in comparison.notices if notice.startswith("Paused"))
    assert told.startswith("Paused in round 2 for A: Your sign-in has to be renewed.")
    assert "not timed" in told
    desk.resume(comparison.id)
    continued = desk.wait_for_end(comparison.id)
    assert continued.missing() == ()
    assert [cell.round for cell in continued.cells if ALONE in cell.run.notices] == [1, 2, 3]
    assert not any(notice.startswith("Paused") for notice in continued.notices)


def test_columns_of_another_endpoint_go_on_without_those_that_need_a_sign_in(
    database: Database, core_loop: CoreLoop
) -> None:
    far = replace(DEPLOYMENTS[1], endpoint=replace(DEPLOYMENTS[1].endpoint, name="far"))
    deployments = (DEPLOYMENTS[0], far, DEPLOYMENTS[2])
    with desk_on(database, core_loop, catalogue=Catalogue(deployments)) as desk:
        desk.lab.answers("a", [SignInAgain()])
        comparison = desk.compare(Plan(side_by_side(deployments, "Ice?"), 3))
    asked = [[cell.round for cell in comparison.cells if cell.arm == arm] for arm in range(3)]
    assert asked == [[0], [0, 1, 2], [0]]
    assert any(notice.startswith("Paused in round 1 for A, C: ") for notice in comparison.notices)


def test_a_column_without_a_token_is_not_asked_and_the_others_go_on(desk: Desk) -> None:
    desk.readiness += [Readiness((None, None), ()), Readiness((SignInAgain(), None), ())]
    comparison = desk.compare(as_me_and_as_the_app(3))
    assert [(cell.round, cell.arm) for cell in comparison.cells] == [(0, 0), (0, 1), (1, 1), (2, 1)]
    assert desk.made_ready == [2, 2, 1]
    assert any(notice.startswith("Paused in round 2 for A: ") for notice in comparison.notices)


def test_a_column_that_waits_for_a_sign_in_is_not_asked_once_more_while_the_others_go_on(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [SignInAgain()])
    desk.lab.answers("b", answer("The app's"), [pause, *answer("The app's")])
    comparison_id = desk.start(as_me_and_as_the_app(5))
    pause.wait_until_reached()
    assert desk.live(comparison_id, 1).asked == {1}
    with pytest.raises(KeylessError, match="goes on already"):
        desk.comparing.retry(ANNA, SESSION, [Tokens(), AppIdentity()], comparison_id, 0, 0)
    pause.release()
    desk.wait_for_end(comparison_id)
    assert desk.lab.asked.count("a") == 1


def test_what_another_process_stops_or_deletes_ends_within_two_seconds(desk: Desk) -> None:
    for end in (desk.store.call_off, desk.store.delete):
        pause = Pause()
        desk.lab.answers("a", [*answer("Melts")[:-1], pause])
        comparison_id = desk.start(plan(2, 5))
        pause.wait_until_reached()
        live = desk.live(comparison_id, 2)
        end(ANNA.key, comparison_id)
        live.over.result(2.0)
        assert {told(run.record()) for run in live.runs().values()} == {
            (CANCELLED, "Melts"),
            (COMPLETE, "Melts hearts"),
        }
        assert live.round == 0


def test_a_token_that_nobody_can_get_any_more_pauses_before_anything_is_asked(desk: Desk) -> None:
    desk.readiness += [Readiness((None, None), ()), Readiness((SignInAgain(), SignInAgain()), ())]
    comparison = desk.compare(plan(2, 3))
    assert [cell.round for cell in comparison.cells] == [0, 0]
    assert len(desk.lab.asked) == 2
    assert any(notice.startswith("Paused in round 2") for notice in comparison.notices)


def test_an_endpoint_that_cannot_be_warmed_is_named_and_waited_for_once(desk: Desk) -> None:
    desk.readiness.append(Readiness((None, None), ("lab",)))
    comparison = desk.compare(plan(2, 2))
    assert comparison.notices == ("Connections could not be warmed for all columns: lab did not answer.",)
    assert desk.made_ready == [2, 0]


@pytest.mark.parametrize("everywhere", [False, True])
def test_signing_out_stops_the_answers_and_the_rounds_not_begun(desk: Desk, *, everywhere: bool) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause])
    comparison_id = desk.start(plan(2, 5))
    pause.wait_until_reached()
    if everywhere:
        desk.runs.cancel_owner(ANNA.key)
    else:
        desk.runs.cancel_session(SESSION)
    comparison = desk.wait_for_end(comparison_id)
    assert told(comparison.cells[0].run) == (CANCELLED, "Melts")
    assert len(comparison.cells) == 2


def test_a_session_that_ended_elsewhere_begins_no_more_rounds(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause, *answer("")[2:]])
    comparison_id = desk.start(plan(2, 5))
    pause.wait_until_reached()
    desk.signed_out.add(SESSION)
    pause.release()
    comparison = desk.wait_for_end(comparison_id)
    assert len(comparison.cells) == 2
    assert "Paused in round 2: You are signed out. Sign in again. Then continue." in comparison.notices


def test_an_app_that_is_stopped_interrupts_the_round_and_begins_no_other(
    database: Database, core_loop: CoreLoop
) -> None:
    with desk_on(database, core_loop) as desk:
        pause = Pause()
        desk.lab.answers("a", [*answer("Melts")[:-1], pause])
        comparison_id = desk.start(plan(2, 5))
        pause.wait_until_reached()
        desk.wait_for_column(comparison_id, 1)
    with desk_on(database, core_loop) as desk:
        comparison = desk.comparing.comparison(ANNA, comparison_id)
        assert [told(cell.run) for cell in comparison.cells] == [(INTERRUPTED, "Melts"), (COMPLETE, "Melts hearts")]
        desk.resume(comparison_id)
        assert desk.wait_for_end(comparison_id).missing() == ()


def test_two_comparisons_of_a_person_go_on_at_once_and_a_third_is_refused(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [pause, *answer("Melts")])
    ids = [desk.start(), desk.start()]
    with pytest.raises(KeylessError, match="2 of your comparisons go on"):
        desk.start()
    with pytest.raises(KeylessError, match="goes on already"):
        desk.resume(ids[0])
    desk.start(user=BERT)
    pause.release()
    for comparison_id in ids:
        desk.wait_for_end(comparison_id)
    desk.compare()


def test_a_comparison_that_has_no_room_for_all_columns_leaves_nothing_behind(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [pause, *answer("Melts")])
    wide = Plan(sweep(DEPLOYMENTS[:2], "Ice?", "temperature", [number / 10 for number in range(8)]))
    comparison_id = desk.start(wide)
    with pytest.raises(KeylessError, match="16 of your prompts are being answered at the moment, and 24 at"):
        desk.start(wide)
    assert [heading.id for heading in desk.comparing.comparisons(ANNA)] == [comparison_id]
    pause.release()
    assert desk.wait_for_end(comparison_id).missing() == ()


def test_a_database_that_fails_asks_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StorageError

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "begin_round", refuse)
        comparison = desk.compare(plan(2, 2))
    assert (comparison.cells, desk.lab.asked) == ((), [])
    assert any(notice.startswith("Paused in round 1: This could not be saved.") for notice in comparison.notices)
    desk.resume(comparison.id)
    assert desk.wait_for_end(comparison.id).missing() == ()


def test_a_watcher_wakes_at_every_change_until_the_end(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause, *answer(" hearts")[1:]])
    comparison_id = desk.start(plan(2, 1))
    pause.wait_until_reached()
    live = desk.comparing.live(ANNA, comparison_id)
    assert live
    version = live.version
    pause.release()
    assert live.wait_beyond(version, BOUND_SECONDS) > version
    live.over.result(BOUND_SECONDS)
    assert live.wait_beyond(live.version, BOUND_SECONDS) == live.version
    assert desk.comparing.live(ANNA, comparison_id) is None


def test_a_second_attempt_of_an_answer_is_told_beside_it(desk: Desk) -> None:
    desk.lab.answers("a", [Unreachable()], answer("Melts"))
    comparison = desk.compare()
    assert [HELD_UP in cell.run.notices for cell in comparison.cells] == [True, False]


def test_a_deployment_that_left_the_catalogue_keeps_its_column_and_the_others_go_on(
    database: Database, core_loop: CoreLoop
) -> None:
    with desk_on(database, core_loop) as desk:
        desk.lab.answers("a", [TokenRefused()])
        desk.lab.answers("b", [TokenRefused()])
        comparison_id = desk.compare().id
    with desk_on(database, core_loop, catalogue=Catalogue(DEPLOYMENTS[1:])) as desk:
        desk.resume(comparison_id)
        comparison = desk.wait_for_end(comparison_id)
        assert [cell.run.state for cell in comparison.cells] == [FAILED, COMPLETE]
        assert "A is not in the catalogue any more and was not asked again." in comparison.notices
        assert comparison.cells[1].run.notices == ()
        with pytest.raises(NotFound):
            desk.start()


def test_rounds_without_a_deployment_that_left_the_catalogue_start_together(
    database: Database, core_loop: CoreLoop
) -> None:
    with desk_on(database, core_loop) as desk:
        desk.readiness += [Readiness((None,) * 3, ()), Readiness((SignInAgain(),) * 3, ())]
        desk.lab.answers("b", [TokenRefused()])
        comparison_id = desk.compare(plan(3, 3)).id
    with desk_on(database, core_loop, catalogue=Catalogue(DEPLOYMENTS[1:])) as desk:
        desk.resume(comparison_id)
        comparison = desk.wait_for_end(comparison_id)
        asked_later = {(cell.round, cell.arm) for cell in comparison.cells if ALONE in cell.run.notices}
        assert asked_later == {(0, 1)}
        assert comparison.missing() == ((1, 0), (2, 0))


def test_an_identity_that_may_not_be_used_is_refused_before_anything_is_written(desk: Desk) -> None:
    with pytest.raises(KeylessError, match="You cannot call as the app here"):
        desk.comparing.start(ANNA, SESSION, [Tokens()], Plan(both_identities(DEPLOYMENTS[:1], "Ice?")))
    assert desk.comparing.comparisons(ANNA) == ()


def test_how_long_it_will_take_is_known_from_the_last_answers_or_not_at_all(desk: Desk) -> None:
    assert desk.comparing.expected_seconds(plan(2, 3)) is None
    slowest = max(cell.run.total_seconds or 0 for cell in desk.compare(plan(2)).cells)
    assert desk.comparing.expected_seconds(plan(2, 3)) == pytest.approx(3 * slowest)
    assert desk.comparing.expected_seconds(plan(3, 3)) is None


def test_others_find_nothing_until_it_is_shared_and_then_read_and_vote_but_change_nothing(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [pause, *answer("Melts")])
    comparison_id = desk.start(plan(2, is_blind=True))
    with pytest.raises(NotFound):
        desk.comparing.comparison(BERT, comparison_id)
    with pytest.raises(NotFound):
        desk.comparing.live(BERT, comparison_id)
    desk.comparing.share(ANNA, comparison_id, is_shared=True)
    assert desk.comparing.live(BERT, comparison_id)
    changes: tuple[Callable[[], object], ...] = (
        lambda: desk.comparing.stop(BERT, comparison_id),
        lambda: desk.comparing.stop_arm(BERT, comparison_id, 0),
        lambda: desk.comparing.resume(BERT, SESSION, [Tokens()], comparison_id),
        lambda: desk.comparing.retry(BERT, SESSION, [Tokens()], comparison_id, 0),
        lambda: desk.comparing.rename(BERT, comparison_id, "Mine"),
        lambda: desk.comparing.tag(BERT, comparison_id, ["mine"]),
        lambda: desk.comparing.share(BERT, comparison_id, is_shared=False),
        lambda: desk.comparing.delete(BERT, comparison_id),
    )
    for change in changes:
        with pytest.raises(NotFound):
            change()
    pause.release()
    assert desk.wait_for_end(comparison_id).missing() == ()
    for change in changes:
        with pytest.raises(NotFound):
            change()
    desk.comparing.vote(BERT, comparison_id, 0, 1, 0, Verdict.LEFT)
    assert [vote.verdict for vote in desk.comparing.votes(BERT, comparison_id)] == [Verdict.RIGHT]
    assert desk.comparing.votes(ANNA, comparison_id) == ()


def test_one_person_votes_once_on_a_pair_and_never_after_seeing_the_names(desk: Desk) -> None:
    comparison = desk.compare(plan(3, is_blind=True), tags=["summer"])
    desk.comparing.vote(ANNA, comparison.id, 0, 2, 0, Verdict.LEFT)
    for left, right in ((0, 2), (2, 0)):
        with pytest.raises(KeylessError, match="You have voted on these two"):
            desk.comparing.vote(ANNA, comparison.id, 0, left, right, Verdict.TIE)
    desk.comparing.give_up_blindness(ANNA, comparison.id)
    desk.comparing.give_up_blindness(ANNA, comparison.id)
    with pytest.raises(KeylessError, match="You have seen the names"):
        desk.comparing.vote(ANNA, comparison.id, 0, 0, 1, Verdict.TIE)
    (known,) = desk.comparing.all_votes(ANNA).counted
    assert (known.vote.verdict, known.tags, known.first.label, known.second.label) == (
        Verdict.RIGHT,
        ("summer",),
        "A",
        "C",
    )


def test_votes_count_once_all_of_their_comparison_is_judged(desk: Desk) -> None:
    decided, open_one = (desk.compare(plan(2, 2, is_blind=True)) for _ in range(2))
    for number in range(2):
        desk.comparing.vote(ANNA, decided.id, number, 0, 1, Verdict.LEFT)
    desk.comparing.vote(ANNA, open_one.id, 1, 0, 1, Verdict.TIE)
    votes = desk.comparing.all_votes(ANNA)
    assert [(each.vote.comparison_id, each.vote.round) for each in votes.counted] == [
        (decided.id, 0),
        (decided.id, 1),
    ]
    assert votes.waiting == 1
    desk.comparing.vote(ANNA, open_one.id, 0, 0, 1, Verdict.TIE)
    assert (len(desk.comparing.all_votes(ANNA).counted), desk.comparing.all_votes(ANNA).waiting) == (4, 0)


def test_votes_do_not_count_while_more_answers_come_and_answers_that_never_came_are_not_waited_for(
    desk: Desk,
) -> None:
    pause = Pause()
    desk.lab.answers("a", answer("One"), [pause])
    comparison_id = desk.start(plan(2, 2, is_blind=True))
    pause.wait_until_reached()
    desk.comparing.vote(ANNA, comparison_id, 0, 0, 1, Verdict.LEFT)
    assert desk.comparing.all_votes(ANNA) == BlindVotes((), 1)
    desk.comparing.stop(ANNA, comparison_id)
    desk.wait_for_end(comparison_id)
    assert len(desk.comparing.all_votes(ANNA).counted) == 1


def test_only_blind_answers_that_have_come_are_voted_on(desk: Desk) -> None:
    with pytest.raises(KeylessError, match="not blind"):
        desk.comparing.vote(ANNA, desk.compare().id, 0, 0, 1, Verdict.TIE)
    blind = desk.compare(plan(2, is_blind=True))
    desk.lab.answers("c", [TokenRefused()])
    failed = desk.compare(plan(3, is_blind=True))
    for comparison, number, left, right in ((blind, 1, 0, 1), (blind, 0, 0, 0), (blind, 0, 0, 5), (failed, 0, 0, 2)):
        with pytest.raises(KeylessError, match="not both there"):
            desk.comparing.vote(ANNA, comparison.id, number, left, right, Verdict.TIE)


def test_deleting_stops_what_goes_on_and_leaves_nothing(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause])
    comparison_id = desk.start(plan(2, 5))
    pause.wait_until_reached()
    live = desk.comparing.live(ANNA, comparison_id)
    assert live
    desk.comparing.delete(ANNA, comparison_id)
    live.over.result(BOUND_SECONDS)
    with pytest.raises(NotFound):
        desk.comparing.comparison(ANNA, comparison_id)
    assert len(desk.lab.asked) == 2


def test_what_has_arrived_is_stored_within_two_seconds(desk: Desk) -> None:
    pause = Pause()
    desk.lab.answers("a", [*answer("Melts")[:-1], pause, *answer("")[2:]])
    comparison_id = desk.start()
    pause.wait_until_reached()
    begun = time.monotonic()
    while not any(cell.run.text == "Melts" for cell in desk.store.get(ANNA.key, comparison_id).cells):
        assert time.monotonic() < begun + SAVE_SECONDS + 1
    pause.release()
    desk.wait_for_end(comparison_id)


@given(st.lists(st.sampled_from(["answer", "fail", "stop", "filter"]), min_size=2, max_size=6), st.randoms())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_the_answers_end_what_is_stored_is_what_was_in_memory(
    desk: Desk, ends: list[str], random: Random
) -> None:
    order = random.sample(range(len(ends)), len(ends))
    pauses = [Pause() for _ in ends]
    for pause, end, deployment in zip(pauses, ends, DEPLOYMENTS, strict=False):
        endings: dict[str, Step] = {"fail": TokenRefused(), "filter": finished("content_filter")}
        last = endings.get(end, finished())
        desk.lab.answers(deployment.name, [*answer("Melts")[:-1], pause, last])
    comparison_id = desk.start(plan(len(ends)))
    for pause in pauses:
        pause.wait_until_reached()
    live = desk.live(comparison_id, len(ends))
    for arm in order:
        if ends[arm] == "stop":
            desk.comparing.stop_arm(ANNA, comparison_id, arm)
        pauses[arm].release()
    live.over.result(BOUND_SECONDS)
    in_memory = [live.runs()[arm].record() for arm in range(len(ends))]
    assert [cell.run for cell in desk.store.get(ANNA.key, comparison_id).cells] == in_memory
    meant = {"answer": COMPLETE, "fail": INTERRUPTED, "stop": CANCELLED, "filter": FILTERED}
    assert [run.state for run in in_memory] == [meant[end] for end in ends]
