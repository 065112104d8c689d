"""The tokens of signed-in people: warm, renewed, refused, in many threads and several processes."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import ADMINISTRATOR, BUSINESS_USER, TESTER
from core.emulator.entra_refusals import Refusal
from core.errors import SignInAgain, TokenError
from tests.support.identity import AUDIENCE, SCOPE, IdentityRoom, ask

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator
    from core.identity.access_token import AccessToken
    from core.storage.sessions import SessionRecord

AI_SCOPE = "https://ai.azure.com/.default"


@pytest.fixture
def record(room: IdentityRoom) -> SessionRecord:
    return room.sign_in_as().record


def test_the_token_of_a_person_is_their_own_for_the_scope_asked(
    room: IdentityRoom, record: SessionRecord, emulator: Emulator
) -> None:
    claims = emulator.signer.verify(ask(room.tokens, record).value, AUDIENCE)
    assert claims["oid"] == BUSINESS_USER.object_id
    source = room.tokens.source(record)
    assert (source.identity, source.identity_kind, source.object_id) == (
        BUSINESS_USER.username,
        "user",
        BUSINESS_USER.object_id,
    )


def test_a_token_that_is_still_good_costs_no_request(room: IdentityRoom, record: SessionRecord) -> None:
    before = len(room.emulator.entra.asked)
    tokens = {ask(room.tokens, record).value for _ in range(20)}
    assert len(tokens) == 1
    assert ask(room.another_process(), record).value in tokens
    assert len(room.emulator.entra.asked) == before


def test_a_warm_token_takes_less_than_a_millisecond_session_look_up_included(
    room: IdentityRoom, record: SessionRecord
) -> None:
    async def median_seconds() -> float:
        source = room.tokens.source(record)
        await source.token(SCOPE)
        taken = []
        for _ in range(200):
            began = time.perf_counter()
            await room.tokens.source(record).token(SCOPE)
            taken.append(time.perf_counter() - began)
        return sorted(taken)[len(taken) // 2]

    assert asyncio.run(median_seconds()) < 0.001


def test_a_token_about_to_end_is_renewed_silently(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    token = ask(room.tokens, record)
    assert room.token_requests("refresh_token") == 1
    assert token.is_fresh(room.clock())
    assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == BUSINESS_USER.object_id


def test_a_token_is_renewed_five_minutes_before_its_end(room: IdentityRoom, record: SessionRecord) -> None:
    first = ask(room.tokens, record)
    room.clock.advance(minutes=54)
    assert ask(room.tokens, record) == first
    room.clock.advance(minutes=2)
    assert ask(room.tokens, record) != first
    assert room.token_requests("refresh_token") == 1


def test_the_renewed_token_is_kept_for_the_next_process(room: IdentityRoom) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    renewed = ask(room.tokens, record)
    assert ask(room.another_process(), record).value == renewed.value
    assert room.token_requests("refresh_token") == 1


def test_another_scope_is_another_token_from_the_same_sign_in(
    room: IdentityRoom, record: SessionRecord, emulator: Emulator
) -> None:
    other = ask(room.tokens, record, AI_SCOPE)
    assert emulator.signer.verify(other.value, "https://ai.azure.com")["oid"] == BUSINESS_USER.object_id
    assert ask(room.tokens, record).value != other.value
    assert room.token_requests("refresh_token") == 1


def test_a_refused_token_is_replaced_though_it_looks_good(room: IdentityRoom, record: SessionRecord) -> None:
    old = ask(room.tokens, record)
    new = ask(room.tokens, record, refused=old)
    assert new.value != old.value
    assert ask(room.tokens, record) == new


def test_a_refused_token_is_replaced_though_that_of_another_scope_was_renewed_meanwhile(
    room: IdentityRoom, record: SessionRecord
) -> None:
    refused = ask(room.tokens, record)

    async def both() -> AccessToken:
        source = room.tokens.source(record)
        _, renewed = await asyncio.gather(source.token(AI_SCOPE), source.token(SCOPE, refused=refused.value))
        return renewed

    assert asyncio.run(both()).value != refused.value


def test_a_session_that_ended_gives_no_token_however_warm(room: IdentityRoom, record: SessionRecord) -> None:
    ask(room.tokens, record)
    room.sign_in.sign_out(record.id)
    with pytest.raises(SignInAgain) as signed_out:
        ask(room.tokens, record)
    assert "signed out" in signed_out.value.title


def test_an_idle_session_gives_no_token(room: IdentityRoom, record: SessionRecord) -> None:
    room.clock.advance(hours=9)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record)


def test_a_refused_refresh_asks_to_sign_in_again_and_keeps_the_claims(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.directory.refuse(BUSINESS_USER.object_id, 50076)
    with pytest.raises(SignInAgain) as again:
        ask(room.tokens, record)
    assert "second factor" in again.value.title
    assert json.loads(again.value.claims)["access_token"]
    assert room.tokens.claims_asked_for(record.id) == again.value.claims
    assert room.stores.sessions.by_id(record.id) is not None, "the session itself stays"


def test_signing_in_again_with_the_claims_gives_a_token(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.directory.refuse(BUSINESS_USER.object_id, 50076)
    with pytest.raises(SignInAgain) as again:
        ask(room.tokens, record)
    renewed = room.sign_in_as(BUSINESS_USER, claims=again.value.claims).record
    assert ask(room.tokens, renewed)


@pytest.mark.parametrize("code", [53003, 50057, 50105, 65001, 700082, 70008])
def test_every_refusal_of_a_refresh_ends_in_signing_in_again(
    room: IdentityRoom, emulator: Emulator, code: int
) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.entra.answer_next(400, Refusal(code, "x").as_json(room.authority.host, 0.0), times=2)
    with pytest.raises(SignInAgain) as again:
        ask(room.tokens, record)
    assert f"AADSTS{code}" in again.value.detail


def test_revoked_sessions_of_a_person_ask_to_sign_in_again(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.directory.revoke_sessions(BUSINESS_USER.object_id, emulator.clock() + 1)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record)


@pytest.mark.parametrize(("status", "body"), [(500, "<html>"), (200, "<html>"), (200, {}), (429, {"error": "x"})])
def test_while_entra_is_down_the_call_may_be_tried_again(
    room: IdentityRoom, emulator: Emulator, status: int, body: object
) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.entra.answer_next(status, body, times=2)  # type: ignore[arg-type]  # HTML or JSON
    with pytest.raises(TokenError) as down:
        ask(room.tokens, record)
    assert not isinstance(down.value, SignInAgain)
    assert down.value.retryable
    assert ask(room.tokens, record).value


def test_a_good_token_survives_that_entra_is_down(
    room: IdentityRoom, emulator: Emulator, record: SessionRecord
) -> None:
    emulator.entra.answer_next(500, b"", times=10)
    assert ask(room.tokens, record).value


@pytest.mark.parametrize(
    ("token", "reason"),
    [("two\nlines", "line break"), ("täter", "outside ASCII"), ("", "empty"), ("x" * 70_000, "64 KB")],
)
def test_a_token_that_no_header_can_carry_is_refused_with_its_reason(
    room: IdentityRoom, emulator: Emulator, token: str, reason: str
) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.entra.answer_next(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
    with pytest.raises(TokenError, match=reason):
        ask(room.tokens, record)


def test_garbage_in_a_refresh_is_no_reason_to_sign_out(room: IdentityRoom, emulator: Emulator) -> None:
    record = room.sign_in_with_a_token_about_to_end()
    emulator.entra.answer_next(200, {"access_token": "a", "expires_in": "soon", "id_token": "abc"})
    with pytest.raises(TokenError) as failed:
        ask(room.tokens, record)
    assert not isinstance(failed.value, SignInAgain)
    assert ask(room.tokens, record).value


def test_the_cache_of_one_person_gives_no_token_to_another(room: IdentityRoom, record: SessionRecord) -> None:
    others = room.sign_in_as(TESTER).record
    loaded = room.stores.sessions.load_cache(others.id)
    assert loaded is not None
    room.stores.sessions.save_cache(record.id, loaded[0], 0)
    with pytest.raises(SignInAgain):
        ask(room.tokens, record)


def test_what_is_remembered_is_bounded(
    room: IdentityRoom, record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.identity.session_tokens.REMEMBERED_SESSIONS", 2)
    others = [room.sign_in_as(person).record for person in (TESTER, ADMINISTRATOR)]
    ask(room.tokens, record)
    room.clock.advance(minutes=58)
    for other in others:
        ask(room.tokens, other)
    assert record.id not in room.tokens._held
    assert len(room.tokens._held) == 2


def test_a_session_without_a_token_cache_asks_to_sign_in_again(room: IdentityRoom) -> None:
    record = room.stores.sessions.create(
        cookie="c", tenant_id="t", object_id="o", username="u", name="n", token_cache=None
    )
    with pytest.raises(SignInAgain):
        ask(room.tokens, record)
