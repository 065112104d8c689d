"""Bring a database to the schema this code was written for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from core.errors import StorageError
from core.storage.tables import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"


def schema_version(connection: Connection) -> str | None:
    """The version the database is at, or None when it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def migrate(connection: Connection, *, before_change: Callable[[], None] = lambda: None) -> None:
    """Run the missing migrations within the caller's transaction; the caller also holds the lock.

    ``before_change`` is called before a database that holds something already is changed.

    Raises:
        StorageError: The database was written by a newer version of the app.
    """
    version = schema_version(connection)
    if version == SCHEMA_VERSION:
        return
    # Alembic takes a fifth of a second to import, and a database that is up to date does not need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StorageError(
            "The database was written by a newer version of Keyless.",
            f"Start the newer version, or restore a backup. This version knows schema {SCHEMA_VERSION}, "
            f"the database has {version}.",
            retryable=False,
        )
    if version is not None:
        before_change()
    command.upgrade(config, SCHEMA_VERSION)
