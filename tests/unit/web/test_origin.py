"""The public address."""

from __future__ import annotations

import pytest

from core.web.origin import PublicOrigin


def test_a_configured_address_is_never_learned_away() -> None:
    origin = PublicOrigin("https://app.example")
    origin.learn({"server": ("127.0.0.1", 9)})
    assert (origin.url, origin.host, origin.secure, origin.is_loopback) == (
        "https://app.example",
        "app.example",
        True,
        False,
    )
    assert not origin.is_spelled("127.0.0.1:443")


def test_on_a_laptop_the_bound_port_tells_and_whoever_waits_is_told_once() -> None:
    origin, told = PublicOrigin(None), list[str]()
    origin.when_known(told.append)
    with pytest.raises(RuntimeError):
        _ = origin.url
    origin.learn({"server": ("/a/unix/socket", None)})
    assert not origin.is_known
    origin.learn({"server": ("127.0.0.1", 8502)})
    origin.learn({"server": ("127.0.0.1", 8503)})
    origin.when_known(told.append)
    assert told == ["http://localhost:8502"] * 2
    assert origin.host == "localhost:8502"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8502", True),
        ("[::1]:8502", True),
        ("LocalHost:8502", True),
        ("127.0.0.1", False),
        ("127.0.0.1:8503", False),
        ("evil.example:8502", False),
        ("::1:8502", True),
        ("", False),
    ],
)
def test_other_spellings_of_this_computer_are_known(host: str, *, expected: bool) -> None:
    origin = PublicOrigin("http://localhost:8502")
    assert origin.is_spelled(host) is expected


def test_the_standard_port_is_not_written() -> None:
    origin = PublicOrigin(None)
    origin.learn_port(80)
    assert origin.url == "http://localhost"
    assert origin.is_spelled("127.0.0.1")
