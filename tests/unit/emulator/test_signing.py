from __future__ import annotations

from typing import Any

import jwt
import pytest

from core.emulator.clock import Clock
from core.emulator.directory import TENANT_ID
from core.emulator.signing import Signer, TokenRejected
from tests.support import forgeries

NOW = 1_800_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock(lambda: NOW)


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer("emulator.keyless.invalid", clock)


def claims(signer: Signer, **changed: object) -> dict[str, Any]:
    good = {"iss": signer.access_token_issuer, "tid": TENANT_ID, "aud": "api", "nbf": NOW - 300, "exp": NOW + 3600}
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def reason(signer: Signer, token: str, audience: str = "api") -> str:
    with pytest.raises(TokenRejected) as rejected:
        signer.verify(token, audience)
    return rejected.value.reason


def test_a_good_token_gives_its_claims_back(signer: Signer) -> None:
    for issuer in (signer.issuer, signer.access_token_issuer):
        signed = claims(signer, iss=issuer)
        assert signer.verify(signer.sign(signed), "api") == signed


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://sts.windows.net/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"tid": "another"}, "tenant"),
        ({"tid": None}, "tenant"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["api"]}, "audience"),
        ({"exp": NOW}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "later"}, "expired"),
        ({"nbf": NOW + 301}, "not_yet_valid"),
    ],
)
def test_a_wrong_claim_is_named(signer: Signer, changed: dict[str, object], expected: str) -> None:
    assert reason(signer, signer.sign(claims(signer, **changed))) == expected


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "ä.ö.ü", "e30.e30.", "null"])
def test_what_is_no_token_is_malformed_or_unsigned(signer: Signer, token: str) -> None:
    assert reason(signer, token) in {"malformed", "signature"}


def test_a_forged_signature_is_rejected(signer: Signer) -> None:
    for forgery in (
        forgeries.unsigned(),
        forgeries.signed_by_a_stranger(signer),
        forgeries.signed_by_an_unknown_key(),
        forgeries.signed_with_the_public_key(signer),
    ):
        token = forgery(claims(signer))
        assert isinstance(token, str)
        assert reason(signer, token) == "signature"


def test_a_changed_payload_is_rejected(signer: Signer) -> None:
    head, _, signature = signer.sign(claims(signer)).split(".")
    payload = signer.sign(claims(signer, oid="someone else")).split(".")[1]
    assert reason(signer, f"{head}.{payload}.{signature}") == "signature"


def test_a_token_expires_when_the_clock_is_advanced(signer: Signer, clock: Clock) -> None:
    token = signer.sign(claims(signer))
    clock.advance(3599)
    assert signer.verify(token, "api")
    clock.advance(1)
    assert reason(signer, token) == "expired"


def test_a_token_outlives_one_rotation_but_not_two(signer: Signer) -> None:
    token = signer.sign(claims(signer))
    signer.rotate()
    assert signer.verify(token, "api")
    assert jwt.get_unverified_header(signer.sign(claims(signer)))["kid"] == signer.kid
    signer.rotate()
    assert reason(signer, token) == "signature"


def test_two_signers_share_no_key(signer: Signer, clock: Clock) -> None:
    other = Signer("emulator.keyless.invalid", clock)
    assert reason(other, signer.sign(claims(signer))) == "signature"
