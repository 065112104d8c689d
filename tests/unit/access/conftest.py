"""The emulator, its deployments, and a doctor who examines them over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from core.access.doctor import Doctor
from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.deployments.lessons import Lessons
from core.settings import read_settings
from tests.support.identity import ShiftedClock
from tests.support.openai_calls import access_token
from tests.unit.deployments.asking import ScriptedTokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.emulator.emulator import Emulator


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def catalogue(emulator: Emulator, emulator_url: str, tmp_path: Path) -> Catalogue:
    return read_catalogue(read_settings({}, tmp_path), data=emulator.catalogue(emulator_url), on_loopback=True)


@pytest.fixture
def tokens(emulator: Emulator) -> ScriptedTokens:
    """The business user's tokens."""
    token = access_token(emulator, upn="business.user@contoso.example", idtyp="user")
    return ScriptedTokens(lambda _scope, _refused: token)


@pytest_asyncio.fixture
async def clients() -> AsyncIterator[Clients]:
    clients = Clients()
    yield clients
    await clients.close()


@pytest.fixture
def doctor(clients: Clients, clock: ShiftedClock) -> Doctor:
    return Doctor(clients, Lessons(), clock)
