"""The database's history as alembic migrations, run by ``core.storage.migrating``."""
