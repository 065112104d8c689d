"""The audience's vote and the invitation: only by a form of ours, once for each person, and always said."""

from __future__ import annotations

import socket
import time

import pytest

from core.errors import NotFound
from core.storage.board_records import Role
from tests.support.audience import TEXTS, Audience, Person


@pytest.fixture
def owner(shown: Audience) -> Person:
    return shown.person("Ann")


def opened(shown: Audience, owner: Person, texts: tuple[str, ...] = TEXTS) -> tuple[str, list[str]]:
    """A vote's path, and the ids of its cards."""
    board = shown.board(owner, texts)
    cards = [card.id for card in board.cards]
    return f"/vote/{shown.taglines.voting.open(owner.user, board.id, cards).id}", cards


def votes(shown: Audience, owner: Person, path: str) -> dict[str, int]:
    return dict(shown.taglines.voting.poll(owner.user, path.rpartition("/")[2]).votes)


def test_anybody_signed_in_with_the_address_votes_and_sees_it_counted(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    page = shown.get(guest, path).text
    assert all(text in page for text in TEXTS)
    assert "GPT" not in page
    assert "Your vote is counted" not in page
    answer = shown.post(guest, path, card=cards[1])
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "Your vote is counted" in shown.get(guest, path).text
    assert votes(shown, owner, path) == {cards[1]: 1}


def test_one_person_has_one_vote_in_all_browsers_and_may_change_it(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    for browser, card in ((shown.person("Gus"), cards[0]), (shown.person("Gus"), cards[2])):
        shown.post(browser, path, card=card)
    assert votes(shown, owner, path) == {cards[2]: 1}
    shown.post(shown.person("Eve"), path, card=cards[2])
    assert votes(shown, owner, path) == {cards[2]: 2}


def test_while_the_vote_is_open_nobody_sees_how_others_voted(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    before = shown.get(guest, path).text, shown.get(guest, f"{path}/state").text
    shown.post(shown.person("Eve"), path, card=cards[0])
    assert (shown.get(guest, path).text, shown.get(guest, f"{path}/state").text) == before


def test_a_phone_that_is_gone_before_its_form_arrived_is_no_failure(
    shown: Audience, owner: Person, caplog: pytest.LogCaptureFixture
) -> None:
    path, cards = opened(shown, owner)
    host, port = shown.url.removeprefix("http://").split(":")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {shown.url}\r\n"
        f"Cookie: {shown.front.cookie_name}={owner.cookie}\r\nContent-Length: 200\r\n\r\nform_token="
    )
    with socket.create_connection((host, int(port))) as phone:
        phone.sendall(head.encode())
        time.sleep(0.5)
    assert shown.post(owner, path, card=cards[0]).status_code == 303
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_vote_cast_on_another_device_shows_by_itself(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    phone, laptop = shown.person("Gus"), shown.person("Gus")
    before = shown.get(laptop, f"{path}/state").json()
    shown.post(phone, path, card=cards[0])
    after = shown.get(laptop, f"{path}/state").json()
    assert after != before
    assert f'data-state="{after["state"]}"' in shown.get(laptop, path).text


def test_a_form_older_than_the_sign_in_leads_back_to_the_vote(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    for form in (path, "/join/Abc-123"):
        answer = shown.post(guest, form, card=cards[0], form_token="of-an-earlier-session")
        assert answer.status_code == 403
        assert f'href="{form}">Load the page again</a>' in answer.text


def test_a_closed_vote_says_so_and_counts_nothing_more(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    before = shown.get(guest, f"{path}/state").json()
    shown.post(guest, path, card=cards[0])
    shown.taglines.voting.close(owner.user, path.rpartition("/")[2])
    page = shown.get(guest, path).text
    assert "This vote is closed. 1 vote counted." in page
    assert "<form" not in page
    assert shown.get(guest, f"{path}/state").json() != before
    late = shown.post(shown.person("Eve"), path, card=cards[1])
    assert late.headers["location"] == path
    assert votes(shown, owner, path) == {cards[0]: 1}


@pytest.mark.parametrize("token", ["", "x", "of another session"])
def test_a_form_without_this_sessions_token_is_not_counted(shown: Audience, owner: Person, token: str) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    given = shown.person("Gus").form_token if token == "of another session" else token
    answer = shown.post(guest, path, card=cards[0], form_token=given)
    assert answer.status_code == 403
    assert "This form was not sent from here." in answer.text
    assert votes(shown, owner, path) == {}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_of_another_site_is_not_counted(shown: Audience, owner: Person, origin: str) -> None:
    path, cards = opened(shown, owner)
    guest = shown.person("Gus")
    sent = {"form_token": guest.form_token, "card": cards[0]}
    headers = {"origin": origin} if origin else {}
    answer = shown.front.ask(path, method="POST", cookie=guest.cookie, data=sent, headers=headers)
    assert answer.status_code == 403
    assert votes(shown, owner, path) == {}


@pytest.mark.parametrize("card", ["", "nonsense", "x" * 5000])
def test_a_card_that_is_not_up_for_the_vote_is_refused_in_words(shown: Audience, owner: Person, card: str) -> None:
    path, _ = opened(shown, owner)
    answer = shown.post(owner, path, card=card)
    assert answer.status_code in {403, 404}
    assert "Load the page again" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signed_out_it_leads_to_sign_in_and_back_to_the_vote(shown: Audience, owner: Person, method: str) -> None:
    path, _ = opened(shown, owner)
    answer = shown.front.ask(path, method=method)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/auth/sign-in?next={path.replace('/', '%2F')}")


def test_no_vote_at_an_address_is_said_with_a_remedy(shown: Audience, owner: Person) -> None:
    for answer in (shown.get(owner, "/vote/nowhere"), shown.post(owner, "/vote/nowhere", card="x")):
        assert answer.status_code == 404
        assert "There is no such vote." in answer.text
        assert "Scan the code" in answer.text


def test_text_of_models_and_people_is_only_text(shown: Audience, owner: Person) -> None:
    path, cards = opened(shown, owner, ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'))
    shown.post(owner, path, card=cards[0])
    for page in (shown.get(owner, path).text, _closed(shown, owner, path)):
        assert "<script>alert" not in page
        assert "<img" not in page


def _closed(shown: Audience, owner: Person, path: str) -> str:
    shown.taglines.voting.close(owner.user, path.rpartition("/")[2])
    return shown.get(owner, path).text


@pytest.mark.parametrize(
    ("role", "what"), [(Role.VIEWER, "able to view it"), (Role.EDITOR, "able to view and edit it")]
)
def test_a_share_link_asks_before_anybody_joins(shown: Audience, owner: Person, role: Role, what: str) -> None:
    board = shown.board(owner)
    share = shown.taglines.sharing.make(owner.user, board.id, role)
    guest = shown.person("Gus")
    page = shown.get(guest, f"/join/{share.id}").text
    assert what in page
    assert "Ice cream for grown-ups" in page
    assert shown.taglines.sharing.members(owner.user, board.id) == ()
    answer = shown.post(guest, f"/join/{share.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/taglines?id={board.id}")
    assert shown.taglines.role(guest.user, board.id) is role


def test_a_form_from_elsewhere_makes_nobody_a_member(shown: Audience, owner: Person) -> None:
    board = shown.board(owner)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.EDITOR)
    guest = shown.person("Gus")
    assert shown.post(guest, f"/join/{share.id}", form_token="x").status_code == 403
    with pytest.raises(NotFound):
        shown.taglines.role(guest.user, board.id)


def test_a_link_that_was_taken_back_or_never_made_says_so(shown: Audience, owner: Person) -> None:
    board = shown.board(owner)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.EDITOR)
    shown.taglines.sharing.take_back(owner.user, board.id, share.id)
    guest = shown.person("Gus")
    for path in (f"/join/{share.id}", "/join/nowhere"):
        for answer in (shown.get(guest, path), shown.post(guest, path)):
            assert answer.status_code == 404
            assert "This link does not work any more." in answer.text
            assert "Ask the person who sent it for a new one." in answer.text
            assert "Ice cream" not in answer.text


def test_an_invitation_comes_back_after_signing_in(shown: Audience) -> None:
    answer = shown.get(None, "/join/Abc-123_x")
    assert answer.headers["location"] == "/auth/sign-in?next=%2Fjoin%2FAbc-123_x"
