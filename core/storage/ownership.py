"""Whose rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Table, and_

if TYPE_CHECKING:
    from core.storage.records import Owner


def is_of(table: Table, person: Owner) -> ColumnElement[bool]:
    """The rows of a table that are this person's."""
    return and_(table.c.tenant_id == person[0], table.c.object_id == person[1])
