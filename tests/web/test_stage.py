"""The stage: who sees it, what is in it, and above all what is not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from core.storage.board_records import Role
from core.taglines.board import edit, shortlist
from tests.support.audience import LABEL, TEXTS, Audience, audience

if TYPE_CHECKING:
    from pathlib import Path


def state(shown: Audience, path: str, person: object) -> str:
    answer = shown.get(person, f"{path}/state")  # type: ignore[arg-type]
    assert answer.status_code == 200
    return str(answer.json()["state"])


def test_the_owner_sees_every_card_and_nothing_of_the_app(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    answer = shown.get(owner, f"/stage/{board.id}")
    assert answer.status_code == 200
    assert all(text in answer.text for text in TEXTS)
    assert "Keyless" not in re.sub(r"<title>.*?</title>", "", answer.text)
    assert f'href="/taglines?id={board.id}"' in answer.text


def test_only_the_shortlist_is_shown_as_soon_as_there_is_one(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    shown.taglines.change(owner.user, board.id, board.version, lambda now: shortlist(now, now.cards[1].id))
    text = shown.get(owner, f"/stage/{board.id}").text
    assert TEXTS[1] in text
    assert TEXTS[0] not in text


def test_deployments_are_named_only_when_they_are_asked_for(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    shown.taglines.voting.open(owner.user, board.id, [card.id for card in board.cards])
    assert "GPT" not in shown.get(owner, f"/stage/{board.id}").text
    assert "GPT" not in shown.get(owner, f"/stage/{board.id}/state").text
    names = shown.get(owner, f"/stage/{board.id}/names").json()["names"]
    assert names == {card.id: LABEL for card in board.cards}


def test_a_stored_answer_shown_again_says_so_on_stage_and_names_nobody(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    assert "shown again" not in shown.get(owner, f"/stage/{board.id}").text
    cards = (replace(board.cards[0], how="replayed"), *board.cards[1:])
    shown.taglines.change(owner.user, board.id, board.version, lambda now: replace(now, cards=cards))
    text = shown.get(owner, f"/stage/{board.id}").text
    assert text.count(f"Stored answer of {board.cards[0].created_at:%Y-%m-%d %H:%M} UTC, shown again") == 1
    assert "GPT" not in text


def test_who_may_only_look_learns_no_names_that_the_board_hides(shown: Audience) -> None:
    owner, viewer = shown.person("Ann"), shown.person("Vic")
    board = shown.board(owner, shows_deployments=False)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.VIEWER)
    shown.taglines.sharing.join(viewer.user, share.id)
    answer = shown.get(viewer, f"/stage/{board.id}/names")
    assert answer.status_code == 403
    assert "GPT" not in answer.text
    assert shown.get(owner, f"/stage/{board.id}/names").status_code == 200


def test_changes_of_the_board_change_the_state_and_nothing_else_does(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    path = f"/stage/{board.id}"
    before = state(shown, path, owner)
    assert f'data-state="{before}"' in shown.get(owner, path).text
    assert state(shown, path, owner) == before
    shown.taglines.change(owner.user, board.id, board.version, lambda now: edit(now, now.cards[0].id, "New words."))
    after = state(shown, path, owner)
    assert after != before
    shown.taglines.voting.open(owner.user, board.id, [card.id for card in board.cards])
    assert state(shown, path, owner) != after


def test_signed_out_it_leads_to_sign_in_and_back(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    answer = shown.get(None, f"/stage/{board.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/auth/sign-in?next=%2Fstage%2F{board.id}")


@pytest.mark.parametrize("path", ["/stage/{id}", "/stage/nowhere", "/stage/{id}/state", "/stage/{id}/names"])
def test_what_is_not_shared_is_not_there_and_it_is_said_what_to_do(shown: Audience, path: str) -> None:
    board = shown.board(shown.person("Ann"))
    answer = shown.get(shown.person("Bob"), path.format(id=board.id))
    assert answer.status_code == 404
    assert "Check the address" in answer.text or "share" in answer.text
    assert not any(text in answer.text for text in (*TEXTS, "Ice cream"))


def test_nothing_inline_is_allowed_and_nothing_is_kept(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    answer = shown.get(owner, f"/stage/{board.id}")
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "script-src 'self';" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=", answer.text)
    assert "://" not in answer.text.replace("http://www.w3.org", "")


def test_text_of_models_and_people_is_only_text(shown: Audience) -> None:
    owner = shown.person('Ann <img src="x">')
    board = shown.board(owner, ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\x07b\u202ec"))
    text = shown.get(owner, f"/stage/{board.id}").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "a b c" in text


def test_an_empty_board_says_so(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner, ())
    assert "no tagline on this board yet" in shown.get(owner, f"/stage/{board.id}").text


def test_an_editor_opens_and_closes_a_vote_from_the_stage(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    path = f"/stage/{board.id}"
    answer = shown.post(owner, f"{path}/vote", do="open")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#vote")
    (poll,) = shown.taglines.voting.of_board(owner.user, board.id)
    assert poll.is_open
    assert shown.post(owner, f"{path}/vote", do="open").status_code == 303
    assert [each.id for each in shown.taglines.voting.of_board(owner.user, board.id)] == [poll.id]
    assert [choice.text for choice in poll.choices] == list(TEXTS)
    page = shown.get(owner, path).text
    assert f"{shown.url}/vote/{poll.id}" in page
    assert "<svg" in page
    shown.post(owner, f"{path}/vote", do="close")
    assert not shown.taglines.voting.of_board(owner.user, board.id)[0].is_open
    assert "The vote is closed" in shown.get(owner, path).text


def test_who_may_only_look_opens_no_vote(shown: Audience) -> None:
    owner, viewer = shown.person("Ann"), shown.person("Vic")
    board = shown.board(owner)
    share = shown.taglines.sharing.make(owner.user, board.id, Role.VIEWER)
    shown.taglines.sharing.join(viewer.user, share.id)
    assert "<form" not in shown.get(viewer, f"/stage/{board.id}").text
    answer = shown.post(viewer, f"/stage/{board.id}/vote", do="open")
    assert answer.status_code == 403
    assert shown.taglines.voting.of_board(owner.user, board.id) == ()


def test_a_form_from_elsewhere_opens_no_vote(shown: Audience) -> None:
    owner, other = shown.person("Ann"), shown.person("Ann")
    board = shown.board(owner)
    path = f"/stage/{board.id}/vote"
    assert shown.post(owner, path, do="open", form_token=other.form_token).status_code == 403
    sent = {"form_token": owner.form_token, "do": "open"}
    headers = {"origin": "https://evil.example"}
    answer = shown.front.ask(path, method="POST", cookie=owner.cookie, data=sent, headers=headers)
    assert answer.status_code == 403
    assert f'href="/stage/{board.id}">Load the page again</a>' in answer.text
    assert shown.taglines.voting.of_board(owner.user, board.id) == ()


def test_asking_again_and_again_does_not_keep_a_session_alive(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    touched = shown.front.entrance.watch._touched_at
    before = len(touched)
    shown.get(owner, f"/stage/{board.id}/state")
    assert len(touched) == before
    shown.get(owner, f"/stage/{board.id}")
    assert len(touched) == before + 1


def test_files_of_the_stage_are_there_and_no_others(shown: Audience) -> None:
    owner = shown.person("Ann")
    board = shown.board(owner)
    page = shown.get(owner, f"/stage/{board.id}").text
    addresses = re.findall(r'(?:href|src)="(/shown/[^"]+)"', page)
    assert len(addresses) == 2
    folder, _, script = addresses[1].rpartition("/")
    parts = re.findall(r'from "\./(\w+\.js)"', shown.get(owner, addresses[1]).text)
    assert (script, len(parts)) == ("stage.js", 2)
    for address in (*addresses, *(f"{folder}/{part}" for part in parts)):
        answer = shown.get(owner, address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert shown.get(None, address).status_code == 303
    for name in ("logo", "gate.py", "..%2Fgate.py", "favicon.png"):
        assert shown.get(owner, f"{folder}/{name}").status_code in {400, 404}


def test_a_file_asked_for_as_another_version_is_not_kept(shown: Audience) -> None:
    answer = shown.get(shown.person("Ann"), "/shown/elsewhere/stage.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_the_brand_stands_on_the_stage(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20)).save(tmp_path / "logo.jpg")
    with audience(tmp_path, brand_name="Frost & Co", brand_logo=tmp_path / "logo.jpg") as shown:
        owner = shown.person("Ann")
        board = shown.board(owner)
        page = shown.get(owner, f"/stage/{board.id}").text
        assert "Frost &amp; Co" in page
        found = re.search(r'<img class="mark" src="([^"]+)"', page)
        assert found
        logo = shown.get(owner, found[1])
        assert logo.headers["content-type"] == "image/jpeg"
        assert logo.content == (tmp_path / "logo.jpg").read_bytes()
