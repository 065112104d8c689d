"""The claims challenge that the next sign-in of a session has to answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("sessions", sa.Column("challenge", sa.LargeBinary))
