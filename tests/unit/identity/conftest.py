from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import AUTHORITY_HOST, TENANT_ID
from core.identity.authority import Authority
from core.storage.engine import Database
from tests.support.databases import sqlite_with_tables
from tests.support.identity import PATIENCE_SECONDS, IdentityRoom, ShiftedClock, Stores, entra_http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.identity.authority import EntraHttp


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def authority(emulator_url: str) -> Authority:
    return Authority(TENANT_ID, AUTHORITY_HOST, instance_discovery=False, rewrite_to=f"{emulator_url}/entra")


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def patience_seconds() -> float:
    """How long Entra may take; tests in which it hangs parametrize this."""
    return PATIENCE_SECONDS


@pytest.fixture
def http(
    authority: Authority, clock: ShiftedClock, pauses: list[float], patience_seconds: float
) -> Iterator[EntraHttp]:
    with entra_http(authority, clock, pauses, patience_seconds) as client:
        yield client


@pytest.fixture
def stores(tmp_path: Path, clock: ShiftedClock) -> Iterator[Stores]:
    with contextlib.closing(
        Database.open(sqlite_with_tables(tmp_path / "identity.sqlite3"), clock=clock)
    ) as database:
        yield Stores(database, clock)


@pytest.fixture
def room(
    emulator: Emulator, clock: ShiftedClock, stores: Stores, http: EntraHttp, authority: Authority
) -> IdentityRoom:
    return IdentityRoom(emulator, clock, stores, http, authority)
