"""Three processes of the app over one PostgreSQL database renew the token of one session at once."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from core.emulator.directory import BUSINESS_USER
from core.errors import SignInAgain
from core.identity.session_tokens import SessionTokens
from core.storage.engine import Database
from core.storage.sealing import Sealer
from core.storage.sessions import SessionStore
from tests.support.databases import postgresql_with_tables
from tests.support.identity import (
    AUDIENCE,
    SCOPE,
    IdentityRoom,
    ShiftedClock,
    Stores,
    entra_http,
    make_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

    from core.emulator.emulator import Emulator
    from core.identity.authority import Authority

PROCESSES = 3
KEY = b"k" * 32


@dataclass
class Work:
    """What a process is told."""

    url: str
    authority: Authority
    session_id: str


def renew(work: Work, together: Barrier) -> str:
    """In a process of its own: wait for the others, then ask for a token; "" when there is none."""
    clock = ShiftedClock()
    with (
        contextlib.closing(Database.open(work.url, clock=clock)) as database,
        entra_http(work.authority, clock) as http,
    ):
        sessions = SessionStore(database, Sealer([KEY]), clock)
        record = sessions.by_id(work.session_id)
        together.wait(60)
        if record is None:
            return ""
        tokens = SessionTokens(make_settings(), work.authority, http, None, sessions=sessions, clock=clock)
        with contextlib.closing(tokens):
            try:
                return asyncio.run(tokens.source(record).token(SCOPE)).value
            except SignInAgain:
                return ""


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql_with_tables() as url:
        yield url


@pytest.fixture
def stores(url: str, clock: ShiftedClock) -> Iterator[Stores]:
    with contextlib.closing(Database.open(url, clock=clock)) as database:
        yield Stores(database, clock, Sealer([KEY]))


@pytest.mark.postgres
def test_three_processes_end_with_one_token(
    room: IdentityRoom, emulator: Emulator, url: str, authority: Authority
) -> None:
    emulator.entra.mint.lifetime_seconds = 60
    record = room.sign_in_as().record
    emulator.entra.mint.lifetime_seconds = 3600
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager, spawn.Pool(PROCESSES) as pool:
        together = manager.Barrier(PROCESSES)
        work = Work(url, authority, record.id)
        tokens = pool.starmap_async(renew, [(work, together)] * PROCESSES).get(90)
    loaded = room.stores.sessions.load_cache(record.id)
    assert loaded is not None
    cache, version = loaded
    assert version == 1
    assert len(set(tokens)) == 1
    assert tokens[0] in cache.decode()
    assert emulator.signer.verify(tokens[0], AUDIENCE)["oid"] == BUSINESS_USER.object_id
