"""Services in this process, on an emulator in this process, with people who really signed in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from core.services import running
from core.settings import read_settings
from tests.support.databases import sqlite_with_tables
from tests.support.people import choose_account
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.services import Services
    from core.storage.sessions import SessionRecord

CALLBACK = "http://localhost/auth/callback"


@contextlib.contextmanager
def services_on(emulator: Emulator, folder: Path, database_url: str = "") -> Iterator[Services]:
    """The services of demo mode with their database in ``folder``, unless another one is given."""
    file = folder / "keyless.sqlite3"
    if not database_url:
        database_url = f"sqlite:///{file}" if file.exists() else sqlite_with_tables(file)
    settings = read_settings({"KEYLESS_DATABASE_URL": database_url}, folder)
    with (
        serving(Starlette(routes=emulator.routes("/emulator")), host="localhost") as origin,
        running(settings, origin, emulator) as services,
    ):
        yield services


def sign_in(services: Services, person: Person) -> SessionRecord:
    """Let ``person`` sign in as they would in a browser."""
    assert services.sign_in is not None
    begun = services.sign_in.begin(redirect_uri=CALLBACK, next_path="/")
    query = choose_account(begun.location, person)
    done = services.sign_in.complete(query, flow_cookie=begun.flow_cookie, redirect_uri=CALLBACK, old_cookie=None)
    return done.record
