"""Fixtures every room of tests may use, and the rule that CI skips nothing."""

from __future__ import annotations

import os
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import httpcore2
import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from tests.support import databases, needs
from tests.support.serving import serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterator

    from core.emulator.emulator import Emulator

NEEDS = ("browser", "postgres", "shared_data")
KEYS: Final = 8

# What an example says does not depend on how busy the machine is.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def few_keys() -> Iterator[None]:
    """The emulators of all tests sign with a few key pairs: two that are made one after the other always differ."""
    from core.emulator import signing

    made: list[rsa.RSAPrivateKey] = []
    turns = count()

    def next_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        if len(made) < KEYS:
            made.append(rsa.generate_private_key(public_exponent, key_size))
            return made[-1]
        return made[next(turns) % KEYS]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signing, "rsa", SimpleNamespace(generate_private_key=next_key))
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """All HTTP clients share what is trusted; reading it takes longer than most of their requests."""
    read_anew = httpcore2.default_ssl_context
    known: dict[tuple[str | None, ...], ssl.SSLContext] = {}

    def default_ssl_context(*, _trust_env: bool = True) -> ssl.SSLContext:
        where = tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))) if _trust_env else ()
        if where not in known:
            known[where] = read_anew(_trust_env=_trust_env)
        return known[where]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpcore2, "default_ssl_context", default_ssl_context)
        yield


@pytest.fixture
def emulator() -> Emulator:
    """An emulator without delays; ``emulator.clock.advance(seconds)`` moves its time."""
    from core.emulator.emulator import Emulator

    return Emulator(pace=0)


@pytest.fixture
def emulator_url(emulator: Emulator) -> Iterator[str]:
    """The base URL of the ``emulator``, served at ``/emulator``; the prefix is part of it."""
    with serving(Starlette(routes=emulator.routes("/emulator"))) as base_url:
        yield f"{base_url}/emulator"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put last what tools that work beside the tests have to say, and behind that the browser tests.

    While Playwright's synchronous interface is open, no asyncio loop can be run.
    """
    items.sort(key=lambda item: "tool_verdict" in getattr(item, "fixturenames", ()))
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what this machine cannot run."""
    for mark in NEEDS:
        if item.get_closest_marker(mark) and (reason := needs.missing(mark)):
            pytest.skip(reason)


def pytest_sessionfinish() -> None:
    """Leave nothing on the database server."""
    databases.leave_the_server()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],  # noqa: ARG001 - pytest passes it
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI is to provide what the test needs."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        missing = [mark for mark in NEEDS if item.get_closest_marker(mark)]
        if missing:
            report.outcome = "failed"
            report.longrepr = f"CI skips no test marked {', '.join(missing)}: {report.longrepr}"
    return report
