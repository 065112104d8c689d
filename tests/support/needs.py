"""What some tests need from the machine. The marks ``browser``, ``postgres`` and ``shared_data`` skip by it."""

from __future__ import annotations

import functools
import os
import shutil
import socket
from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"
"""The folder beside the project with public specifications and test data."""

POSTGRES_URL = os.environ.get("KEYLESS_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
"""A server where tests may create databases."""


@functools.cache
def chromium() -> Path | None:
    """The Chromium to drive, or None."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return Path(found) if found else None


@functools.cache
def has_postgres() -> bool:
    """Whether the PostgreSQL server listens."""
    host, _, port = POSTGRES_URL.rpartition("/")[0].rpartition("@")[2].partition(":")
    try:
        with socket.create_connection((host, int(port or 5432)), timeout=2):
            return True
    except OSError:
        return False


def missing(mark: str) -> str:
    """Why a test with this mark cannot run here, or "" when it can."""
    if mark == "browser" and chromium() is None:
        return "no Chromium on this machine"
    if mark == "postgres" and not has_postgres():
        return f"no PostgreSQL server at {POSTGRES_URL.rpartition('@')[2]}"
    if mark == "shared_data" and not SHARED.is_dir():
        return "no folder of shared test data beside the project"
    return ""
