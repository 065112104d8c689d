"""Alembic's entry: runs the migrations on the connection that ``core.storage.migrating`` hands over."""

from __future__ import annotations

from alembic import context

# The caller has begun a transaction and ends it: a migration that is killed leaves nothing behind.
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
