"""What replies say about a deployment's quota, known to all sessions and forgotten in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deployments.events import Headroom
from core.deployments.headroom import KNOWN_FOR, Headrooms, headroom_of
from core.deployments.refusal import Refusal
from core.errors import RateLimited
from tests.support.openai_calls import BRISK, LAVISH
from tests.unit.deployments.asking import ScriptedTokens, ask

if TYPE_CHECKING:
    from core.deployments.catalogue import Catalogue
    from core.deployments.client import Clients
    from core.emulator.emulator import Emulator

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HEADERS = {
    "x-ratelimit-remaining-requests": "5",
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-reset-requests": "10",
    "x-ratelimit-remaining-tokens": "900",
    "x-ratelimit-limit-tokens": "1000",
    "x-ratelimit-reset-tokens": "30",
}


class Clock:
    """A time of day that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def headrooms(clock: Clock) -> Headrooms:
    return Headrooms(clock)


def too_many(headers: dict[str, str]) -> Refusal:
    return Refusal(429, "429", headers=headers)


def test_the_headers_are_read_with_their_moments(headrooms: Headrooms) -> None:
    said = headrooms.accepted("lab/a", HEADERS)
    assert said == Headroom(5, 900, 60, 1000, NOW + timedelta(seconds=10), NOW + timedelta(seconds=30), NOW)
    assert headrooms.of("lab/a") == said
    assert headrooms.of("lab/b") is None


def test_a_count_is_forgotten_at_its_own_reset(headrooms: Headrooms, clock: Clock) -> None:
    headrooms.accepted("lab/a", HEADERS)
    clock.advance(9.9)
    assert headrooms.of("lab/a") is not None
    clock.advance(0.1)
    left = headrooms.of("lab/a")
    assert left is not None
    assert (left.remaining_requests, left.remaining_tokens) == (None, 900)
    clock.advance(20)
    assert headrooms.of("lab/a") is None


def test_a_count_without_a_reset_is_believed_for_a_minute(headrooms: Headrooms, clock: Clock) -> None:
    headrooms.accepted("lab/a", {"x-ratelimit-remaining-tokens": "7"})
    clock.advance(KNOWN_FOR.total_seconds() - 1)
    left = headrooms.of("lab/a")
    assert left is not None
    assert left.remaining_tokens == 7
    clock.advance(1)
    assert headrooms.of("lab/a") is None


def test_a_reply_that_says_nothing_takes_nothing_away(headrooms: Headrooms) -> None:
    said = headrooms.accepted("lab/a", HEADERS)
    headrooms.refused("lab/a", Refusal(404))
    assert headrooms.accepted("lab/a", {}) == replace(Headroom(None, None), seen_at=NOW)
    assert headrooms.of("lab/a") == said


def test_a_refusal_says_what_is_left_and_how_long_to_wait(headrooms: Headrooms, clock: Clock) -> None:
    headrooms.refused("lab/a", too_many({**HEADERS, "x-ratelimit-remaining-tokens": "0", "retry-after": "20"}))
    left = headrooms.of("lab/a")
    assert left is not None
    assert left.remaining_tokens == 0
    assert headrooms.busy_until("lab/a") == NOW + timedelta(seconds=20)
    assert headrooms.busy_until("lab/b") is None
    clock.advance(20)
    assert headrooms.busy_until("lab/a") is None


def test_a_deployment_that_answers_is_not_busy_any_more(headrooms: Headrooms) -> None:
    headrooms.refused("lab/a", too_many({"retry-after": "20"}))
    headrooms.accepted("lab/a", {})
    assert headrooms.busy_until("lab/a") is None


@pytest.mark.parametrize("seconds", ["86400", "90000", "1e300"])
def test_a_wait_of_days_is_known_as_a_day(headrooms: Headrooms, seconds: str) -> None:
    headrooms.refused("lab/a", too_many({"retry-after": seconds}))
    assert headrooms.busy_until("lab/a") == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    "refusal", [Refusal(503, headers={"retry-after": "20"}), too_many({}), too_many({"retry-after": "0"})]
)
def test_only_too_many_requests_with_a_wait_make_it_busy(headrooms: Headrooms, refusal: Refusal) -> None:
    headrooms.refused("lab/a", refusal)
    assert headrooms.busy_until("lab/a") is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("12", 12), ("1.5s", 1.5), ("6m0s", 360), ("20ms", 0.02), ("1h2m3s", 3723), ("1d", 86_400)],
)
def test_resets_are_read_as_the_services_write_them(value: str, seconds: float) -> None:
    headroom = headroom_of({"x-ratelimit-reset-tokens": value}, NOW)
    assert headroom.tokens_reset_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-1", "1 s", "2d", "1e9", "999999d", "1s" * 50, "\u0663"])
def test_a_reset_that_is_none_is_unknown(value: str) -> None:
    assert headroom_of({"x-ratelimit-reset-tokens": value}, NOW).tokens_reset_at is None


@given(st.sampled_from(sorted(HEADERS)), st.text(max_size=30))
def test_no_header_breaks_it(name: str, value: str) -> None:
    headrooms = Headrooms(lambda: NOW)
    headrooms.accepted("lab/a", {**HEADERS, name: value})
    headrooms.refused("lab/a", too_many({**HEADERS, name: value, "retry-after": value}))
    headrooms.of("lab/a")


def test_many_threads_may_tell_and_ask_at_once(headrooms: Headrooms) -> None:
    def tell_and_ask(number: int) -> int | None:
        headrooms.refused(f"lab/{number % 3}", too_many({**HEADERS, "retry-after": "5"}))
        headrooms.accepted(f"lab/{number % 3}", HEADERS)
        left = headrooms.of(f"lab/{number % 3}")
        return left.remaining_requests if left else None

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tell_and_ask, range(500))) == {5}


class TestOverHttp:
    async def test_every_call_tells_all_sessions_what_is_left(
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens
    ) -> None:
        deployment = catalogue.find(f"contoso-sweden/{BRISK}")
        outcome = await ask(clients, deployment, tokens)
        left = clients.headrooms.of(deployment.id)
        assert left == outcome.opened.headroom
        assert left.limit_tokens == 6_000_000
        assert left.remaining_tokens is not None
        assert left.tokens_reset_at is not None
        await ask(clients, deployment, tokens)
        less = clients.headrooms.of(deployment.id)
        assert less is not None
        assert less.remaining_tokens is not None
        assert less.remaining_tokens < left.remaining_tokens
        assert clients.headrooms.of(f"contoso-eastus/{LAVISH}") is None

    async def test_a_refusal_makes_it_known_as_busy_and_the_next_call_goes_out_all_the_same(
        self, catalogue: Catalogue, clients: Clients, tokens: ScriptedTokens, shared_emulator: Emulator
    ) -> None:
        shared_emulator.openai.faults.set(LAVISH, "rate_limited_120", times=1)
        deployment = catalogue.find(f"contoso-eastus/{LAVISH}")
        refused = await ask(clients, deployment, tokens)
        assert type(refused.failure) is RateLimited
        until = clients.headrooms.busy_until(deployment.id)
        assert until is not None
        assert timedelta(seconds=60) < until - datetime.now(UTC) <= timedelta(seconds=120)
        assert (await ask(clients, deployment, tokens)).error is None
        assert clients.headrooms.busy_until(deployment.id) is None
