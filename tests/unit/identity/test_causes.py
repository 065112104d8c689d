"""Every failure of identity names what is behind it and who can act."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from core.emulator.directory import BUSINESS_USER, CLIENT_ID
from core.errors import ConsentMissing, KeylessError, SignInAgain, SignInError, TokenError
from core.identity import entra_meanings
from core.identity.access_token import check_token
from core.identity.entra_meanings import Meaning
from core.identity.entra_refusals import refused_refresh, refused_sign_in
from tests.support.identity import IdentityRoom, ask

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator

WHO = {
    "You",
    "An administrator of your directory",
    "An administrator of the resource's directory",
    "Whoever runs this app",
}
BY_CODE = {
    65001: ("consent-missing", "An administrator of your directory"),
    65004: ("sign-in-declined", "You"),
    50105: ("not-assigned", "An administrator of your directory"),
    50076: ("interaction-required", "You"),
    53003: ("interaction-required", "An administrator of your directory"),
    50057: ("account-disabled", "An administrator of your directory"),
    50055: ("password-expired", "You"),
    50020: ("wrong-tenant", "You"),
    50173: ("interaction-required", "You"),
    700082: ("signed-out", "You"),
    7000215: ("service-principal-secret-wrong", "Whoever runs this app"),
    7000222: ("service-principal-secret-expired", "Whoever runs this app"),
    700027: ("app-credential-refused", "Whoever runs this app"),
    700016: ("app-unknown", "Whoever runs this app"),
    90002: ("wrong-tenant", "Whoever runs this app"),
    500011: ("wrong-audience", "Whoever runs this app"),
    50011: ("app-registration", "Whoever runs this app"),
    90033: ("identity-provider-down", "Whoever runs this app"),
    99999: ("signed-out", "You"),
}


def refusal(code: int) -> dict[str, Any]:
    return {"error": "invalid_grant", "error_codes": [code], "error_description": f"AADSTS{code}: words"}


@pytest.mark.parametrize("code", BY_CODE)
def test_the_code_decides_the_cause_and_who_can_act_in_a_sign_in_and_in_a_renewal(code: int) -> None:
    cause, who = BY_CODE[code]
    for error in (refused_sign_in(refusal(code)), refused_refresh(refusal(code))):
        assert (error.cause, error.who) == (cause, who)
        assert error.title.endswith(".")
        assert error.remedy.endswith(".")
        assert who == "You" or who.lower() in error.remedy.lower(), "the remedy sends to somebody else"


@pytest.mark.parametrize("code", BY_CODE)
def test_what_another_directory_refuses_has_a_cause_too(code: int) -> None:
    error = refused_refresh(refusal(code), of_another_directory=True)
    assert error.cause
    assert error.who in WHO
    if code in {65001, 700016, 50020, 50105}:
        assert not isinstance(error, SignInAgain), "the person's own sign-in changes nothing there"


def test_every_meaning_is_complete() -> None:
    meanings = [value for value in vars(entra_meanings).values() if isinstance(value, Meaning)]
    assert len(meanings) > 15
    for meaning in meanings:
        error = meaning.kind(meaning.title, meaning.remedy, cause=meaning.cause, who=meaning.who)
        assert error.cause
        assert error.who in WHO
    assert {field.name for field in fields(Meaning)} >= {"cause", "who"}


def test_missing_consent_gives_the_address_where_it_is_given(
    room: IdentityRoom, emulator: Emulator, emulator_url: str
) -> None:
    address = f"{emulator_url}/entra/{room.authority.tenant_id}/adminconsent?client_id={CLIENT_ID}"
    record = room.sign_in_with_a_token_about_to_end()
    emulator.directory.refuse(BUSINESS_USER.object_id, 65001)
    with pytest.raises(ConsentMissing) as missing:
        room.sign_in_as()
    assert missing.value.command == address
    with pytest.raises(SignInAgain) as again:
        ask(room.tokens, record)
    assert (again.value.command, again.value.cause) == (address, "consent-missing")
    assert again.value.who == missing.value.who


def test_a_real_entra_is_asked_for_consent_at_its_own_address(room: IdentityRoom) -> None:
    real = room.authority.__class__("a-tenant", "login.microsoftonline.com")
    assert real.consent_url("an-app") == "https://login.microsoftonline.com/a-tenant/adminconsent?client_id=an-app"


def failures(room: IdentityRoom, emulator: Emulator) -> list[KeylessError]:
    """Failures of other kinds, each really provoked."""
    found: list[KeylessError] = []

    def provoke(work: Any, kind: type[KeylessError]) -> None:  # noqa: ANN401 - any callable
        with pytest.raises(kind) as failure:
            work()
        found.append(failure.value)

    provoke(lambda: check_token("a b"), TokenError)
    provoke(lambda: room.complete({"state": "x"}, None), SignInError)
    room.clock.advance(minutes=20)
    provoke(room.sign_in_as, SignInError)
    room.clock.advance(minutes=-20)
    emulator.entra.mutate_next_id_token(lambda claims: {**claims, "aud": "another"})
    provoke(room.sign_in_as, SignInError)
    record = room.sign_in_with_a_token_about_to_end()
    emulator.entra.answer_next(500, "<html>", times=2)
    provoke(lambda: ask(room.tokens, record), TokenError)
    room.sign_in.sign_out(record.id)
    provoke(lambda: ask(room.tokens, record), SignInAgain)
    return found


def test_failures_of_our_own_making_name_their_cause(room: IdentityRoom, emulator: Emulator) -> None:
    told = failures(room, emulator)
    assert [failure.cause for failure in told] == [
        "token-unusable",
        "signed-out",
        "clock-skew",
        "sign-in-not-verified",
        "identity-provider-down",
        "signed-out",
    ]
    assert all(failure.who in WHO for failure in told)
