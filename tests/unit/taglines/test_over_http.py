"""Cards from the emulator and from servers of our own, through the real library and over real HTTP."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette

from core.deployments.calling import call
from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.deployments.deployment import Operation
from core.deployments.lessons import Lessons
from core.emulator import refusals
from core.emulator.deployments import DEPLOYMENTS
from core.emulator.directory import BUSINESS_USER
from core.emulator.emulator import Emulator
from core.emulator.faults import FAULTS
from core.runs.answering import Patience
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import LiveRuns
from core.settings import read_settings
from core.taglines.asking import Wish
from core.taglines.brief import Brief
from core.taglines.checking import marks_of
from core.taglines.generating import Asker, Generating
from core.taglines.resemblance import twin_of
from tests.support.openai_calls import BALANCED, BRISK, BUSY, LAVISH, LEGACY, REASONING
from tests.support.raw_server import UNTIL_CLOSED, Conversation, raw_server
from tests.support.serving import serving
from tests.unit.deployments.asking import deployment_at, ending, pieces
from tests.unit.runs.test_over_http import Tokens
from tests.unit.taglines.test_generating import Born, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.taglines.generation import Generation, GenerationView

IDS = {one.name: f"{one.resource}/{one.name}" for one in DEPLOYMENTS}


class AnyonesRows(Rows):
    def start_run(self, owner: tuple[str, str], run: object) -> None:
        """Take them as they come."""


class Desk:
    def __init__(self, core_loop: CoreLoop, catalogue: Catalogue, emulator: Emulator) -> None:
        self.core_loop, self.catalogue, self.lessons = core_loop, catalogue, Lessons()
        self.clients = Clients(read_seconds=3.0)
        send = functools.partial(call, self.clients, lessons=self.lessons)
        self.live = LiveRuns(core_loop, AnyonesRows(), send, patience=Patience(attempts=1))
        self.generating = Generating(self.live, core_loop, catalogue)
        tokens = Tokens(emulator, BUSINESS_USER)
        self.asker = Asker(("t", "o"), "session", tokens, "board", AnyonesRows(), Born())

    def generate(self, brief: Brief) -> GenerationView:
        return ended(self.generating.generate(self.asker, brief))

    def close(self) -> None:
        self.core_loop.submit(self.clients.close()).result()


def ended(generation: Generation) -> GenerationView:
    generation.ended.result(60)
    return generation.view()


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(pace=0)


@pytest.fixture(scope="module")
def catalogue(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with serving(Starlette(routes=emulator.routes("/emulator"))) as base_url:
        settings = read_settings({}, tmp_path_factory.mktemp("root"))
        yield read_catalogue(settings, data=emulator.catalogue(f"{base_url}/emulator"), on_loopback=True)


@pytest.fixture
def core_loop() -> Iterator[CoreLoop]:
    loop = CoreLoop()
    loop.start()
    yield loop
    loop.close()


@pytest.fixture
def desk(core_loop: CoreLoop, catalogue: Catalogue, emulator: Emulator) -> Iterator[Desk]:
    desk = Desk(core_loop, catalogue, emulator)
    yield desk
    desk.close()
    emulator.openai.faults.clear()


@pytest.mark.parametrize("name", [one.name for one in DEPLOYMENTS if not one.is_busy])
def test_one_click_on_an_empty_page_gives_eight_good_ones(desk: Desk, name: str) -> None:
    brief = Brief(deployment_ids=(IDS[name],))
    view = desk.generate(brief)
    texts = [card.text for card in view.cards]
    assert len(texts) == 8
    for index, card in enumerate(view.cards):
        assert marks_of(brief, card, texts[:index]) == ()
        assert "ice" in card.text.lower()
        assert "model was called" not in card.text


def test_four_deployments_give_eight_different_ones_together(desk: Desk) -> None:
    view = desk.generate(Brief(deployment_ids=tuple(IDS[name] for name in (BALANCED, BRISK, REASONING, LEGACY))))
    texts = [card.text for card in view.cards]
    assert [part.cards for part in view.parts] == [2, 2, 2, 2]
    assert all(twin_of(text, texts[:index]) is None for index, text in enumerate(texts))


@pytest.mark.parametrize("wish", [Wish("shorter"), Wish("bolder"), Wish("translated", "French"), Wish("similar")])
def test_a_card_is_changed_by_the_deployment_that_wrote_it(desk: Desk, wish: Wish) -> None:
    brief = Brief(deployment_ids=(IDS[LAVISH],))
    cards = desk.generate(brief).cards
    view = ended(desk.generating.transform(desk.asker, brief, cards[0], wish, [card.text for card in cards]))
    assert len(view.cards) == wish.count
    assert all(card.deployment_id == IDS[LAVISH] and card.text != cards[0].text for card in view.cards)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_whatever_fails_at_one_deployment_the_other_gives_its_cards(
    desk: Desk, emulator: Emulator, fault: str
) -> None:
    emulator.openai.faults.set(LAVISH, fault)
    view = desk.generate(Brief(count=4, deployment_ids=(IDS[LAVISH], IDS[BALANCED])))
    hit, other = view.parts
    assert hit.has_ended
    assert hit.cards or hit.error, "cards, or a reason"
    assert (other.stage, other.error) == ("done", None)
    assert other.cards >= 2


def test_a_deployment_that_takes_no_schema_gives_its_list_by_the_words_of_the_prompt(core_loop: CoreLoop) -> None:
    listed = "Sure!\n\n1. **Sun in a cone.**\n2. “Snow, shared.” – it melts hearts\n"  # noqa: RUF001 - a dash
    refused = refusals.invalid_request("'response_format' is not supported.", "response_format", None)

    def take_no_schema(conversation: Conversation) -> None:
        if "response_format" in json.loads(conversation.request.body):
            head = f"HTTP/1.1 400 No\r\ncontent-type: application/json\r\ncontent-length: {len(refused.body)}\r\n\r\n"
            conversation.send(head.encode() + refused.body)
        else:
            conversation.send(UNTIL_CLOSED + b"".join(pieces(Operation.CHAT, listed) + ending(Operation.CHAT)))

    with raw_server(take_no_schema) as server:
        deployment = deployment_at(server.url)
        desk = Desk(core_loop, Catalogue([deployment]), Emulator(pace=0))
        brief = Brief(count=2, deployment_ids=(deployment.id,))
        first, second = desk.generate(brief), desk.generate(brief)
        asked = [json.loads(request.body) for request in server.requests]
        desk.close()
    assert [card.text for card in first.cards] == ["Sun in a cone.", "Snow, shared."]
    assert first.parts[0].notices == ("The schema of the answer was left out: GPT lab does not take it.",)
    assert second.parts[0].notices == ()
    assert ["response_format" in body for body in asked] == [True, False, False]
    assert '{"taglines": ["first", "second"]}' in asked[1]["messages"][0]["content"]


def test_a_deployment_that_answers_in_prose_is_asked_once_more(core_loop: CoreLoop) -> None:
    answers = ["I like sun, and snow.", json.dumps({"taglines": ["Sun in a cone."]})]

    def say(conversation: Conversation) -> None:
        conversation.send(UNTIL_CLOSED + b"".join(pieces(Operation.CHAT, answers.pop(0)) + ending(Operation.CHAT)))

    with raw_server(say) as server:
        deployment = replace(deployment_at(server.url), label="Talker")
        desk = Desk(core_loop, Catalogue([deployment]), Emulator(pace=0))
        view = desk.generate(Brief(count=1, deployment_ids=(deployment.id,)))
        roles = [message["role"] for message in json.loads(server.requests[1].body)["messages"]]
        desk.close()
    assert [card.text for card in view.cards] == ["Sun in a cone."]
    assert view.parts[0].notices == ("Talker gave no list of taglines and was asked once more.",)
    assert roles == ["system", "user", "assistant", "user"]


def test_each_call_carries_the_token_of_who_asked(desk: Desk, emulator: Emulator) -> None:
    before = len(emulator.received)
    desk.generate(Brief(deployment_ids=(IDS[BALANCED], IDS[LAVISH], IDS[BUSY])))
    assert {note.oid for note in list(emulator.received)[before:]} == {BUSINESS_USER.object_id}
