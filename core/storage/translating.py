"""The one place where a database's exceptions become ``StorageError``."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_SAVED = "This could not be saved."
NOT_READ = "Your data could not be read."

_log = logging.getLogger(__name__)
_ROLLED_BACK = frozenset({"40001", "40P01", "SQLITE_BUSY"})


def code(error: BaseException) -> str:
    """SQLSTATE of PostgreSQL or error name of SQLite, such as ``40P01`` or ``SQLITE_FULL``; "" when it has none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    found = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return str(found or "")


def can_be_repeated(error: DBAPIError) -> bool:
    """Whether the transaction surely left nothing behind: serialization failure, deadlock, or a busy SQLite file."""
    return code(error) in _ROLLED_BACK


@contextmanager
def translated(title: str, remedy: str = "") -> Iterator[None]:
    """Turn what SQLAlchemy, the drivers and the file system raise into a ``StorageError`` with these words.

    Only the exception's class and code survive: messages of databases quote the values they were given, and those
    can be secrets. The original is not attached as the cause, for the same reason.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        told = StorageError(title, remedy, detail=f"{type(cause).__name__} {code(error)}".strip())
    else:
        return
    _log.warning("%s %s: %s", told.reference, title, told.detail)
    try:
        raise told
    finally:
        # A ``with`` statement is still handling the original here, so Python has attached it as the context.
        told.__context__ = None
