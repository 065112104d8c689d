"""Several deployments make cards at once: as they are born, nothing twice, no failure in the way of the others."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.deployments.catalogue import Catalogue
from core.deployments.events import TextDelta
from core.errors import DeploymentMissing, KeylessError, NotFound, ServiceFailed, StorageError
from core.runs.answering import Patience
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import DEFAULT_BOUNDS, Bounds, LiveRuns
from core.taglines import keeping
from core.taglines.asking import SPARE, Wish
from core.taglines.board import written_card
from core.taglines.brief import Brief
from core.taglines.generating import Asker, Generating
from tests.unit.runs.scripted import (
    ANNA,
    BOUND_SECONDS,
    FAST,
    NOW,
    OPENED,
    SLOW,
    Pause,
    ScriptedDeployment,
    Tokens,
    finished,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from core.deployments.events import Event
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.storage.records import Owner, RunRecord
    from core.taglines.board import Card
    from core.taglines.generation import Generation, GenerationView
    from tests.unit.runs.scripted import Step

THIRD = replace(SLOW, name="third", label="Third")
CATALOGUE = Catalogue([FAST, SLOW, THIRD])
WORDS = [
    "Sun.",
    "Moonlight",
    "Rainy day",
    "Snow globe",
    "Hail to ice",
    "Fogbound",
    "Dew point",
    "Mist again",
    "Frosty",
    "Zest",
]


def said(*texts: str) -> str:
    return json.dumps({"taglines": texts}, ensure_ascii=False)


def answer(*pieces: str, reason: str = "stop") -> list[Step]:
    return [OPENED, *map(TextDelta, pieces), finished(reason)]


def gone() -> KeylessError:
    return DeploymentMissing("There is no deployment of this name.")


@dataclass
class Rows:
    """Where runs are stored."""

    begun: list[RunRecord] = field(default_factory=list)
    ended: list[RunRecord] = field(default_factory=list)

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        assert owner == ANNA.key
        self.begun.append(run)

    def save_progress(self, run_id: str, text: str) -> Future[bool]:  # noqa: ARG002 - as rows have it
        return done()

    def finish_run(self, run: RunRecord) -> Future[bool]:
        self.ended.append(run)
        return done()


def done() -> Future[bool]:
    future: Future[bool] = Future()
    future.set_result(True)
    return future


@dataclass
class Born:
    """Keeps cards, unless it is told to fail."""

    cards: list[Card] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    stored: Sequence[Card] | Exception = ()
    asked_to_stand_in: int = 0

    def born(self, cards: Sequence[Card]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.cards += cards

    def stand_in(self) -> Sequence[Card]:
        self.asked_to_stand_in += 1
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored


class Desk:
    """Everything from a brief to cards, with deployments that answer by a script."""

    def __init__(self, core_loop: CoreLoop, bounds: Bounds, **scripts: Any) -> None:  # noqa: ANN401 - lists of steps
        self.deployments = {f"lab/{name}": ScriptedDeployment(*script) for name, script in scripts.items()}
        self.rows, self.born, self.tokens = Rows(), Born(), Tokens()
        self.called_as: set[TokenSource] = set()
        patience = Patience(attempts=1)
        self.live = LiveRuns(core_loop, self.rows, self._send, clock=lambda: NOW, patience=patience, bounds=bounds)
        self.generating = Generating(self.live, core_loop, CATALOGUE, lambda: NOW)
        self.asker = Asker(ANNA.key, "session-1", self.tokens, "board-1", self.rows, self.born)

    def generate(self, count: int = 8, *existing: str, **more: Any) -> Generation:  # noqa: ANN401 - of a brief
        brief = Brief(count=count, **{"deployment_ids": tuple(self.deployments), **more})
        return self.generating.generate(self.asker, brief, existing)

    async def _send(self, call: Call, tokens: TokenSource) -> AsyncGenerator[Event, None]:
        self.called_as.add(tokens)
        async for event in self.deployments[call.deployment.id](call, tokens):
            yield event


@pytest.fixture
def core_loop() -> Iterator[CoreLoop]:
    with running() as loop:
        yield loop


@contextmanager
def running() -> Iterator[CoreLoop]:
    loop = CoreLoop()
    loop.start()
    yield loop
    loop.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PAUSES_SECONDS", (0.0, 0.0))


def desk(core_loop: CoreLoop, bounds: Bounds = DEFAULT_BOUNDS, **scripts: Any) -> Desk:  # noqa: ANN401 - lists of steps
    return Desk(core_loop, bounds, **scripts)


def ended(generation: Generation) -> GenerationView:
    generation.ended.result(BOUND_SECONDS)
    return generation.view()


def texts(view: GenerationView) -> list[str]:
    return [card.text for card in view.cards]


class TestOneDeployment:
    def test_gives_what_was_asked_for_and_no_more(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said(*WORDS))])
        view = ended(one.generate())
        assert texts(view) == WORDS[:8]
        assert one.born.cards == list(view.cards)
        (part,) = view.parts
        assert (part.stage, part.cards, part.error, view.notices) == ("done", 8, None, ())
        assert f"Write {8 + SPARE} taglines" in one.deployments["lab/fast"].calls[0].messages[-1].content

    def test_gives_each_card_as_soon_as_it_is_finished(self, core_loop: CoreLoop) -> None:
        pause = Pause()
        script = [OPENED, TextDelta('{"taglines": ["Sun.", "Moo'), pause, TextDelta('nlight"]}'), finished()]
        one = desk(core_loop, fast=[script])
        generation = one.generate(2)
        pause.wait_until_reached()
        version = -1
        while not generation.view().cards:
            version = generation.wait_beyond(version, BOUND_SECONDS)
        assert texts(generation.view()) == ["Sun."]
        assert generation.view().parts[0].stage == "writing"
        assert not generation.view().finished
        pause.release()
        assert texts(ended(generation)) == ["Sun.", "Moonlight"]

    def test_leaves_its_name_its_model_and_its_run_on_a_card(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("Sun."))])
        (card,) = ended(one.generate(1)).cards
        (run,) = one.rows.begun
        assert (run.conversation_id, run.deployment_id) == ("board-1", "lab/fast")
        assert (card.deployment_id, card.deployment_label, card.run_id) == ("lab/fast", "Fast", run.id)
        assert card.model in {"gpt-fast", "gpt-fast-0101"}, "as the catalogue knows it, or as the answer says"
        assert (card.original, card.how, card.made_from, card.created_at) == ("Sun.", "generated", "", NOW)
        assert one.called_as == {one.tokens}

    def test_whose_answer_is_cut_keeps_its_finished_cards(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer('["Sun.", "Moonl', reason="length")])
        view = ended(one.generate())
        assert texts(view) == ["Sun."]
        assert view.parts[0].stage == "done"
        assert any("cut" in notice for notice in view.parts[0].notices)

    def test_whose_answer_breaks_off_keeps_its_finished_cards_and_says_why(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[[OPENED, TextDelta('["Sun.", "Moonl'), ServiceFailed()]])
        view = ended(one.generate())
        assert texts(view) == ["Sun."]
        assert view.parts[0].stage == "failed"
        assert view.parts[0].error
        assert view.parts[0].error.kind == "ServiceFailed"

    @pytest.mark.parametrize(
        ("reason", "title"),
        [("content_filter", "The content filter ended the answer"), ("length", "The answer was cut")],
    )
    def test_that_gives_nothing_says_why_and_is_not_asked_again(
        self, core_loop: CoreLoop, reason: str, title: str
    ) -> None:
        one = desk(core_loop, fast=[answer('["Su', reason=reason)])
        (part,) = ended(one.generate()).parts
        assert part.error
        assert part.error.title.startswith(title)
        assert len(one.deployments["lab/fast"].calls) == 1


class TestRepair:
    def test_prose_is_asked_once_more_for_the_form_and_this_is_said(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer("I would say: Sun and snow."), answer(said("Sun."))])
        view = ended(one.generate(1))
        assert texts(view) == ["Sun."]
        assert view.parts[0].notices == ("Fast gave no list of taglines and was asked once more.",)
        assert view.parts[0].stage == "done"
        again = one.deployments["lab/fast"].calls[1]
        assert [message.role for message in again.messages] == ["user", "assistant", "user"]
        assert view.cards[0].run_id == one.rows.begun[1].id == view.parts[0].run_id

    def test_is_never_asked_for_twice(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer("No."), answer("Still no."), answer(said("Sun."))])
        (part,) = ended(one.generate()).parts
        assert len(one.deployments["lab/fast"].calls) == 2
        assert part.error
        assert part.error.title == "Fast gave no taglines that could be read."
        assert part.error.retryable

    def test_that_cannot_be_made_is_a_failure_of_this_deployment_alone(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer("No."), [gone()]], slow=[answer(said("Sun."))])
        view = ended(one.generate(2))
        assert [part.stage for part in view.parts] == ["failed", "done"]
        assert texts(view) == ["Sun."]


class TestSeveralDeployments:
    def test_share_the_count_and_stand_in_the_order_of_the_brief(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said(*WORDS[:4]))], slow=[answer(said(*WORDS[4:8]))])
        view = ended(one.generate(4))
        assert sorted(texts(view)) == sorted([*WORDS[:2], *WORDS[4:6]])
        assert [part.deployment_label for part in view.parts] == ["Fast", "Slow"]
        assert [part.cards for part in view.parts] == [2, 2]

    @pytest.mark.parametrize("failing", [[gone()], [RuntimeError("a bug with a secret")], [finished(None)]])
    def test_lose_nothing_by_the_failure_of_one(self, core_loop: CoreLoop, failing: list[Step]) -> None:
        one = desk(core_loop, fast=[failing], slow=[answer(said(*WORDS[:4]))], third=[answer(said(*WORDS[4:8]))])
        view = ended(one.generate(6))
        assert [part.stage for part in view.parts] == ["failed", "done", "done"]
        assert view.parts[0].error
        assert "secret" not in f"{view.parts[0].error}"
        assert len(view.cards) == 6, "what the others held back fills its places"

    def test_that_are_not_in_the_catalogue_fail_by_themselves(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, slow=[answer(said("Sun."))])
        view = ended(one.generate(2, deployment_ids=("lab/removed", "lab/slow")))
        assert [(part.deployment_label, part.stage) for part in view.parts] == [
            ("lab/removed", "failed"),
            ("Slow", "done"),
        ]
        assert texts(view) == ["Sun."]

    def test_that_are_too_many_for_one_person_fail_by_themselves(self, core_loop: CoreLoop) -> None:
        pause = Pause()
        held = [OPENED, pause, TextDelta(said("Sun.")), finished()]
        one = desk(core_loop, Bounds(of_one_person=1), fast=[held], slow=[answer(said("Snow"))])
        generation = one.generate(2)
        pause.wait_until_reached()
        pause.release()
        view = ended(generation)
        assert [part.stage for part in view.parts] == ["done", "failed"]

    def test_that_write_the_same_are_heard_once(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("Sun."))], slow=[answer(said("SUN", "Snow globe", "Snow globes"))])
        view = ended(one.generate(4, "Old one."))
        assert sorted(text.casefold().strip(".") for text in texts(view)) == ["snow globe", "sun"]
        assert [notice.partition("\n")[0] for notice in view.notices] == [
            "1 duplicate and 1 near-duplicate were left out."
        ]

    def test_do_not_write_what_stands_on_the_board(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("sun!", "Moonlight"))])
        view = ended(one.generate(2, "Sun."))
        assert texts(view) == ["Moonlight"]
        assert view.notices == ("1 duplicate was left out.\n“sun!”",)


class TestStop:
    def test_ends_it_and_keeps_the_cards(self, core_loop: CoreLoop) -> None:
        pause = Pause()
        held = [OPENED, TextDelta('["Sun.", "Moonl'), pause]
        one = desk(core_loop, fast=[held], slow=[[pause]])
        generation = one.generate(2)
        version = -1
        while not generation.view().cards:
            version = generation.wait_beyond(version, BOUND_SECONDS)
        generation.stop()
        view = ended(generation)
        assert (texts(view), [part.stage for part in view.parts]) == (["Sun."], ["stopped", "stopped"])
        assert one.born.cards == list(view.cards)
        assert one.born.asked_to_stand_in == 0

    def test_by_signing_out_is_a_stop(self, core_loop: CoreLoop) -> None:
        pause = Pause()
        one = desk(core_loop, fast=[[pause]])
        generation = one.generate()
        pause.wait_until_reached()
        assert one.live.cancel_session("session-1") == 1
        assert ended(generation).parts[0].stage == "stopped"

    def test_wakes_nobody_in_vain_afterwards(self, core_loop: CoreLoop) -> None:
        generation = desk(core_loop, fast=[answer(said("Sun."))]).generate(1)
        version = ended(generation).version
        assert generation.wait_beyond(version, BOUND_SECONDS) == version


class TestKeeping:
    def test_goes_on_after_the_store_failed_for_a_moment(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said(*WORDS[:3]))])
        one.born.failures = [StorageError(), RuntimeError("a bug")]
        view = ended(one.generate(3))
        assert one.born.cards == list(view.cards)
        assert view.notices == ()

    def test_that_fails_for_good_is_said(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("Sun."))])
        one.born.failures = [StorageError() for _ in range(9)]
        view = ended(one.generate(1))
        assert texts(view) == ["Sun."]
        assert view.notices[0].startswith("1 card could not be saved (K-")

    def test_for_a_board_that_was_deleted_stops_everything(self, core_loop: CoreLoop) -> None:
        pause = Pause()
        one = desk(core_loop, fast=[[OPENED, TextDelta('["Sun.", '), pause]])
        one.born.failures = [NotFound()]
        view = ended(one.generate())
        assert view.parts[0].stage == "stopped"
        assert view.notices == ("The board was deleted, or who asked for cards may not change it any more.",)


class TestStandingIn:
    STORED = (written_card("Stored.", NOW),)

    def test_a_stored_answer_is_shown_when_every_deployment_failed(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[[gone()]], slow=[answer("No.")])
        one.born.stored = self.STORED
        view = ended(one.generate())
        assert (view.cards, view.is_replayed) == (self.STORED, True)
        assert [part.stage for part in view.parts] == ["failed", "failed"]

    def test_nothing_stands_in_for_an_answer_that_came(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[[gone()]], slow=[answer(said("Sun."))])
        view = ended(one.generate())
        assert (texts(view), view.is_replayed, one.born.asked_to_stand_in) == (["Sun."], False, 0)

    def test_a_store_that_has_nothing_or_fails_adds_no_failure(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[[gone()]])
        one.born.stored = StorageError()
        view = ended(one.generate())
        assert (view.cards, view.is_replayed, view.parts[0].error is not None) == ((), False, True)


class TestChangingOne:
    @pytest.mark.parametrize(
        ("wish", "count"), [(Wish("shorter"), 1), (Wish("translated", "French"), 1), (Wish("similar"), 4)]
    )
    def test_a_card_becomes_others_that_know_where_they_come_from(
        self, core_loop: CoreLoop, wish: Wish, count: int
    ) -> None:
        one = desk(core_loop, slow=[answer(said(*WORDS))])
        card = replace(written_card("Taste the sunshine.", NOW), deployment_id="lab/slow")
        view = ended(one.generating.transform(one.asker, Brief(), card, wish, [card.text]))
        assert [(each.how, each.made_from) for each in view.cards] == [(wish.kind, card.id)] * count

    def test_a_shorter_version_may_be_near_to_what_it_shortens_but_not_the_same(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("taste the sunshine", "Taste the sunshine now."))])
        card = written_card("Taste the sunshine!", NOW)
        brief = Brief(deployment_ids=("lab/fast",))
        view = ended(one.generating.transform(one.asker, brief, card, Wish("shorter"), [card.text]))
        assert texts(view) == ["Taste the sunshine now."]

    def test_a_translation_and_what_is_made_of_it_are_in_its_language_not_the_briefs(
        self, core_loop: CoreLoop
    ) -> None:
        one = desk(core_loop, fast=[answer(said("Soleil.")), answer(said("Soleil, plus fort."))])
        brief = Brief(language="English", deployment_ids=("lab/fast",))
        wish = Wish("translated", "French")
        (first,) = ended(one.generating.transform(one.asker, brief, written_card("Sun.", NOW), wish)).cards
        (second,) = ended(one.generating.transform(one.asker, brief, first, Wish("bolder"))).cards
        assert [(card.language, card.how) for card in (first, second)] == [
            ("French", "translated"),
            ("French", "bolder"),
        ]
        for call in one.deployments["lab/fast"].calls:
            assert "Language: French" in call.messages[-1].content
            assert "English" not in call.messages[-1].content

    def test_to_no_language_is_refused_in_words(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("Soleil."))])
        with pytest.raises(KeylessError, match="No language is chosen"):
            one.generating.transform(
                one.asker, Brief(deployment_ids=("lab/fast",)), written_card("Sun.", NOW), Wish("translated")
            )

    def test_without_any_deployment_is_refused_in_words(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop)
        with pytest.raises(KeylessError, match="No deployment is chosen"):
            one.generating.transform(one.asker, Brief(), written_card("Sun.", NOW), Wish("shorter"))


class TestTheDesk:
    def test_finds_what_goes_on_for_a_board(self, core_loop: CoreLoop) -> None:
        one = desk(core_loop, fast=[answer(said("Sun."))])
        generation = one.generate()
        assert one.generating.of_board("board-1") == [generation]
        assert one.generating.of_board("board-2") == []

    @pytest.mark.parametrize("change", [{"text": ""}, {"count": 0}, {"deployment_ids": ()}])
    def test_asks_nobody_with_a_brief_that_asks_for_nothing(
        self, core_loop: CoreLoop, change: dict[str, Any]
    ) -> None:
        one = desk(core_loop, fast=[answer(said("Sun."))])
        with pytest.raises(KeylessError):
            one.generate(**{"count": 8, **change})
        assert one.rows.begun == []

    def test_ends_every_generation_when_the_app_stops(self) -> None:
        pause = Pause()
        with running() as core_loop:
            generation = desk(core_loop, fast=[[pause]]).generate()
            pause.wait_until_reached()
        generation.ended.result(BOUND_SECONDS)

    def test_ends_also_a_generation_that_the_end_of_the_app_keeps_from_beginning(self) -> None:
        is_held, may_go_on = threading.Event(), threading.Event()

        async def hold() -> None:
            is_held.set()
            may_go_on.wait(BOUND_SECONDS)

        with running() as core_loop:
            core_loop.submit(hold())
            assert is_held.wait(BOUND_SECONDS)
            generation = desk(core_loop, fast=[answer(said("Sun."))]).generate()
            threading.Timer(0.1, may_go_on.set).start()
        generation.ended.result(BOUND_SECONDS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    st.lists(
        st.lists(st.text(max_size=40) | st.sampled_from([said("A b", "C d"), "1. x y\n"]), max_size=4),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["stop", "length", "content_filter"]),
)
def test_whatever_deployments_write_there_are_cards_or_a_sentence(
    core_loop: CoreLoop, said_by: list[list[str]], reason: str
) -> None:
    names = ("fast", "slow", "third")
    scripts: dict[str, Any] = {
        name: [answer(*pieces, reason=reason)] for name, pieces in zip(names, said_by, strict=False)
    }
    view = ended(desk(core_loop, **scripts).generate(3))
    for part in view.parts:
        assert part.has_ended
        assert part.error is None or part.error.title.endswith(".")
    assert view.cards or any(part.error for part in view.parts) or view.notices
