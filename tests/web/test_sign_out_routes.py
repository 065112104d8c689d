"""Signing out: only by a form of ours, completely, and with everything the session had."""

from __future__ import annotations

import pytest

from tests.support.front import Front, front
from tests.support.scripted_doors import ScriptedDoors


def test_asking_to_sign_out_changes_nothing(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    answer = served.ask("/auth/sign-out", cookie=cookie)
    assert session.form_token in answer.text
    assert session.username in answer.text
    assert "<script" not in answer.text
    assert cookie not in answer.text
    assert session.id not in answer.text
    assert served.ask("/", cookie=cookie).status_code == 200
    assert served.doors.entra.signed_out == []


def test_signing_out_ends_the_session_its_answers_and_what_the_browser_kept(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    answer = served.ask(
        "/auth/sign-out",
        method="POST",
        cookie=cookie,
        data={"form_token": session.form_token},
        headers={"origin": served.url},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/signed-out")
    assert answer.headers.get_list("set-cookie") == [
        f"{served.cookie_name}=cleared; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
    ]
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert served.doors.entra.signed_out == [session.id]
    assert served.doors.live.cancelled == [session.id]
    assert served.ask("/", cookie=cookie).status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost:1", "{url}/", "{url}.evil"])
def test_a_form_from_elsewhere_signs_nobody_out(served: Front, origin: str) -> None:
    cookie, session = served.doors.sessions.sign_in()
    headers = {"origin": origin.format(url=served.url)} if origin else {}
    data = {"form_token": session.form_token}
    answer = served.ask("/auth/sign-out", method="POST", cookie=cookie, data=data, headers=headers)
    assert answer.status_code == 403
    assert served.ask("/", cookie=cookie).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "ö", "of another session", "x" * 5000])
def test_a_form_without_this_sessions_token_signs_nobody_out(served: Front, token: str) -> None:
    cookie, session = served.doors.sessions.sign_in()
    _, other = served.doors.sessions.sign_in()
    data = {"form_token": other.form_token if token == "of another session" else token}
    sent = {"origin": served.url}
    assert served.ask("/auth/sign-out", method="POST", cookie=cookie, data=data, headers=sent).status_code == 403
    in_query = f"/auth/sign-out?form_token={session.form_token}"
    assert served.ask(in_query, method="POST", cookie=cookie, headers=sent).status_code == 403
    assert served.ask("/", cookie=cookie).status_code == 200
    assert served.doors.live.cancelled == []


def test_signing_out_of_microsoft_too_goes_on_to_entra(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    form = {"form_token": session.form_token, "microsoft": "yes"}
    answer = served.ask("/auth/sign-out", method="POST", cookie=cookie, data=form, headers={"origin": served.url})
    back = f"{served.url}/auth/signed-out"
    assert answer.headers["location"] == f"https://login.example/logout?post_logout_redirect_uri={back}"


def test_the_forms_policy_allows_the_redirect_to_entra_and_only_there(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    policy = served.ask("/auth/sign-out", cookie=cookie).headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "; form-action 'self' https://login.example; " in policy[0]


def test_without_entras_sign_out_it_is_not_offered() -> None:
    doors = ScriptedDoors()
    doors.entra.end_session = None
    with front(doors) as served:
        cookie, _ = doors.sessions.sign_in()
        answer = served.ask("/auth/sign-out", cookie=cookie)
        assert "Microsoft" not in answer.text
        assert "; form-action 'self'; " in answer.headers["content-security-policy"]


def test_who_is_signed_out_already_is_told_so(served: Front) -> None:
    for method in ("GET", "POST"):
        answer = served.ask("/auth/sign-out", method=method, headers={"origin": "https://evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/auth/signed-out")
        # A browser leaves its cookie out of another site's form, and would take what the answer clears.
        assert "set-cookie" not in answer.headers
        assert "clear-site-data" not in answer.headers
    stale = served.ask("/auth/signed-out", cookie="a" * 43)
    assert "You are signed out" in stale.text
    assert stale.headers["set-cookie"].endswith("Max-Age=0")


def test_nobody_who_is_signed_in_is_told_that_they_are_not(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    assert served.ask("/auth/signed-out", cookie=cookie).headers["location"] == "/welcome"
