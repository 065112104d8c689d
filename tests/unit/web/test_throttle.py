"""How many messages a websocket may send."""

from __future__ import annotations

import pytest

from core.web.throttle import TokenBucket


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_forty_passes_at_once_and_twenty_a_second_after_that() -> None:
    clock = Seconds()
    bucket = TokenBucket(clock)
    assert [bucket.take() for _ in range(40)] == [0.0] * 40
    for _ in range(20):
        wait = bucket.take()
        assert wait == pytest.approx(0.05)
        clock.now += wait or 0
    assert clock.now == pytest.approx(1.0)


def test_a_client_that_never_pauses_has_to_go() -> None:
    clock = Seconds()
    bucket = TokenBucket(clock)
    taken = 0
    while (wait := bucket.take()) is not None:
        clock.now += wait
        taken += 1
    assert taken == 240


def test_a_pause_makes_up_for_a_burst() -> None:
    clock = Seconds()
    bucket = TokenBucket(clock)
    for _ in range(50):
        for _ in range(60):
            wait = bucket.take()
            assert wait is not None
            clock.now += wait
        clock.now += 2
