from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from core.errors import NotFound, StorageError
from core.storage.conversations import ConversationStore, RunError, RunRecord, RunState, Turn
from core.storage.tables import runs, turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.storage.engine import Database
    from tests.support.databases import HandClock

ANA = ("contoso", "ana")
OTHERS = [
    ("contoso", "ben"),
    ("fabrikam", "ana"),
    ("", ""),
    ("ana", "contoso"),
    ("contoso", "%"),
    ("contoso", "\x00"),
]


def a_run(clock: HandClock, conversation_id: str, turn_id: str, run_id: str = "run") -> RunRecord:
    return RunRecord(
        id=run_id,
        conversation_id=conversation_id,
        turn_id=turn_id,
        deployment_id="nordic/writer",
        deployment_label="Writer",
        endpoint_name="nordic",
        model="gpt-5",
        region="swedencentral",
        identity="ana@contoso.example",
        identity_kind="user",
        system="Be short.",
        parameters={"temperature": 0.5, "stop": ["\n"]},
        state=RunState.RUNNING,
        started_at=clock(),
    )


def finished(run: RunRecord) -> RunRecord:
    return replace(
        run,
        state=RunState.COMPLETE,
        text="Melts hearts, not rules. 🍦",
        finish_reason="stop",
        first_token_seconds=0.25,
        total_seconds=1.5,
        input_tokens=12,
        output_tokens=7,
        reasoning_tokens=0,
        usage_estimated=True,
        cost_usd=Decimal("0.000000075"),
        request_id="3f2a",
        notices=("temperature was left out",),
        error=RunError(
            "Too long", "Shorten it", "az login", "K-1", retryable=True, kind="RateLimited", retry_at=run.started_at
        ),
    )


def begun(conversations: ConversationStore, clock: HandClock, run_id: str = "run") -> RunRecord:
    """A conversation of its own, with one turn and the run that answers it."""
    run = a_run(clock, f"conversation-{run_id}", f"turn-{run_id}", run_id)
    conversations.ask(ANA, run, "Write a tagline", title="Ice cream")
    return run


def go_on(
    conversations: ConversationStore, first: RunRecord, prompt: str, *, replaces_turn: str | None = None
) -> RunRecord:
    """Another turn of the conversation, called as its prompt."""
    run = replace(first, id=prompt, turn_id=prompt)
    conversations.ask(ANA, run, prompt, replaces_turn=replaces_turn)
    return run


def stored(conversations: ConversationStore, run: RunRecord) -> RunRecord:
    conversation = conversations.get(ANA, run.conversation_id)
    return next(found for turn in conversation.turns for found in turn.runs if found.id == run.id)


def test_a_conversation_begins_with_its_first_turn(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    conversation = conversations.get(ANA, run.conversation_id)
    assert (conversation.title, conversation.created_at, conversation.updated_at) == (
        "Ice cream",
        clock.now,
        clock.now,
    )
    assert conversation.turns == (Turn(run.turn_id, 1, "Write a tagline", superseded=False, runs=(run,)),)


def test_turns_stand_in_the_order_they_were_asked(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    for prompt in ("second", "third"):
        go_on(conversations, run, prompt)
    asked = conversations.get(ANA, run.conversation_id).turns
    assert [(turn.position, turn.prompt) for turn in asked] == [(1, "Write a tagline"), (2, "second"), (3, "third")]


def test_prompts_of_many_threads_get_places_of_their_own(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: go_on(conversations, run, str(number)), range(15)))
    assert [turn.position for turn in conversations.get(ANA, run.conversation_id).turns] == list(range(1, 17))


def test_a_prompt_is_stored_together_with_the_run_that_answers_it(
    conversations: ConversationStore, clock: HandClock
) -> None:
    first, second = a_run(clock, "new", "turn-1", "run-1"), a_run(clock, "new", "turn-2", "run-2")
    conversations.ask(ANA, first, "Write a tagline", title="Ice cream")
    conversations.ask(ANA, second, "Shorter", replaces_turn="turn-1")
    conversation = conversations.get(ANA, "new")
    assert conversation.title == "Ice cream"
    assert [(turn.id, turn.prompt, turn.superseded, turn.runs) for turn in conversation.turns] == [
        ("turn-1", "Write a tagline", True, (first,)),
        ("turn-2", "Shorter", False, (second,)),
    ]


def test_a_prompt_whose_run_cannot_be_stored_is_not_stored_either(
    conversations: ConversationStore, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    with pytest.raises(StorageError):
        conversations.ask(ANA, replace(run, turn_id="new"), "Shorter")
    with pytest.raises(StorageError):
        conversations.ask(ANA, replace(run, conversation_id="new", turn_id="new"), "Shorter", title="Shorter")
    assert [turn.id for turn in conversations.get(ANA, run.conversation_id).turns] == [run.turn_id]
    with pytest.raises(NotFound):
        conversations.get(ANA, "new")


def test_a_run_comes_back_as_it_was_started(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    assert stored(conversations, run) == run


def test_a_run_comes_back_as_it_was_finished(conversations: ConversationStore, clock: HandClock) -> None:
    run = finished(begun(conversations, clock))
    assert conversations.finish_run(run).result(10) is True
    assert stored(conversations, run) == run


def test_what_streamed_so_far_is_there_while_the_run_goes_on(
    conversations: ConversationStore, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    assert conversations.save_progress(run.id, "Melts").result(10) is True
    assert stored(conversations, run) == replace(run, text="Melts")


def test_late_progress_does_not_change_a_finished_run(conversations: ConversationStore, clock: HandClock) -> None:
    run = finished(begun(conversations, clock))
    ended = conversations.finish_run(run)
    late = conversations.save_progress(run.id, "Mel")
    assert (ended.result(10), late.result(10)) == (True, False)
    assert stored(conversations, run) == run


def test_progress_is_stored_in_the_order_it_came(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    futures = [conversations.save_progress(run.id, "x" * length) for length in range(60)]
    assert all(future.result(10) for future in futures)
    assert stored(conversations, run).text == "x" * 59


def test_the_first_end_of_a_run_stays(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    cancelled = replace(run, state=RunState.CANCELLED, text="Mel")
    assert conversations.finish_run(cancelled).result(10) is True
    assert conversations.finish_run(finished(run)).result(10) is False
    assert stored(conversations, run) == cancelled


def test_a_regenerated_answer_stands_behind_the_first(conversations: ConversationStore, clock: HandClock) -> None:
    first = finished(begun(conversations, clock))
    conversations.finish_run(first).result(10)
    second = a_run(clock, first.conversation_id, first.turn_id, "again")
    conversations.start_run(ANA, second)
    [turn] = conversations.get(ANA, first.conversation_id).turns
    assert turn.runs == (first, second)


def test_editing_a_prompt_supersedes_it_and_all_that_followed(
    conversations: ConversationStore, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    for prompt in ("b", "c"):
        go_on(conversations, run, prompt)
    first, second, third = conversations.get(ANA, run.conversation_id).turns
    edited = go_on(conversations, run, "B", replaces_turn="b")
    assert conversations.get(ANA, run.conversation_id).turns == (
        first,
        replace(second, superseded=True),
        replace(third, superseded=True),
        Turn(edited.turn_id, 4, "B", superseded=False, runs=(edited,)),
    )


def test_a_turn_of_another_conversation_cannot_be_replaced(
    conversations: ConversationStore, clock: HandClock
) -> None:
    one, two = begun(conversations, clock, "one"), begun(conversations, clock, "two")
    before = [conversations.get(ANA, run.conversation_id) for run in (one, two)]
    with pytest.raises(NotFound):
        go_on(conversations, two, "b", replaces_turn=one.turn_id)
    assert [conversations.get(ANA, run.conversation_id) for run in (one, two)] == before


def test_a_run_cannot_start_in_a_turn_of_another_conversation(
    conversations: ConversationStore, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    other = begun(conversations, clock, "other")
    with pytest.raises(NotFound):
        conversations.start_run(ANA, a_run(clock, other.conversation_id, run.turn_id, "elsewhere"))


def test_the_list_has_the_conversation_used_last_first(conversations: ConversationStore, clock: HandClock) -> None:
    for title in ("old", "middle", "new"):
        conversations.ask(ANA, a_run(clock, title, title, title), "Write a tagline", title=title)
        clock.advance(minutes=1)
    conversations.ask(ANA, a_run(clock, "old", "again", "again"), "again")
    assert [heading.title for heading in conversations.list(ANA)] == ["old", "new", "middle"]
    assert conversations.list(ANA)[0].updated_at == clock.now
    assert [heading.title for heading in conversations.list(ANA, limit=1)] == ["old"]


def test_a_conversation_can_be_renamed(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    conversations.rename(ANA, run.conversation_id, "after")
    assert conversations.get(ANA, run.conversation_id).title == "after"


def test_a_deleted_conversation_leaves_no_turn_and_no_run(
    conversations: ConversationStore, database: Database, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    conversations.delete(ANA, run.conversation_id)
    with pytest.raises(NotFound):
        conversations.get(ANA, run.conversation_id)
    with database.read() as connection:
        for table in (turns, runs):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_a_run_that_streams_into_a_deleted_conversation_leaves_nothing_behind(
    conversations: ConversationStore, database: Database, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    conversations.delete(ANA, run.conversation_id)
    assert conversations.save_progress(run.id, "Melts").result(10) is False
    assert conversations.finish_run(finished(run)).result(10) is False
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(runs)).scalar() == 0


METHODS: dict[str, Callable[[ConversationStore, tuple[str, str], RunRecord], object]] = {
    "get": lambda store, owner, run: store.get(owner, run.conversation_id),
    "rename": lambda store, owner, run: store.rename(owner, run.conversation_id, "mine now"),
    "delete": lambda store, owner, run: store.delete(owner, run.conversation_id),
    "start_run": lambda store, owner, run: store.start_run(owner, replace(run, id="another")),
    "ask": lambda store, owner, run: store.ask(owner, replace(run, id="another", turn_id="new"), "mine too"),
    "ask in place of a turn": lambda store, owner, run: store.ask(
        owner, replace(run, id="another", turn_id="new"), "mine too", replaces_turn=run.turn_id
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stranger", OTHERS)
def test_a_conversation_of_somebody_else_is_not_found_and_not_changed(
    conversations: ConversationStore, clock: HandClock, method: str, stranger: tuple[str, str]
) -> None:
    run = begun(conversations, clock)
    before = conversations.get(ANA, run.conversation_id)
    with pytest.raises(NotFound) as refused:
        METHODS[method](conversations, stranger, run)
    with pytest.raises(NotFound) as missing:
        METHODS[method](conversations, stranger, replace(run, conversation_id="there is none"))
    assert (refused.value.title, refused.value.remedy) == (missing.value.title, missing.value.remedy)
    assert conversations.get(ANA, run.conversation_id) == before
    assert conversations.list(stranger) == ()


def test_text_that_databases_refuse_is_stored_by_rule(conversations: ConversationStore, clock: HandClock) -> None:
    nasty = "a\x00b \ud83d \udc00 \u202e \u2028 \x1b[31m 🍦 \r\n"
    kept = "a\ufffdb \ufffd \ufffd \u202e \u2028 \x1b[31m 🍦 \r\n"
    run = replace(
        a_run(clock, "conversation", "turn"),
        text=nasty,
        notices=("\ud800 \u202e",),
        parameters={"stop": ["\x00", "\ud800"]},
    )
    conversations.ask(ANA, run, nasty, title=nasty)
    found = conversations.get(ANA, run.conversation_id)
    assert (found.title, found.turns[0].prompt) == (kept, kept)
    assert stored(conversations, run).text == kept
    assert stored(conversations, run).notices == ("\ufffd \u202e",)
    assert stored(conversations, run).parameters == {"stop": ["\x00", "\ufffd"]}


def test_a_long_answer_comes_back_whole(conversations: ConversationStore, clock: HandClock) -> None:
    run = replace(finished(begun(conversations, clock)), text="Ünïcödé 🍦 " * 200_000)
    assert conversations.finish_run(run).result(20) is True
    assert stored(conversations, run).text == run.text


def test_running_runs_of_this_process_are_no_orphans(conversations: ConversationStore, clock: HandClock) -> None:
    run = begun(conversations, clock)
    assert conversations.interrupt_orphans() == 0
    assert stored(conversations, run).state is RunState.RUNNING


def test_running_runs_of_a_process_that_is_gone_are_interrupted_with_their_text(
    conversations: ConversationStore, database: Database, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    conversations.save_progress(run.id, "Melts").result(10)
    done = begun(conversations, clock, "done")
    conversations.finish_run(finished(done)).result(10)
    database.write(lambda connection: connection.execute(update(runs).values(process=4711)).rowcount)
    assert conversations.interrupt_orphans() == 1
    assert stored(conversations, run) == replace(run, state=RunState.INTERRUPTED, text="Melts")
    assert stored(conversations, done).state is RunState.COMPLETE


def test_a_run_that_was_taken_for_an_orphan_can_still_finish(
    conversations: ConversationStore, database: Database, clock: HandClock
) -> None:
    run = begun(conversations, clock)
    database.write(lambda connection: connection.execute(update(runs).values(process=4711)).rowcount)
    conversations.interrupt_orphans()
    assert conversations.finish_run(finished(run)).result(10) is True
    assert stored(conversations, run) == finished(run)
