"""The stage, the vote and the invitation under attack: whoever guesses, copies, frames, floods or was shut out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from core.storage.board_records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx2

    from tests.support.audience import Audience, Person

WORDS = "Scoop up a little happiness."
PROTECTION = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Scene:
    """A board with an open vote and a link for editors."""

    owner: Person
    board_id: str
    poll_id: str
    share_id: str
    cards: Sequence[str]

    @property
    def addresses(self) -> dict[str, str]:
        """Every address that belongs to it."""
        stage, vote = f"/stage/{self.board_id}", f"/vote/{self.poll_id}"
        return {
            "stage": stage,
            "stage state": f"{stage}/state",
            "names": f"{stage}/names",
            "opening a vote": f"{stage}/vote",
            "vote": vote,
            "vote state": f"{vote}/state",
            "join": f"/join/{self.share_id}",
        }


@pytest.fixture
def scene(shown: Audience) -> Scene:
    owner = shown.person("Ann")
    board = shown.board(owner)
    cards = [card.id for card in board.cards]
    poll = shown.taglines.voting.open(owner.user, board.id, cards)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.EDITOR)
    return Scene(owner, board.id, poll.id, share.id, cards)


def of_board(scene: Scene) -> list[str]:
    return [path for name, path in scene.addresses.items() if path.startswith("/stage/") and name != "opening a vote"]


def assert_protected(answer: httpx2.Response) -> None:
    headers = answer.headers
    assert {name: headers.get(name) for name in PROTECTION} == PROTECTION, answer
    for name in ("content-security-policy", *PROTECTION):
        assert len(headers.get_list(name)) == 1
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "base-uri 'none'" in policy


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_every_answer_to_every_method_is_protected_and_changes_nothing(
    shown: Audience, scene: Scene, method: str
) -> None:
    stranger = shown.person("Eve")
    for cookie in ("", stranger.cookie, scene.owner.cookie):
        for path in (*scene.addresses.values(), "/shown/x/stage.js", "/shown/nothing", "/stage/", "/vote/a/b"):
            answer = shown.front.ask(path, method=method, cookie=cookie, headers={"origin": shown.url})
            assert answer.status_code < 500
            if method not in {"GET", "HEAD", "POST"} and answer.status_code < 300:
                # What Streamlit answers in the place of a page holds nothing of a board.
                assert WORDS not in answer.text
            assert_protected(answer)
    poll = shown.taglines.voting.poll(scene.owner.user, scene.poll_id)
    assert (dict(poll.votes), poll.is_open) == ({}, True)
    assert shown.taglines.sharing.members(scene.owner.user, scene.board_id) == ()


def test_a_copied_or_guessed_id_of_a_board_shows_a_stranger_nothing(shown: Audience, scene: Scene) -> None:
    stranger = shown.person("Eve")
    for board_id in (scene.board_id, scene.board_id[:-1], scene.board_id + "a", scene.poll_id, scene.share_id, "%00"):
        for path in of_board(scene):
            answer = shown.get(stranger, path.replace(scene.board_id, board_id))
            assert answer.status_code in {400, 404}
            assert WORDS not in answer.text
    answer = shown.post(stranger, scene.addresses["opening a vote"], do="close")
    assert answer.status_code == 404
    assert shown.taglines.voting.poll(scene.owner.user, scene.poll_id).is_open


def test_who_was_shut_out_sees_and_does_nothing_from_the_next_request_on(shown: Audience, scene: Scene) -> None:
    sharing = shown.taglines.sharing
    taken_back, removed = shown.person("Gus"), shown.person("Eve")
    link = sharing.make(scene.owner.user, scene.board_id, Role.EDITOR)
    shown.post(taken_back, f"/join/{link.id}")
    shown.post(removed, f"/join/{scene.share_id}")
    for member in (taken_back, removed):
        assert all(shown.get(member, path).status_code == 200 for path in of_board(scene))
    sharing.take_back(scene.owner.user, scene.board_id, link.id)
    (still,) = sharing.members(scene.owner.user, scene.board_id)
    sharing.remove(scene.owner.user, scene.board_id, still)
    for member, share_id in ((taken_back, link.id), (removed, scene.share_id)):
        for path in of_board(scene):
            answer = shown.get(member, path)
            assert answer.status_code == 404
            assert WORDS not in answer.text
        assert shown.post(member, scene.addresses["opening a vote"], do="close").status_code == 404
        assert shown.post(member, f"/join/{share_id}").status_code == 404
    assert shown.taglines.voting.poll(scene.owner.user, scene.poll_id).is_open
    assert sharing.members(scene.owner.user, scene.board_id) == ()


def test_one_person_who_votes_from_many_browsers_at_once_has_one_vote(shown: Audience, scene: Scene) -> None:
    browsers = [shown.person("Gus") for _ in range(12)]
    with ThreadPoolExecutor(12) as at_once:
        cast = [
            at_once.submit(shown.post, browser, f"/vote/{scene.poll_id}", card=scene.cards[number % 3])
            for number, browser in enumerate(browsers)
        ]
    assert {each.result().status_code for each in cast} == {303}
    assert shown.taglines.voting.poll(scene.owner.user, scene.poll_id).votes_cast == 1


def test_a_form_of_one_session_works_in_no_other_not_even_of_the_same_person(shown: Audience, scene: Scene) -> None:
    here, there = shown.person("Gus"), shown.person("Gus")
    for path in (f"/vote/{scene.poll_id}", scene.addresses["join"]):
        answer = shown.post(here, path, card=scene.cards[0], form_token=there.form_token)
        assert answer.status_code == 403
    assert shown.taglines.sharing.members(scene.owner.user, scene.board_id) == ()
    assert shown.taglines.voting.poll(scene.owner.user, scene.poll_id).votes_cast == 0


def test_a_form_that_is_too_large_is_refused_though_it_begins_well(shown: Audience, scene: Scene) -> None:
    begin = f"form_token={scene.owner.form_token}&card={scene.cards[0]}&do=close&more=".encode()
    headers = {"origin": shown.url, "content-type": "application/x-www-form-urlencoded"}
    for path in (f"/vote/{scene.poll_id}", scene.addresses["join"], scene.addresses["opening a vote"]):
        body = begin + b"a" * (8 << 20)
        answer = shown.front.ask(path, method="POST", cookie=scene.owner.cookie, content=body, headers=headers)
        assert answer.status_code == 403
    poll = shown.taglines.voting.poll(scene.owner.user, scene.poll_id)
    assert (dict(poll.votes), poll.is_open) == ({}, True)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/stage/x/../../evil", "/join/a?next=//evil"],
)
def test_no_address_leads_out_of_the_app(shown: Audience, scene: Scene, wanted: str) -> None:
    answers = [
        shown.get(None, f"/auth/sign-in?next={wanted}"),
        shown.get(scene.owner, f"/welcome?next={wanted}"),
        shown.get(scene.owner, f"/full?next={wanted}"),
        shown.post(scene.owner, f"/vote/{scene.poll_id}?next={wanted}", card=scene.cards[0], next=wanted),
        shown.post(scene.owner, f"{scene.addresses['join']}?next={wanted}", next=wanted),
        shown.post(scene.owner, f"{scene.addresses['opening a vote']}?next={wanted}", do="close", next=wanted),
    ]
    for answer in answers:
        assert "evil" not in answer.headers.get("location", "")


def test_a_guest_of_the_vote_learns_nothing_else_of_the_board(shown: Audience, scene: Scene) -> None:
    guest = shown.person("Gus")
    page = shown.get(guest, f"/vote/{scene.poll_id}").text
    assert scene.board_id not in page
    assert scene.owner.user.username not in page
    assert "GPT" not in page
