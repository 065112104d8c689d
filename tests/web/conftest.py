"""A served gate for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.audience import Audience, audience
from tests.support.front import Front, front

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def served() -> Iterator[Front]:
    """The gate of a laptop with Entra sign-in, on ``http://localhost``."""
    with front() as running:
        yield running


@pytest.fixture
def hosted() -> Iterator[Front]:
    """The gate behind a TLS proxy, on ``https://app.example``; requests need that Host."""
    with front(public_url="https://app.example") as running:
        yield running


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audience]:
    """The gate with real services behind it, on ``http://localhost``; boards and people are each test's own."""
    with audience(tmp_path_factory.mktemp("shown")) as running:
        yield running
