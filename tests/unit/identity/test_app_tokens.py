"""How often the app's credentials are asked, and which first."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import TENANT_ID
from core.errors import NoCredential, TokenError
from core.identity.app_credential import AppTokens
from core.identity.credential_chain import Member
from tests.support.identity import SCOPE, ShiftedClock, make_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.identity.access_token import AccessToken


def ask(
    tokens: AppTokens,
    scope: str = SCOPE,
    *,
    tenant_id: str = "",
    refused: AccessToken | None = None,
    claims: str = "",
) -> AccessToken:
    value = refused.value if refused else ""
    return asyncio.run(tokens.token(scope, tenant_id=tenant_id, refused=value, claims=claims))


@dataclass
class Scripted:
    """A credential that gives tokens with a lifetime, or raises; counts how often it was asked."""

    answer: Callable[[str], str]
    seconds: int = 3600
    asked: int = 0
    asked_with: list[tuple[str, str]] = field(default_factory=list)

    @dataclass
    class Given:
        token: str
        expires_on: int

    def close(self) -> None:
        """Nothing to close."""

    def get_token(self, *scopes: str, tenant_id: str = "", claims: str = "") -> Given:
        self.asked += 1
        self.asked_with.append((tenant_id, claims))
        return self.Given(self.answer(scopes[0]), int(time.time()) + self.seconds)


def of(*credentials: Scripted, clock: ShiftedClock | None = None) -> AppTokens:
    chained = [
        Member(f"Credential{number}", f"credential {number}", lambda credential=credential: credential)  # type: ignore[misc]
        for number, credential in enumerate(credentials)
    ]
    return AppTokens({}, make_settings(), clock or ShiftedClock(), members=chained)


def refusing(_scope: str) -> str:
    raise ValueError("the vendor's own words, with eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln in them")


def test_a_token_that_is_still_good_is_not_asked_for_again() -> None:
    credential = Scripted(lambda scope: f"token-for-{scope}")
    tokens = of(credential)
    assert {ask(tokens).value for _ in range(5)} == {f"token-for-{SCOPE}"}
    assert ask(tokens, "https://ai.azure.com/.default").value == "token-for-https://ai.azure.com/.default"
    assert credential.asked == 2


def test_a_token_is_renewed_five_minutes_before_its_end() -> None:
    clock = ShiftedClock()
    credential = Scripted(lambda _: "t")
    tokens = of(credential, clock=clock)
    for minutes, asked in ((0, 1), (54, 1), (2, 2)):
        clock.advance(minutes=minutes)
        ask(tokens)
        assert credential.asked == asked


def test_eight_threads_ask_one_credential_once() -> None:
    together, second_came = threading.Barrier(8), threading.Event()

    def slow(_scope: str) -> str:
        if credential.asked > 1:
            second_came.set()
        # Long enough for any other thread to come in, if it could.
        second_came.wait(0.3)
        return "t"

    credential = Scripted(slow)
    tokens = of(credential)

    def run(_: int) -> AccessToken:
        together.wait(10)
        return ask(tokens)

    with ThreadPoolExecutor(8) as pool:
        assert len({token.value for token in pool.map(run, range(8))}) == 1
    assert credential.asked == 1


def test_the_winner_is_remembered_and_asked_first() -> None:
    clock = ShiftedClock()
    first, second = Scripted(refusing), Scripted(lambda _: "t")
    tokens = of(first, second, clock=clock)
    for _ in range(3):
        ask(tokens)
        clock.advance(hours=1)
    assert (first.asked, second.asked) == (1, 3)


def test_when_the_winner_fails_the_others_are_asked() -> None:
    clock = ShiftedClock()
    first, second = Scripted(refusing), Scripted(lambda _: "second")
    tokens = of(first, second, clock=clock)
    ask(tokens)
    clock.advance(hours=1)
    first.answer, second.answer = (lambda _: "first"), refusing
    assert ask(tokens).value == "first"
    assert tokens.winner == "Credential0"


def test_a_refused_token_is_replaced_once_however_many_ask() -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    refused = ask(tokens)
    assert refused.value == "token-0"
    assert {ask(tokens, refused=refused).value for _ in range(5)} == {"token-1"}
    assert ask(tokens).value == "token-1"
    assert credential.asked == 2


def test_a_failure_of_all_is_shared_for_some_seconds_and_then_tried_again() -> None:
    clock = ShiftedClock()
    credential = Scripted(refusing)
    tokens = of(credential, clock=clock)
    for _ in range(10):
        with pytest.raises(NoCredential):
            ask(tokens)
    assert credential.asked == 1
    clock.advance(seconds=6)
    credential.answer = lambda _: "t"
    assert ask(tokens).value == "t"


def test_a_vendors_words_lose_the_tokens_in_them() -> None:
    tokens = of(Scripted(refusing))
    with pytest.raises(NoCredential) as none:
        ask(tokens)
    assert "the vendor's own words, with (token) in them" in none.value.detail
    assert "eyJ" not in f"{none.value.detail} {tokens.attempts}"


@pytest.mark.parametrize("token", ["", "two\nlines", "täter", "x" * 70_000])
def test_a_token_that_no_header_can_carry_leads_on_to_the_next(token: str) -> None:
    tokens = of(Scripted(lambda _: token), Scripted(lambda _: "good"))
    assert ask(tokens).value == "good"
    assert "access token" in tokens.attempts[0].reason


def test_a_token_of_another_directory_is_kept_apart_and_the_own_one_needs_no_name() -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    here, there = ask(tokens), ask(tokens, tenant_id="fabrikam.example")
    assert here != there
    assert (ask(tokens, tenant_id=TENANT_ID), ask(tokens, tenant_id="fabrikam.example")) == (here, there)
    assert credential.asked_with == [("", ""), ("fabrikam.example", "")]


def test_a_claims_challenge_is_handed_on_once_and_then_told_to_be_beyond_the_app() -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    refused = ask(tokens)
    answer = ask(tokens, refused=refused, claims="{}")
    assert credential.asked_with == [("", ""), ("", "{}")]
    assert ask(tokens) == answer
    with pytest.raises(TokenError, match="more than the app's own identity can prove") as beyond:
        ask(tokens, refused=answer, claims="{}")
    assert beyond.value.cause == "interaction-required"
    assert credential.asked == 2


@pytest.mark.parametrize("claims", ["{}", ""], ids=["challenged", "refused"])
def test_eight_calls_with_the_same_refused_token_ask_one_credential_once(claims: str) -> None:
    numbers, all_have_asked = iter(range(100)), threading.Barrier(2)

    def held(_scope: str) -> str:
        number = next(numbers)
        if number:
            all_have_asked.wait(10)
        return f"token-{number}"

    credential = Scripted(held)
    tokens = of(credential)
    refused = ask(tokens)

    async def together() -> list[AccessToken]:
        asking = [asyncio.ensure_future(tokens.token(SCOPE, refused=refused.value, claims=claims)) for _ in range(8)]
        await asyncio.sleep(0)
        await asyncio.to_thread(all_have_asked.wait, 10)
        return await asyncio.gather(*asking)

    assert {token.value for token in asyncio.run(together())} == {"token-1"}
    assert credential.asked == 2


@pytest.mark.parametrize("claims", ["{}", ""], ids=["challenged", "refused"])
def test_a_call_refused_a_moment_later_gets_the_token_that_the_first_was_given(claims: str) -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    refused = ask(tokens)
    assert [ask(tokens, refused=refused, claims=claims).value for _ in range(3)] == ["token-1"] * 3
    assert credential.asked == 2


def test_a_newer_token_is_not_given_once_it_was_refused_too() -> None:
    numbers = iter(range(100))
    credential = Scripted(lambda _: f"token-{next(numbers)}")
    tokens = of(credential)
    first = ask(tokens)
    second = ask(tokens, refused=first)
    credential.answer = refusing
    with pytest.raises(NoCredential):
        ask(tokens, refused=second)
    credential.answer = lambda _: f"token-{next(numbers)}"
    assert ask(tokens, refused=first).value == "token-2"
    assert ask(tokens, refused=second).value == "token-2"
