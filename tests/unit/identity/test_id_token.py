"""The check of id_tokens on its own: keys, clocks, and who may sign."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.clouds import CLOUDS
from core.emulator.directory import BUSINESS_USER, CLIENT_ID, TENANT_ID
from core.emulator.emulator import Emulator
from core.errors import SignInError, SignInRefused
from core.identity.authority import Authority
from core.identity.id_token import IdTokens
from tests.support import forgeries
from tests.support.identity import entra_http
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.identity.authority import EntraHttp
    from tests.support.identity import IdentityRoom, ShiftedClock

NONCE = "the-nonce-of-the-flow"


class Seconds:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def id_tokens(authority: Authority, http: EntraHttp, clock: ShiftedClock, seconds: Seconds) -> IdTokens:
    return IdTokens(authority, CLIENT_ID, http, clock, monotonic=seconds)


@pytest.fixture
def make(emulator: Emulator) -> Callable[[], str]:
    nonce = hashlib.sha256(NONCE.encode()).hexdigest()
    return lambda: emulator.entra.mint.id_token(BUSINESS_USER, CLIENT_ID, nonce)


def key_fetches(emulator: Emulator) -> int:
    return [asked.endpoint for asked in emulator.entra.asked].count("keys")


def test_a_genuine_token_gives_its_claims(id_tokens: IdTokens, make: Callable[[], str]) -> None:
    claims = id_tokens.validate(make(), NONCE)
    assert (claims["oid"], claims["tid"]) == (BUSINESS_USER.object_id, TENANT_ID)


@pytest.mark.parametrize("nonce", ["", "another", hashlib.sha256(NONCE.encode()).hexdigest()])
def test_the_nonce_must_be_that_of_the_flow(id_tokens: IdTokens, make: Callable[[], str], nonce: str) -> None:
    with pytest.raises(SignInRefused, match="verified"):
        id_tokens.validate(make(), nonce)


@pytest.mark.parametrize("token", [None, "", 7, b"a.b.c", "abc", "..", "é.é.é", "x" * 70_000])
def test_what_is_no_token_is_refused(id_tokens: IdTokens, token: object) -> None:
    with pytest.raises(SignInRefused):
        id_tokens.validate(token, NONCE)


def test_a_rotated_key_is_fetched_when_a_token_names_it(
    id_tokens: IdTokens, make: Callable[[], str], emulator: Emulator, seconds: Seconds
) -> None:
    id_tokens.validate(make(), NONCE)
    emulator.signer.rotate()
    seconds.now += 61
    id_tokens.validate(make(), NONCE)
    assert key_fetches(emulator) == 2


def test_unknown_keys_cause_one_fetch_a_minute_however_many_tokens_come(
    id_tokens: IdTokens, make: Callable[[], str], emulator: Emulator, seconds: Seconds
) -> None:
    id_tokens.validate(make(), NONCE)
    forgery = forgeries.signed_by_an_unknown_key()({"oid": "x"})
    for _ in range(20):
        with pytest.raises(SignInRefused):
            id_tokens.validate(forgery, NONCE)
    assert key_fetches(emulator) == 1
    seconds.now += 61
    for _ in range(20):
        with pytest.raises(SignInRefused):
            id_tokens.validate(forgery, NONCE)
    assert key_fetches(emulator) == 2


def test_a_wrong_signature_under_a_known_key_id_is_looked_at_once_more_a_minute_later(
    id_tokens: IdTokens, make: Callable[[], str], emulator: Emulator, seconds: Seconds
) -> None:
    id_tokens.validate(make(), NONCE)
    emulator.entra.mutate_next_id_token(forgeries.signed_by_a_stranger(emulator.signer))
    forgery = make()
    for minutes, fetches in ((0, 1), (61, 2), (0, 2)):
        seconds.now += minutes
        with pytest.raises(SignInRefused):
            id_tokens.validate(forgery, NONCE)
        assert key_fetches(emulator) == fetches
    id_tokens.validate(make(), NONCE)


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_off_by_four_minutes_is_forgiven(room: IdentityRoom, minutes: int) -> None:
    room.clock.advance(minutes=minutes)
    assert room.sign_in_as().record.object_id == BUSINESS_USER.object_id


@pytest.mark.parametrize("minutes", [-600, -10, 10, 600])
def test_a_clock_off_by_ten_minutes_is_told_to_the_administrator(room: IdentityRoom, minutes: int) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    stored = room.stores.flows.take(begun.flow_cookie)
    assert stored is not None
    room.clock.advance(minutes=minutes)
    room.stores.flows.put(cookie="kept", flow=stored.flow, next_path="/")
    with pytest.raises(SignInRefused) as refused:
        room.complete(query, "kept")
    assert "check the clock" in refused.value.remedy


@pytest.mark.parametrize("seconds_off", [-700, 700])
def test_times_in_the_token_that_are_off_are_told_the_same_way(
    room: IdentityRoom, emulator: Emulator, seconds_off: int
) -> None:
    emulator.entra.mutate_next_id_token(forgeries.shifted(seconds_off))
    with pytest.raises(SignInRefused) as refused:
        room.sign_in_as()
    assert "check the clock" in refused.value.remedy


def test_the_issuer_of_microsofts_clouds_is_built_from_the_tenant_without_asking(clock: ShiftedClock) -> None:
    for cloud in CLOUDS.values():
        authority = Authority(TENANT_ID, cloud.authority_host)
        with entra_http(authority, clock) as http:
            assert http.issuer() == f"https://{cloud.authority_host}/{TENANT_ID}/v2.0"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://emulator.keyless.invalid/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://emulator.keyless.invalid/{tenantid}/v2.0",
        f"http://emulator.keyless.invalid/{TENANT_ID}/v2.0",
        f"https://emulator.keyless.invalid/x{TENANT_ID}/v2.0",
        f"https://emulator.keyless.invalid/common/?{TENANT_ID}",
        "",
    ],
)
def test_an_authority_of_ones_own_must_name_the_configured_tenant_as_issuer(
    http: EntraHttp, emulator: Emulator, issuer: str
) -> None:
    emulator.entra.answer_next(200, {"issuer": issuer}, endpoint="discovery")
    with pytest.raises(SignInError, match="does not name itself"):
        http.issuer()


def test_a_token_of_the_emulator_is_refused_where_a_real_tenant_is_configured(
    make: Callable[[], str], authority: Authority, clock: ShiftedClock, emulator: Emulator
) -> None:
    """Even with the emulator's keys served in the real ones' place: the issuer is not theirs to choose."""
    real = replace(authority, host="login.microsoftonline.com")
    document = {"issuer": emulator.signer.issuer, "jwks_uri": f"https://{real.host}/{TENANT_ID}/discovery/v2.0/keys"}
    emulator.entra.answer_next(200, document, endpoint="discovery")
    with entra_http(real, clock) as http, pytest.raises(SignInRefused) as refused:
        IdTokens(real, CLIENT_ID, http, clock).validate(make(), NONCE)
    assert refused.value.detail == "id_token: iss"


def test_a_token_of_a_real_tenant_is_refused_by_the_emulators_app(id_tokens: IdTokens) -> None:
    nonce = hashlib.sha256(NONCE.encode()).hexdigest()
    real = Emulator(authority_host="login.microsoftonline.com")
    token = real.entra.mint.id_token(BUSINESS_USER, CLIENT_ID, nonce)
    with pytest.raises(SignInRefused) as refused:
        id_tokens.validate(token, NONCE)
    assert "does not publish" in refused.value.detail


def test_keys_that_are_none_are_passed_over(
    id_tokens: IdTokens, make: Callable[[], str], emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = emulator.signer.jwks()["keys"]
    odd = [
        {"kty": "RSA", "kid": "broken"},
        {"kty": "RSA", "kid": "worse", "n": "\u00e9", "e": 7},
        {"kty": "EC", "kid": "e"},
        "text",
        {"kty": "RSA", "use": "enc", "kid": "x"},
    ]
    emulator.entra.answer_next(200, {"keys": [*odd, *good]}, endpoint="keys")
    assert id_tokens.validate(make(), NONCE)
