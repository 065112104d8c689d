"""Signing in and out, through the real MSAL, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, TENANT_ID, TESTER
from core.errors import SignInError, SignInRefused
from tests.support.forgeries import changed
from tests.support.identity import REDIRECT_URI, SCOPE, IdentityRoom, make_settings
from tests.support.people import choose_account

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator


def test_a_person_signs_in_and_gets_a_session_of_their_tenant_and_object_id(room: IdentityRoom) -> None:
    completed = room.sign_in_as(BUSINESS_USER, next_path="/history")
    record = room.stores.sessions.by_cookie(completed.cookie)
    assert record == completed.record
    assert (record.tenant_id, record.object_id) == (TENANT_ID, BUSINESS_USER.object_id)
    assert (record.username, record.name) == (BUSINESS_USER.username, BUSINESS_USER.name)
    assert completed.next_path == "/history"


def test_the_token_cache_of_the_session_holds_a_token_for_the_deployments(room: IdentityRoom) -> None:
    record = room.sign_in_as().record
    loaded = room.stores.sessions.load_cache(record.id)
    assert loaded is not None
    cached = json.loads(loaded[0])["AccessToken"].values()
    assert [entry for entry in cached if SCOPE in entry["target"]]


def test_roles_come_from_the_validated_token(room: IdentityRoom) -> None:
    assert room.sign_in_as(ADMINISTRATOR).record.roles == ("Admin",)
    assert room.sign_in_as(TESTER).record.roles == ()


def test_the_request_to_entra_carries_pkce_state_nonce_and_query_mode(room: IdentityRoom) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(room.begin().location).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert query["response_mode"] == "query"
    assert query["redirect_uri"] == REDIRECT_URI
    assert query["prompt"] == "select_account"
    assert "CP1" in query["claims"]
    assert {SCOPE, "openid", "offline_access"} <= set(query["scope"].split())
    assert all(len(query[name]) >= 16 for name in ("state", "nonce", "code_challenge"))


def test_claims_login_hint_and_prompt_are_passed_on(room: IdentityRoom) -> None:
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    begun = room.begin(claims=claims, login_hint="someone@contoso.example", prompt="")
    query = parse_qs(urlsplit(begun.location).query)
    assert json.loads(query["claims"][0])["access_token"]["acrs"]["value"] == "c1"
    assert query["login_hint"] == ["someone@contoso.example"]
    assert "prompt" not in query


def test_an_app_that_calls_as_itself_asks_people_for_no_token(room: IdentityRoom) -> None:
    settings = make_settings(calls_as="app")
    own = IdentityRoom(room.emulator, room.clock, room.stores, room.http, room.authority, settings)
    scopes = parse_qs(urlsplit(own.begin().location).query)["scope"][0].split()
    assert set(scopes) == {"openid", "profile"}
    record = own.sign_in_as().record
    assert record.object_id == BUSINESS_USER.object_id
    loaded = room.stores.sessions.load_cache(record.id)
    assert loaded is not None
    assert loaded[0] == b""


def test_every_sign_in_makes_a_new_session_and_ends_the_old_one(room: IdentityRoom) -> None:
    first = room.sign_in_as()
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    second = room.complete(query, begun.flow_cookie, old_cookie=first.cookie)
    assert second.cookie != first.cookie
    assert second.record.id != first.record.id
    assert room.stores.sessions.by_cookie(first.cookie) is None
    assert room.stores.sessions.by_cookie(second.cookie) == second.record


def test_a_session_id_planted_before_sign_in_never_becomes_a_session(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    completed = room.complete(query, begun.flow_cookie, old_cookie="planted-by-an-attacker")
    assert room.stores.sessions.by_cookie("planted-by-an-attacker") is None
    assert len(completed.cookie) >= 43


def test_the_same_user_name_in_two_tenants_is_two_people(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.mutate_next_id_token(changed(preferred_username=TESTER.username))
    posing = room.sign_in_as(BUSINESS_USER).record
    tester = room.sign_in_as(TESTER).record
    assert posing.username == tester.username
    assert posing.object_id == BUSINESS_USER.object_id != tester.object_id


@pytest.mark.parametrize("username", ["kim_partner.example#EXT#@contoso.example", "a@evil@contoso.example", ""])
def test_odd_user_names_change_nothing_about_who_it_is(room: IdentityRoom, emulator: Emulator, username: str) -> None:
    emulator.entra.mutate_next_id_token(changed(preferred_username=username))
    record = room.sign_in_as().record
    assert record.object_id == BUSINESS_USER.object_id
    assert record.username == (username or BUSINESS_USER.object_id)


def test_names_with_control_characters_are_shown_in_one_line(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.mutate_next_id_token(changed(name="Ben\r\n\x1b[31m{\u202e" + "x" * 5000))
    name = room.sign_in_as().record.name
    assert name.isprintable()
    assert len(name) <= 200


def test_someone_in_too_many_groups_signs_in_without_rights_and_the_audit_says_so(
    room: IdentityRoom, emulator: Emulator
) -> None:
    overage = changed(_claim_names={"groups": "src1"}, _claim_sources={"src1": {"endpoint": "https://graph.invalid"}})
    emulator.entra.mutate_next_id_token(overage)
    assert room.sign_in_as().record.roles == ()
    assert [event for event in room.audited() if "groups" in event["detail"]]


def test_groups_in_the_token_give_no_rights(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.mutate_next_id_token(changed(groups=["Admin"], roles="Admin"))
    assert room.sign_in_as().record.roles == ()


def test_sign_in_and_sign_out_are_audited_with_the_person(room: IdentityRoom) -> None:
    record = room.sign_in_as().record
    room.sign_in.sign_out(record.id)
    events = [(event["event"], event["object_id"], event["session_id"]) for event in room.audited()]
    assert events == [("sign-in", record.object_id, record.id), ("sign-out", record.object_id, record.id)]


def test_signing_out_twice_is_one_sign_out(room: IdentityRoom) -> None:
    record = room.sign_in_as().record
    room.sign_in.sign_out(record.id)
    room.sign_in.sign_out(record.id)
    assert room.stores.sessions.by_id(record.id) is None
    assert [event["event"] for event in room.audited()].count("sign-out") == 1


def test_a_refusal_is_audited_with_the_reference_the_person_sees(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.mutate_next_id_token(changed(aud="someone-else"))
    with pytest.raises(SignInRefused) as refused:
        room.sign_in_as()
    (event,) = room.audited()
    assert (event["event"], event["reference"]) == ("sign-in refused", refused.value.reference)
    assert "aud" in event["detail"]


def test_a_refusal_knows_where_the_person_wanted_to_go(room: IdentityRoom) -> None:
    with pytest.raises(SignInError) as cancelled:
        room.sign_in_as(None, next_path="/?id=abc")
    assert cancelled.value.next_path == "/?id=abc"
    with pytest.raises(SignInError) as stranger:
        room.complete({"code": "c", "state": "s"}, None)
    assert stranger.value.next_path == "/"


def test_two_tabs_sign_in_at_once_each_with_its_own_flow(room: IdentityRoom) -> None:
    first, second = room.begin(), room.begin()
    answers = [choose_account(begun.location, person) for begun, person in ((first, TESTER), (second, ADMINISTRATOR))]
    completed = room.complete(answers[1], second.flow_cookie), room.complete(answers[0], first.flow_cookie)
    assert [done.record.object_id for done in completed] == [ADMINISTRATOR.object_id, TESTER.object_id]


def test_the_browser_can_also_sign_out_of_entra(room: IdentityRoom) -> None:
    url = room.sign_in.end_session_url("http://localhost:8501/auth/signed-out")
    assert url is not None
    assert urlsplit(url).path.endswith("/oauth2/v2.0/logout")
    assert parse_qs(urlsplit(url).query)["post_logout_redirect_uri"] == ["http://localhost:8501/auth/signed-out"]


def test_without_entra_there_is_no_address_to_sign_out_at(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.answer_next(503, "<html>", endpoint="discovery", times=2)
    assert room.sign_in.end_session_url("http://localhost:8501/auth/signed-out") is None
