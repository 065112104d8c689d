"""Boards with real services, and deployments that answer over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER, NEW_JOINER
from core.storage.records import RunState
from core.taglines.asking import Wish
from core.taglines.board import set_brief, shortlist
from tests.support.signed_in import services_on, sign_in
from tests.unit.runs.scripted import BOUND_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.services import Services
    from core.storage.records import RunRecord
    from core.storage.sessions import SessionRecord
    from core.taglines.board import Board
    from core.taglines.generation import Generation, GenerationView
    from core.taglines.rehearsal import Rehearsed


class Signed:
    """A person who is signed in, with a board for two deployments."""

    def __init__(self, services: Services, person: Person) -> None:
        self.desk = services.taglines
        self.session: SessionRecord = sign_in(services, person)
        self.user: User = services.user_of(self.session)
        self.tokens: TokenSource = services.tokens_for(self.session)
        self.deployments = list(services.catalogue)[:2]
        made = self.desk.create(self.user)
        brief = replace(made.brief, count=6, deployment_ids=tuple(one.id for one in self.deployments))
        self.board: Board = self.desk.change(
            self.user, made.id, made.version, lambda board: set_brief(board, brief)
        ).board

    def generate(self) -> GenerationView:
        """Cards of the board's brief."""
        return ended(self.desk.generate(self.user, self.session.id, self.tokens, self.board.id))

    def rehearse(self) -> tuple[Rehearsed, ...]:
        """What would go wrong."""
        return self.desk.rehearsal.rehearse(self.user, self.session, self.tokens, self.board.id)

    def seen(self) -> Board:
        """The board as it is now."""
        return self.desk.open(self.user, self.board.id)

    def runs(self) -> tuple[RunRecord, ...]:
        """What was asked for the board."""
        return self.desk._producing._runs.of_board(self.user.key, self.board.id)


def ended(generation: Generation) -> GenerationView:
    generation.ended.result(BOUND_SECONDS)
    return generation.view()


@pytest.fixture
def services(emulator: Emulator, tmp_path: Path) -> Iterator[Services]:
    with services_on(emulator, tmp_path) as running:
        yield running


@pytest.fixture
def ana(services: Services) -> Signed:
    return Signed(services, BUSINESS_USER)


def test_one_click_gives_cards_of_all_deployments_and_they_are_on_the_board(ana: Signed, services: Services) -> None:
    view = ana.generate()
    board = ana.seen()
    assert [card.id for card in board.cards] == [card.id for card in view.cards]
    assert len(board.cards) == 6
    assert {card.deployment_id for card in board.cards} == {one.id for one in ana.deployments}
    assert {card.how for card in board.cards} == {"generated"}
    assert ana.desk.versions(ana.user, board.id)[0].reason == "Generated cards"
    assert services.live.running_count == 0


def test_a_card_is_made_shorter_behind_itself(ana: Signed) -> None:
    ana.generate()
    first = ana.seen().cards[0]
    view = ended(
        ana.desk.transform(ana.user, ana.session.id, ana.tokens, ana.board.id, card_id=first.id, wish=Wish("shorter"))
    )
    board = ana.seen()
    assert [card.id for card in view.cards] == [board.cards[1].id]
    assert (board.cards[1].made_from, board.cards[1].how) == (first.id, "shorter")


def test_when_every_call_fails_the_stored_answer_is_shown_with_its_time_and_never_a_made_up_one(
    ana: Signed, emulator: Emulator
) -> None:
    good = ana.generate().cards
    other = ana.desk.create(ana.user, ana.board.brief)
    for deployment in ana.deployments:
        emulator.openai.faults.set(deployment.name, "prompt_filtered")
    view = ended(ana.desk.generate(ana.user, ana.session.id, ana.tokens, other.id))
    shown = ana.desk.open(ana.user, other.id).cards
    assert view.is_replayed
    assert {part.stage for part in view.parts} == {"failed"}
    assert [card.id for card in view.cards] == [card.id for card in shown]
    assert {card.how for card in shown} == {"replayed"}
    assert {card.text for card in good} & {card.text for card in shown}
    started = {run.started_at for run in ana.runs()}
    assert {card.created_at for card in shown} <= started
    nothing = ana.desk.create(ana.user, replace(ana.board.brief, text="Something never asked before:"))
    view = ended(ana.desk.generate(ana.user, ana.session.id, ana.tokens, nothing.id))
    assert (view.cards, view.is_replayed) == ((), False)


def test_the_look_ahead_finds_all_well_after_a_good_generation(ana: Signed) -> None:
    ana.generate()
    assert {one.level for one in ana.rehearse()} == {"ok"}


def test_the_look_ahead_says_what_would_go_wrong(ana: Signed, emulator: Emulator, services: Services) -> None:
    emulator.openai.faults.set(ana.deployments[0].name, "deployment_missing")
    found = ana.rehearse()
    bad = [one for one in found if one.level == "bad"]
    assert [ana.deployments[0].label in one.says for one in bad] == [True]
    assert bad[0].remedy
    assert found[0] == bad[0]
    assert any(one.level == "ok" and ana.deployments[1].label in one.says for one in found)
    services.sessions.delete(ana.session.id)
    assert any(one.says == "You are signed out." and one.level == "bad" for one in ana.rehearse())


def test_the_look_ahead_of_somebody_without_the_role_says_whom_to_ask(services: Services) -> None:
    joiner = Signed(services, NEW_JOINER)
    bad = [one for one in joiner.rehearse() if one.level == "bad"]
    assert len(bad) == 1
    tried = joiner.desk.rehearsal.trial(joiner.user, joiner.session.id, joiner.tokens, joiner.board.id)
    assert [(one.says, one.command) for one in tried] == [(one.says, one.command) for one in bad]
    assert all(one.remedy and one.command for one in bad)


def test_a_trial_asks_for_real_keeps_the_board_as_it_is_and_leaves_an_answer_for_replay(
    ana: Signed, emulator: Emulator
) -> None:
    emulator.openai.faults.set(ana.deployments[0].name, "prompt_filtered")
    tried = ana.desk.rehearsal.trial(ana.user, ana.session.id, ana.tokens, ana.board.id)
    assert [one.level for one in tried] == ["bad", "ok"]
    assert ana.deployments[0].label in tried[0].says
    assert ana.seen().cards == ()
    assert ana.desk.generations(ana.user, ana.board.id) == ()
    said = {one.says: one.level for one in ana.rehearse()}
    assert said[f"The content filter stopped this brief the last time it was asked: {ana.deployments[0].label}."]
    assert any("can be shown, marked as such" in one for one in said)


def test_members_rate_while_cards_are_being_born_and_nothing_is_lost(ana: Signed, services: Services) -> None:
    from core.storage.board_records import Role

    other = Signed(services, NEW_JOINER)
    ana.generate()
    first = ana.seen().cards[0].id
    other.desk.sharing.join(other.user, ana.desk.sharing.make(ana.user, ana.board.id, Role.EDITOR).id)
    seen = other.desk.open(other.user, ana.board.id)
    generation = ana.desk.generate(ana.user, ana.session.id, ana.tokens, ana.board.id)
    other.desk.change(other.user, ana.board.id, seen.version, lambda board: shortlist(board, first))
    ended(generation)
    board = ana.seen()
    assert board.card(first).is_shortlisted
    assert len(board.cards) == 12
    for run in services.live.in_conversation(ana.user.key, ana.board.id):
        run.put_away.result(BOUND_SECONDS)
    assert {run.state for run in ana.runs()} == {RunState.COMPLETE}
