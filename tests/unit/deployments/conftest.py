"""One emulator for all tests of this room, and the deployments it plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from starlette.applications import Starlette

from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.emulator.emulator import Emulator
from core.settings import read_settings
from tests.support.openai_calls import access_token
from tests.support.serving import serving
from tests.unit.deployments.asking import ScriptedTokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def shared_emulator() -> Emulator:
    return Emulator(pace=0)


@pytest.fixture(scope="module")
def shared_url(shared_emulator: Emulator) -> Iterator[str]:
    with serving(Starlette(routes=shared_emulator.routes("/emulator"))) as base_url:
        yield f"{base_url}/emulator"


@pytest.fixture(scope="module")
def catalogue(shared_emulator: Emulator, shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    settings = read_settings({}, tmp_path_factory.mktemp("root"))
    return read_catalogue(settings, data=shared_emulator.catalogue(shared_url), on_loopback=True)


@pytest.fixture
def tokens(shared_emulator: Emulator) -> Iterator[ScriptedTokens]:
    """The business user's tokens; whatever faults a test leaves behind are cleared."""
    token = access_token(shared_emulator)
    yield ScriptedTokens(lambda _scope, _refused: token)
    shared_emulator.openai.faults.clear()


@pytest_asyncio.fixture
async def clients() -> AsyncIterator[Clients]:
    """Patient enough for a busy machine."""
    clients = Clients(read_seconds=30.0)
    yield clients
    await clients.close()


@pytest_asyncio.fixture
async def impatient_clients() -> AsyncIterator[Clients]:
    """For servers that fall silent."""
    clients = Clients(read_seconds=1.0)
    yield clients
    await clients.close()
