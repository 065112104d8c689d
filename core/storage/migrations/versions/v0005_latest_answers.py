"""The latest answer of a deployment is found without reading all others."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_comparison_runs_deployment", "comparison_runs", ["deployment_id", "started_at"])
