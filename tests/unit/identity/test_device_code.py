"""A code entered in a browser as the laptop app's identity, with the real MSAL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from core.emulator.directory import BUSINESS_USER
from core.emulator.tenants import PARTNER
from core.errors import NoCredential, TokenError
from core.identity.app_credential import AppTokens
from core.identity.credential_chain import chain
from core.identity.credential_failures import CLI, DEVICE_CODE, WAITING
from core.identity.device_code import DeviceCode
from tests.support.identity import AUDIENCE, SCOPE, make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.identity.authority import Authority, EntraHttp
    from tests.support.identity import ShiftedClock


@pytest.fixture(autouse=True)
def no_other_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "IMDS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path))


class HandTime:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def now() -> HandTime:
    return HandTime()


@pytest.fixture
def credential(http: EntraHttp, authority: Authority, now: HandTime) -> DeviceCode:
    return DeviceCode(make_settings(), authority, http, now)


@pytest.fixture
def tokens(http: EntraHttp, clock: ShiftedClock) -> Iterator[AppTokens]:
    with contextlib.closing(AppTokens(os.environ, make_settings(device_code=True), clock, http=http)) as made:
        yield made


def told(credential: DeviceCode, cause: str = WAITING) -> TokenError:
    """What is said instead of a token."""
    with pytest.raises(TokenError) as failure:
        credential.get_token(SCOPE)
    assert failure.value.cause == cause
    return failure.value


def enter(failure: TokenError, **choice: str) -> None:
    """What a person does who reads the failure: open the address in it, enter the code beside it, and choose."""
    address = re.search(r"http://\S+/devicelogin", failure.remedy)
    assert address is not None
    assert httpx2.post(f"{address[0]}?user_code={failure.command}", data=choice).status_code == 200


def polls(emulator: Emulator) -> int:
    return len([asked for asked in emulator.entra.asked if asked.grant_type.endswith("device_code")])


def test_the_person_is_shown_address_and_code_and_then_the_app_calls_as_them(
    tokens: AppTokens, emulator: Emulator, clock: ShiftedClock
) -> None:
    with pytest.raises(NoCredential, match="waits for you") as none:
        asyncio.run(tokens.token(SCOPE))
    assert (none.value.cause, none.value.who) == (WAITING, "You")
    assert [(attempt.credential, attempt.cause) for attempt in tokens.attempts if attempt.outcome == "failed"] == [
        (CLI, "az-not-installed"),
        (DEVICE_CODE, WAITING),
    ]
    enter(none.value, account=BUSINESS_USER.object_id)
    clock.advance(seconds=6)
    token = asyncio.run(tokens.token(SCOPE))
    assert emulator.signer.verify(token.value, AUDIENCE)["oid"] == BUSINESS_USER.object_id == tokens.object_id
    assert tokens.winner == DEVICE_CODE
    assert tokens.identity == f"the account that signed in with a code ({BUSINESS_USER.username})"


def test_it_is_left_out_unless_the_setting_asks_for_it(http: EntraHttp) -> None:
    assert DEVICE_CODE not in {member.name for member in chain({}, make_settings(), http)}
    assert DEVICE_CODE not in {member.name for member in chain({}, make_settings(device_code=True))}
    members = {member.name: member for member in chain({}, make_settings(device_code=True), http)}
    assert not members[DEVICE_CODE].left_out_because
    word = {"AZURE_TOKEN_CREDENTIALS": "prod"}
    members = {member.name: member for member in chain(word, make_settings(device_code=True), http)}
    assert members[DEVICE_CODE].left_out_because


def test_further_tokens_need_no_further_code(credential: DeviceCode, emulator: Emulator) -> None:
    enter(told(credential), account=BUSINESS_USER.object_id)
    first = credential.get_token(SCOPE)
    assert credential.get_token(SCOPE).token == first.token
    other = credential.get_token("https://ai.azure.com/.default").token
    assert emulator.signer.verify(other, "https://ai.azure.com")["oid"] == BUSINESS_USER.object_id
    there = credential.get_token(SCOPE, tenant_id=PARTNER.tenant_id).token
    assert emulator.signer.verify(there, AUDIENCE, PARTNER.tenant_id)
    assert polls(emulator) == 1


@pytest.mark.filterwarnings("ignore:Attempted too soon")
def test_entra_is_asked_no_more_often_than_it_wants(
    credential: DeviceCode, emulator: Emulator, now: HandTime
) -> None:
    assert len({told(credential).command for _ in range(5)}) == 1, "one code, however often it is asked for"
    assert polls(emulator) == 1
    now.ahead += 5
    told(credential)
    assert polls(emulator) == 2


def test_a_code_that_ran_out_is_replaced(credential: DeviceCode, emulator: Emulator, now: HandTime) -> None:
    first = told(credential).command
    now.ahead += 900
    emulator.clock.advance(900)
    second = told(credential)
    assert second.command != first
    # MSAL dates the code by the real time.
    now.ahead = 0
    enter(second, account=BUSINESS_USER.object_id)
    assert credential.get_token(SCOPE).token


def test_a_no_is_taken_and_the_next_time_there_is_a_new_code(credential: DeviceCode) -> None:
    first = told(credential)
    enter(first, cancel="yes")
    told(credential, "sign-in-declined")
    assert told(credential).command != first.command


def test_a_directory_that_forbids_codes_says_so(credential: DeviceCode, emulator: Emulator) -> None:
    enter(told(credential), account=BUSINESS_USER.object_id)
    emulator.directory.refuse(BUSINESS_USER.object_id, 53003)
    assert "AADSTS53003" in told(credential, "interaction-required").detail


def test_an_app_that_is_not_registered_and_an_entra_that_is_down_are_told_apart(
    http: EntraHttp, authority: Authority, emulator: Emulator
) -> None:
    told(DeviceCode(make_settings(client_id="11111111-2222-3333-4444-555555555555"), authority, http), "app-unknown")
    emulator.entra.answer_next(500, "<html>", endpoint="devicecode", times=2)
    told(DeviceCode(make_settings(), authority, http), "identity-provider-down")


def test_without_a_configured_directory_a_person_of_any_may_sign_in(
    http: EntraHttp, authority: Authority, emulator: Emulator
) -> None:
    credential = DeviceCode(make_settings(tenant_id=""), authority, http)
    enter(told(credential), account=BUSINESS_USER.object_id)
    assert emulator.signer.verify(credential.get_token(SCOPE).token, AUDIENCE)


def test_closing_forgets_who_signed_in(credential: DeviceCode) -> None:
    enter(told(credential), account=BUSINESS_USER.object_id)
    credential.get_token(SCOPE)
    credential.close()
    told(credential)
