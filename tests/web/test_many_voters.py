"""An audience of forty that votes at the same time, on both databases: nothing is lost, and nothing counts twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.audience import Audience, Person, audience
from tests.support.databases import postgresql_with_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.taglines.board import Board

VOTERS = 40


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Audience]:
    if request.param == "sqlite":
        with audience(tmp_path) as running:
            yield running
    else:
        with postgresql_with_tables() as url, audience(tmp_path, url) as running:
            yield running


def opened(hall: Audience, owner: Person) -> tuple[Board, str]:
    board = hall.board(owner)
    return board, hall.taglines.voting.open(owner.user, board.id, [card.id for card in board.cards]).id


def test_forty_phones_that_tap_twice_at_once_are_forty_votes(hall: Audience) -> None:
    owner = hall.person("Ann")
    board, poll_id = opened(hall, owner)
    voters = [hall.person(f"Voter {number}") for number in range(VOTERS)]
    wanted = [board.cards[number % 3].id for number in range(VOTERS)]
    with ThreadPoolExecutor(VOTERS) as at_once:
        taps = [
            at_once.submit(hall.post, voter, f"/vote/{poll_id}", card=card)
            for voter, card in zip(voters, wanted, strict=True)
            for _ in range(2)
        ]
        looks = [at_once.submit(hall.get, owner, f"/stage/{board.id}/state") for _ in range(10)]
    assert {tap.result().status_code for tap in taps} == {303}
    assert {look.result().status_code for look in looks} == {200}
    poll = hall.taglines.voting.poll(owner.user, poll_id)
    assert poll.votes == Counter(wanted)
    assert [hall.taglines.voting.vote_of(voter.user, poll_id) for voter in voters] == wanted


def test_of_votes_cast_while_it_is_closed_each_is_counted_or_said_not_to_be(hall: Audience) -> None:
    owner = hall.person("Ann")
    board, poll_id = opened(hall, owner)
    voters = [hall.person(f"Voter {number}") for number in range(VOTERS)]
    first, second = (card.id for card in board.cards[:2])
    with ThreadPoolExecutor(VOTERS) as at_once:
        taps = [at_once.submit(hall.post, voter, f"/vote/{poll_id}", card=first) for voter in voters[:20]]
        closing = at_once.submit(hall.post, owner, f"/stage/{board.id}/vote", do="close")
        taps += [at_once.submit(hall.post, voter, f"/vote/{poll_id}", card=second) for voter in voters[20:]]
    assert {each.result().status_code for each in (closing, *taps)} == {303}
    poll = hall.taglines.voting.poll(owner.user, poll_id)
    mine = [hall.taglines.voting.vote_of(voter.user, poll_id) for voter in voters]
    assert not poll.is_open
    assert poll.votes == Counter(filter(None, mine))
    for voter, card_id in zip(voters, mine, strict=True):
        page = hall.get(voter, f"/vote/{poll_id}").text
        assert "This vote is closed." in page
        assert ("Your vote" in page) is bool(card_id)


def test_two_presenters_who_open_a_vote_at_once_open_one(hall: Audience) -> None:
    owner = hall.person("Ann")
    browsers = [hall.person("Ann") for _ in range(8)]
    board = hall.board(owner)
    with ThreadPoolExecutor(8) as at_once:
        answers = [at_once.submit(hall.post, browser, f"/stage/{board.id}/vote", do="open") for browser in browsers]
    assert len(hall.taglines.voting.of_board(owner.user, board.id)) == 1
    assert {answer.result().status_code for answer in answers} == {303}


def test_a_vote_opened_anew_begins_at_nothing_and_the_old_one_stays_closed(hall: Audience) -> None:
    owner, guest = hall.person("Ann"), hall.person("Gus")
    board, first = opened(hall, owner)
    hall.post(guest, f"/vote/{first}", card=board.cards[0].id)
    hall.post(owner, f"/stage/{board.id}/vote", do="close")
    hall.post(owner, f"/stage/{board.id}/vote", do="open")
    second, closed = hall.taglines.voting.of_board(owner.user, board.id)
    assert (closed.id, closed.votes_cast, second.is_open, second.votes_cast) == (first, 1, True, 0)
    hall.post(guest, f"/vote/{first}", card=board.cards[1].id)
    assert hall.taglines.voting.poll(owner.user, first).votes == {board.cards[0].id: 1}
