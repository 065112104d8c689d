"""How the making of cards goes, for all processes to see; and members who left a board by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, and room for the moment."""
    op.create_table(
        "board_generations",
        *[sa.Column(name, sa.Text, nullable=False) for name in ("id", "board_id")],
        sa.Column("process", sa.BigInteger, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("tenant_id", "object_id", "told")],
        sa.Column("is_stopping", sa.Boolean, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_board_generations"),
        sa.ForeignKeyConstraint(
            ["board_id"], ["boards.id"], name="fk_board_generations_board_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_board_generations_board", "board_generations", ["board_id"])
    op.add_column("board_members", sa.Column("left_at", sa.DateTime(timezone=True)))
