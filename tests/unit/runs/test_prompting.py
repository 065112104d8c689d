from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.deployments.parameters import Message, Parameters
from core.errors import KeylessError, NotFound, ServiceFailed, StorageError
from core.runs import journal
from core.runs.live_runs import LiveRuns
from core.runs.prompting import Prompting
from core.storage.records import RunState
from tests.unit.runs.scripted import (
    ANNA,
    BERT,
    BOUND_SECONDS,
    CATALOGUE,
    FAST,
    SLOW,
    Pause,
    ScriptedDeployment,
    Tokens,
    answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.runs.core_loop import CoreLoop
    from core.runs.run import Run
    from core.storage.conversations import ConversationStore
    from core.storage.records import RunRecord

    Answering = Callable[[ScriptedDeployment], Prompting]

TOKENS = Tokens()


@pytest.fixture
def answered_by(core_loop: CoreLoop, conversations: ConversationStore) -> Iterator[Answering]:
    begun = []

    def prompting(deployment: ScriptedDeployment) -> Prompting:
        begun.append(LiveRuns(core_loop, conversations, deployment))
        return Prompting(conversations, begun[-1], CATALOGUE)

    yield prompting
    for live in begun:
        live.drain(BOUND_SECONDS)


def ask(prompting: Prompting, prompt: str, conversation_id: str | None = None, **choices: Any) -> Run:  # noqa: ANN401 - whatever may be chosen
    given = {"deployment_id": FAST.id, **choices}
    return prompting.ask(ANNA, "session", TOKENS, conversation_id=conversation_id, prompt=prompt, **given)


def stored(run: Run, conversations: ConversationStore) -> RunRecord:
    """The row, once its end is in it."""
    run.ended.result(BOUND_SECONDS)
    while True:
        turns = conversations.get(run.owner, run.conversation_id).turns
        (row,) = [each for turn in turns for each in turn.runs if each.id == run.id]
        if row.state is not RunState.RUNNING:
            return row


def test_asking_begins_a_conversation_named_after_the_prompt(
    answered_by: Answering, conversations: ConversationStore
) -> None:
    prompting = answered_by(ScriptedDeployment(answer("Melt ", "with joy")))
    run = ask(
        prompting,
        "Write a tagline for an ice cream brand:",
        system=" Be brief. ",
        parameters=Parameters(temperature=0.5),
    )
    row = stored(run, conversations)
    assert row == run.record()
    assert (row.text, row.system, row.parameters) == ("Melt with joy", "Be brief.", {"temperature": 0.5})
    assert (row.identity, row.identity_kind, row.deployment_label) == ("anna@contoso.example", "user", "Fast")
    (heading,) = prompting.conversations(ANNA)
    assert (heading.id, heading.title) == (run.conversation_id, "Write a tagline for an ice cream brand:")


def test_the_next_prompt_is_sent_with_all_that_was_said(answered_by: Answering) -> None:
    deployment = ScriptedDeployment(answer("Melt"), answer("Freeze"))
    prompting = answered_by(deployment)
    first = ask(prompting, "One?")
    first.ended.result(BOUND_SECONDS)
    ask(prompting, "Two?", first.conversation_id, system="Be brief.").ended.result(BOUND_SECONDS)
    assert deployment.calls[1].system == "Be brief."
    assert deployment.calls[1].messages == (
        Message("user", "One?"),
        Message("assistant", "Melt"),
        Message("user", "Two?"),
    )


def test_an_answer_on_its_way_is_part_of_the_conversation(answered_by: Answering) -> None:
    pause = Pause()
    prompting = answered_by(ScriptedDeployment([*answer("Melt")[:2], pause]))
    run = ask(prompting, "One?")
    pause.wait_until_reached()
    (turn,) = prompting.conversation(ANNA, run.conversation_id).turns
    assert [(each.state, each.text) for each in turn.runs] == [(RunState.RUNNING, "Melt")]
    assert prompting.running(ANNA, run.conversation_id) is run
    assert prompting.run(ANNA, run.id) is run
    run.cancel()


def test_asking_while_the_conversation_is_answered_is_refused_and_leaves_nothing(answered_by: Answering) -> None:
    pause = Pause()
    prompting = answered_by(ScriptedDeployment([pause]))
    run = ask(prompting, "One?")
    again: dict[str, Any] = {"conversation_id": run.conversation_id, "deployment_id": FAST.id}
    with pytest.raises(KeylessError, match="still being answered"):
        ask(prompting, "Two?", run.conversation_id)
    with pytest.raises(KeylessError, match="still being answered"):
        prompting.regenerate(ANNA, "session", TOKENS, turn_id=run.turn_id, **again)
    with pytest.raises(KeylessError, match="still being answered"):
        prompting.edit(ANNA, "session", TOKENS, turn_id=run.turn_id, prompt="Three?", **again)
    (turn,) = prompting.conversation(ANNA, run.conversation_id).turns
    assert (turn.prompt, len(turn.runs)) == ("One?", 1)
    run.cancel()


@pytest.mark.parametrize(
    ("prompt", "system", "title"),
    [
        ("", "", "There is nothing to send yet."),
        (" \n\t", "", "There is nothing to send yet."),
        ("x" * 400_001, "", "This prompt is too long"),
        ("é" * 200_001, "", "This prompt is too long"),
        ("One?", "x" * 400_001, "This system message is too long"),
    ],
)
def test_a_prompt_that_cannot_be_sent_is_refused_and_leaves_nothing(
    answered_by: Answering, prompt: str, system: str, title: str
) -> None:
    prompting = answered_by(ScriptedDeployment(answer("Melt")))
    with pytest.raises(KeylessError, match=title):
        ask(prompting, prompt, system=system)
    assert list(prompting.conversations(ANNA)) == []


def test_the_longest_prompt_is_taken(answered_by: Answering) -> None:
    run = ask(answered_by(ScriptedDeployment(answer("Melt"))), "x" * 400_000)
    run.ended.result(BOUND_SECONDS)
    assert run.view().state is RunState.COMPLETE


def test_an_unknown_deployment_is_refused_and_leaves_nothing(answered_by: Answering) -> None:
    prompting = answered_by(ScriptedDeployment(answer("Melt")))
    with pytest.raises(NotFound):
        ask(prompting, "One?", deployment_id="lab/none")
    assert list(prompting.conversations(ANNA)) == []


def test_regenerating_answers_the_same_prompt_anew_and_keeps_both(answered_by: Answering) -> None:
    deployment = ScriptedDeployment(answer("One"), answer("Melt"), answer("Freeze"))
    prompting = answered_by(deployment)
    first = ask(prompting, "First?")
    first.ended.result(BOUND_SECONDS)
    second = ask(prompting, "Second?", first.conversation_id)
    second.ended.result(BOUND_SECONDS)
    again = prompting.regenerate(
        ANNA,
        "session",
        TOKENS,
        conversation_id=first.conversation_id,
        turn_id=second.turn_id,
        deployment_id=SLOW.id,
    )
    again.ended.result(BOUND_SECONDS)
    assert deployment.calls[2].deployment == SLOW
    assert deployment.calls[2].messages == deployment.calls[1].messages
    turns = prompting.conversation(ANNA, first.conversation_id).turns
    assert [run.text for run in turns[1].runs] == ["Melt", "Freeze"]
    assert [run.cost_usd is None for run in turns[1].runs] == [False, True]


def test_editing_puts_the_later_turns_aside_and_asks_with_the_earlier_ones(answered_by: Answering) -> None:
    deployment = ScriptedDeployment(answer("One"), answer("Two"), answer("Three"), answer("Four"))
    prompting = answered_by(deployment)
    runs = [ask(prompting, "First?")]
    runs[0].ended.result(BOUND_SECONDS)
    for prompt in ("Second?", "Third?"):
        runs.append(ask(prompting, prompt, runs[0].conversation_id))
        runs[-1].ended.result(BOUND_SECONDS)
    to_edit: dict[str, Any] = {
        "conversation_id": runs[0].conversation_id,
        "turn_id": runs[1].turn_id,
        "deployment_id": FAST.id,
    }
    prompting.edit(ANNA, "session", TOKENS, prompt="Other?", **to_edit).ended.result(BOUND_SECONDS)
    assert [message.content for message in deployment.calls[3].messages] == ["First?", "One", "Other?"]
    turns = prompting.conversation(ANNA, runs[0].conversation_id).turns
    assert [(turn.prompt, turn.superseded) for turn in turns] == [
        ("First?", False),
        ("Second?", True),
        ("Third?", True),
        ("Other?", False),
    ]
    with pytest.raises(NotFound):
        prompting.edit(ANNA, "session", TOKENS, prompt="Again?", **to_edit)


def test_retrying_makes_the_same_call_again(answered_by: Answering) -> None:
    deployment = ScriptedDeployment([ServiceFailed(retryable=False)], answer("Melt"))
    prompting = answered_by(deployment)
    failed = ask(prompting, "One?", system="Be brief.", parameters=Parameters(max_output_tokens=50))
    failed.ended.result(BOUND_SECONDS)
    assert failed.view().state is RunState.FAILED
    again = prompting.retry(ANNA, "session", TOKENS, conversation_id=failed.conversation_id, run_id=failed.id)
    again.ended.result(BOUND_SECONDS)
    assert again.turn_id == failed.turn_id
    assert deployment.calls[0] == deployment.calls[1]
    with pytest.raises(NotFound):
        prompting.retry(ANNA, "session", TOKENS, conversation_id=failed.conversation_id, run_id="other")


def test_nobody_reads_continues_changes_or_stops_what_is_not_theirs(answered_by: Answering) -> None:
    prompting = answered_by(ScriptedDeployment([Pause()]))
    run = ask(prompting, "One?")
    place = {"conversation_id": run.conversation_id}
    asking: dict[str, Any] = {**place, "deployment_id": FAST.id}
    attempts: tuple[Callable[[], object], ...] = (
        lambda: prompting.conversation(BERT, run.conversation_id),
        lambda: prompting.ask(BERT, "s", TOKENS, prompt="Two?", **asking),
        lambda: prompting.edit(BERT, "s", TOKENS, turn_id=run.turn_id, prompt="Two?", **asking),
        lambda: prompting.regenerate(BERT, "s", TOKENS, turn_id=run.turn_id, **asking),
        lambda: prompting.retry(BERT, "s", TOKENS, run_id=run.id, **place),
        lambda: prompting.rename(BERT, run.conversation_id, "Mine"),
        lambda: prompting.delete(BERT, run.conversation_id),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert prompting.run(BERT, run.id) is None
    assert prompting.running(BERT, run.conversation_id) is None
    assert list(prompting.conversations(BERT)) == []
    assert not run.finished
    run.cancel()


def test_deleting_a_conversation_stops_its_answer_and_leaves_nothing(answered_by: Answering) -> None:
    deployment = ScriptedDeployment([*answer("Melt")[:2], pause := Pause()])
    prompting = answered_by(deployment)
    run = ask(prompting, "One?")
    pause.wait_until_reached()
    prompting.delete(ANNA, run.conversation_id)
    assert run.view().state is RunState.CANCELLED
    assert deployment.hung_up.wait(BOUND_SECONDS)
    with pytest.raises(NotFound):
        prompting.conversation(ANNA, run.conversation_id)


def test_renaming_shortens_like_a_first_prompt_and_ignores_nothing(answered_by: Answering) -> None:
    prompting = answered_by(ScriptedDeployment(answer("Melt")))
    run = ask(prompting, "One?")
    run.ended.result(BOUND_SECONDS)
    prompting.rename(ANNA, run.conversation_id, "  ")
    prompting.rename(ANNA, run.conversation_id, " Ice \n cream ")
    assert prompting.conversation(ANNA, run.conversation_id).title == "Ice cream"


def test_a_store_that_fails_for_a_while_keeps_nobody_from_the_answer_and_gets_it_later(
    answered_by: Answering, conversations: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageError

    monkeypatch.setattr(journal, "PAUSES_SECONDS", [0.01] * 1_000)
    prompting = answered_by(ScriptedDeployment(answer("Cool"), answer("Melt")))
    asked = ask(prompting, "One?")
    stored(asked, conversations)
    with monkeypatch.context() as broken:
        broken.setattr(conversations, "start_run", refuse)
        run = prompting.regenerate(
            ANNA,
            "session",
            TOKENS,
            conversation_id=asked.conversation_id,
            turn_id=asked.turn_id,
            deployment_id=FAST.id,
        )
        run.ended.result(BOUND_SECONDS)
        assert run.text == "Melt"
        ((_, shown),) = (turn.runs for turn in prompting.conversation(ANNA, run.conversation_id).turns)
        assert (shown.state, shown.text) == (RunState.COMPLETE, "Melt")
        assert shown.notices[0].startswith("This answer could not be saved (K-")
    run.put_away.result(BOUND_SECONDS)
    assert stored(run, conversations) == run.record()
    assert run.view().notices == ()


def test_a_prompt_that_cannot_be_stored_is_not_asked(
    answered_by: Answering, conversations: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StorageError

    deployment = ScriptedDeployment(answer("Melt"))
    prompting = answered_by(deployment)
    with monkeypatch.context() as broken:
        broken.setattr(conversations, "ask", refuse)
        with pytest.raises(StorageError):
            ask(prompting, "One?")
    assert not deployment.calls
    assert list(prompting.conversations(ANNA)) == []
    assert ask(prompting, "One?").ended.result(BOUND_SECONDS) is None
