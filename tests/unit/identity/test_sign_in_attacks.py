"""Every way to get in that must not work: each leaves no session, and an audit row."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, TESTER
from core.errors import SignInError, SignInExpired, SignInRefused
from tests.support import forgeries
from tests.support.identity import REDIRECT_URI
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.emulator.emulator import Emulator
    from core.emulator.entra_tokens import Mutation
    from tests.support.identity import IdentityRoom


@pytest.fixture(autouse=True)
def nothing_is_kept_of_an_attack(room: IdentityRoom) -> Iterator[None]:
    yield
    assert room.sessions() == 0
    assert room.audited()[-1]["event"] == "sign-in refused"


@pytest.mark.parametrize("state", [None, "", "another", "ünïcode"])
def test_a_missing_or_other_state_is_refused_before_any_token_request(room: IdentityRoom, state: str | None) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    query.pop("state")
    with pytest.raises(SignInExpired):
        room.complete(query if state is None else {**query, "state": state}, begun.flow_cookie)
    assert room.token_requests() == 0


def test_a_callback_works_in_the_browser_that_began_only(room: IdentityRoom) -> None:
    victims, attackers = room.begin(), room.begin()
    stolen = choose_account(victims.location, BUSINESS_USER)
    with pytest.raises(SignInExpired):
        room.complete(stolen, attackers.flow_cookie)
    assert room.token_requests() == 0


def test_signing_a_victim_in_as_the_attacker_fails(room: IdentityRoom) -> None:
    attackers = choose_account(room.begin().location, TESTER)
    with pytest.raises(SignInExpired):
        room.complete(attackers, room.begin().flow_cookie)


@pytest.mark.parametrize("cookie", [None, "", "made-up", "x" * 8192])
def test_without_the_flow_cookie_there_is_no_sign_in(room: IdentityRoom, cookie: str | None) -> None:
    query = choose_account(room.begin().location, BUSINESS_USER)
    with pytest.raises(SignInExpired):
        room.complete(query, cookie)
    assert room.token_requests() == 0


def test_an_attempt_ends_after_ten_minutes(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    room.clock.advance(minutes=10, seconds=1)
    with pytest.raises(SignInExpired):
        room.complete(query, begun.flow_cookie)


def test_a_replayed_callback_is_refused(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    done = room.complete(query, begun.flow_cookie)
    room.sign_in.sign_out(done.record.id)
    before = room.token_requests()
    with pytest.raises(SignInExpired):
        room.complete(query, begun.flow_cookie)
    assert room.token_requests() == before


def test_a_replayed_code_is_refused_by_entra(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    stored = room.stores.flows.take(begun.flow_cookie)
    assert stored is not None
    for cookie in ("first", "second"):
        room.stores.flows.put(cookie=cookie, flow=stored.flow, next_path="/")
    room.sign_in.sign_out(room.complete(query, "first").record.id)
    with pytest.raises(SignInRefused) as refused:
        room.complete(query, "second")
    assert "AADSTS54005" in refused.value.detail


def test_a_stolen_code_is_worth_nothing_without_the_verifier_of_its_own_flow(room: IdentityRoom) -> None:
    stolen = choose_account(room.begin().location, BUSINESS_USER)
    own = room.begin()
    stored = room.stores.flows.take(own.flow_cookie)
    assert stored is not None
    flow = json.loads(stored.flow)
    room.stores.flows.put(cookie="own", flow=stored.flow, next_path="/")
    with pytest.raises(SignInRefused) as refused:
        room.complete({"code": stolen["code"], "state": flow["state"]}, "own")
    assert "AADSTS501481" in refused.value.detail


def test_a_code_is_not_redeemed_without_a_verifier(room: IdentityRoom) -> None:
    change_flow = altered_flow(room, lambda flow: {**flow, "code_verifier": ""})
    with pytest.raises(SignInRefused) as refused:
        room.complete(*change_flow)
    assert "AADSTS50148" in refused.value.detail


def test_an_id_token_that_answers_another_nonce_is_refused(room: IdentityRoom) -> None:
    with pytest.raises(SignInRefused):
        room.complete(*altered_flow(room, lambda flow: {**flow, "nonce": "another"}))


def test_a_callback_to_another_address_is_refused(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    with pytest.raises(SignInExpired):
        room.sign_in.complete(
            query,
            flow_cookie=begun.flow_cookie,
            redirect_uri=REDIRECT_URI.replace("localhost", "127.0.0.1"),
            old_cookie=None,
        )


def test_a_callback_without_code_or_error_is_refused(room: IdentityRoom) -> None:
    begun = room.begin()
    state = choose_account(begun.location, BUSINESS_USER)["state"]
    with pytest.raises(SignInRefused):
        room.complete({"state": state, "id_token": "x", "access_token": "y"}, begun.flow_cookie)


def test_an_error_wins_over_a_code(room: IdentityRoom) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    with pytest.raises(SignInError) as refused:
        room.complete({**query, "error": "access_denied"}, begun.flow_cookie)
    assert refused.value.detail == "access_denied"
    assert room.token_requests() == 0


def test_a_hostile_error_description_is_cut_and_stays_in_one_line(
    room: IdentityRoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    begun = room.begin()
    state = choose_account(begun.location, BUSINESS_USER)["state"]
    hostile = "<script>alert(1)</script>\r\nSet-Cookie: a=b\n\x1b[2J\u2028" + "A" * 50_000
    with pytest.raises(SignInRefused) as refused:
        room.complete(
            {"state": state, "error": "bad\r\nthing", "error_description": hostile, "code": "c"}, begun.flow_cookie
        )
    assert refused.value.detail.startswith("error: <script>alert(1)</script>  Set-Cookie")
    assert len(refused.value.detail) <= 300 + len("error: ")
    assert refused.value.detail.isprintable()
    assert all(record.getMessage().isprintable() for record in caplog.records if record.name.startswith("core"))
    assert room.audited()[0]["detail"].isprintable()


MUTATIONS: dict[str, Callable[[Emulator], Mutation]] = {
    "aud": lambda _: forgeries.changed(aud="00000000-0000-0000-0000-000000000000"),
    "aud as a list": lambda _: lambda claims: {**claims, "aud": [claims["aud"]]},
    "iss of another tenant": lambda emulator: forgeries.changed(
        iss=f"https://{emulator.signer.authority_host}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
    ),
    "iss of another host": lambda _: (
        lambda claims: {
            **claims,
            "iss": claims["iss"].replace("emulator.keyless.invalid", "login.microsoftonline.com"),
        }
    ),
    "tid": lambda _: forgeries.changed(tid="9188040d-6c67-4c5b-b112-36a304b66dad"),
    "no tid": lambda _: forgeries.changed(tid=None),
    "expired": lambda _: forgeries.shifted(-2 * 3600),
    "not yet": lambda _: forgeries.shifted(3600),
    "nbf": lambda _: lambda claims: {**claims, "nbf": claims["nbf"] + 3600},
    "no exp": lambda _: forgeries.changed(exp=None),
    "exp as text": lambda _: forgeries.changed(exp="never"),
    "no oid": lambda _: forgeries.changed(oid=None),
    "no sub": lambda _: forgeries.changed(sub=None),
    "oid no text": lambda _: forgeries.changed(oid=17),
    "no nonce": lambda _: forgeries.changed(nonce=None),
    "alg none": lambda _: forgeries.unsigned(),
    "stranger": lambda emulator: forgeries.signed_by_a_stranger(emulator.signer),
    "unknown key": lambda _: forgeries.signed_by_an_unknown_key(),
    "HS256 with the public key": lambda emulator: forgeries.signed_with_the_public_key(emulator.signer),
    "abc": lambda _: forgeries.replaced_by("abc"),
    "a.b.c": lambda _: forgeries.replaced_by("a.b.c"),
    "empty": lambda _: forgeries.replaced_by(""),
    "huge": lambda _: forgeries.replaced_by("e30." * 30_000),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_forged_id_token_is_refused(room: IdentityRoom, emulator: Emulator, name: str) -> None:
    emulator.entra.mutate_next_id_token(MUTATIONS[name](emulator))
    with pytest.raises(SignInRefused) as refused:
        room.sign_in_as(ADMINISTRATOR)
    assert "verified" in refused.value.title


def test_a_token_reply_without_id_token_is_refused(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.answer_next(body={"access_token": "a", "expires_in": 3600, "token_type": "Bearer"})
    with pytest.raises(SignInRefused):
        room.sign_in_as()


@pytest.mark.parametrize("token", ["", "two\nlines", "sp ace", "täter", "x" * 70_000])
def test_an_access_token_that_no_header_can_carry_is_refused(
    room: IdentityRoom, emulator: Emulator, token: str
) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    stored = room.stores.flows.take(begun.flow_cookie)
    assert stored is not None
    room.stores.flows.put(cookie="same", flow=stored.flow, next_path="/")
    nonce = hashlib.sha256(json.loads(stored.flow)["nonce"].encode()).hexdigest()
    id_token = emulator.entra.mint.id_token(BUSINESS_USER, room.settings.client_id, nonce)
    emulator.entra.answer_next(body={"access_token": token, "id_token": id_token, "expires_in": 3600})
    with pytest.raises(SignInRefused) as refused:
        room.complete(query, "same")
    assert "access token" in refused.value.detail


def altered_flow(
    room: IdentityRoom, change: Callable[[dict[str, object]], dict[str, object]]
) -> tuple[dict[str, str], str]:
    """A callback that is genuine, and the cookie of a flow that has been changed."""
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    stored = room.stores.flows.take(begun.flow_cookie)
    assert stored is not None
    flow = json.dumps(change(json.loads(stored.flow))).encode()
    room.stores.flows.put(cookie="altered", flow=flow, next_path="/")
    return query, "altered"
