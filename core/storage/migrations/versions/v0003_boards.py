"""Boards of taglines, their versions, runs, shares, and votes of an audience."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of boards."""
    op.create_table(
        "boards",
        *[_words(name) for name in ("id", "tenant_id", "object_id", "owner_name", "title")],
        _number("version"),
        *[_moment(name) for name in ("created_at", "updated_at")],
        sa.PrimaryKeyConstraint("id", name="pk_boards"),
    )
    op.create_index("ix_boards_person", "boards", ["tenant_id", "object_id", "updated_at"])
    op.create_table(
        "board_versions",
        _words("board_id"),
        _number("number"),
        *[_words(name) for name in ("tenant_id", "object_id", "author_name")],
        _moment("at"),
        *[_words(name) for name in ("reason", "name", "step")],
        *[_number(name) for name in ("follows", "undoes")],
        _words("content"),
        sa.PrimaryKeyConstraint("board_id", "number", name="pk_board_versions"),
        _of("boards", "board_versions", "board_id"),
    )
    _board_runs()
    _shares()
    _votes()


def _board_runs() -> None:
    facts = ("deployment_id", "deployment_label", "endpoint_name", "model", "region", "identity", "identity_kind")
    outcome = ("system", "parameters", "state", "text", "finish_reason")
    op.create_table(
        "board_runs",
        *[_words(name) for name in ("board_id", "generation", "fingerprint", "id")],
        sa.Column("process", sa.BigInteger, nullable=False),
        *[_words(name) for name in facts + outcome],
        _moment("started_at"),
        *[sa.Column(name, sa.Float) for name in ("first_token_seconds", "total_seconds")],
        *[sa.Column(name, sa.Integer) for name in ("input_tokens", "output_tokens", "reasoning_tokens")],
        sa.Column("usage_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_usd", sa.BigInteger),
        *[_words(name) for name in ("request_id", "notices")],
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_board_runs"),
        _of("boards", "board_runs", "board_id"),
    )
    op.create_index("ix_board_runs_board", "board_runs", ["board_id"])
    op.create_index("ix_board_runs_fingerprint", "board_runs", ["fingerprint"])
    op.create_index("ix_board_runs_state", "board_runs", ["state"])


def _shares() -> None:
    op.create_table(
        "board_shares",
        *[_words(name) for name in ("id", "board_id", "role")],
        _moment("made_at"),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_board_shares"),
        _of("boards", "board_shares", "board_id"),
    )
    op.create_index("ix_board_shares_board", "board_shares", ["board_id"])
    op.create_table(
        "board_members",
        *[_words(name) for name in ("share_id", "tenant_id", "object_id", "name", "username")],
        _moment("joined_at"),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("share_id", "tenant_id", "object_id", name="pk_board_members"),
        _of("board_shares", "board_members", "share_id"),
    )
    op.create_index("ix_board_members_person", "board_members", ["tenant_id", "object_id"])


def _votes() -> None:
    op.create_table(
        "board_polls",
        *[_words(name) for name in ("id", "board_id", "question", "choices")],
        _moment("opened_at"),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_board_polls"),
        _of("boards", "board_polls", "board_id"),
    )
    op.create_index("ix_board_polls_board", "board_polls", ["board_id"])
    op.create_table(
        "board_votes",
        *[_words(name) for name in ("poll_id", "tenant_id", "object_id", "card_id")],
        _moment("voted_at"),
        sa.PrimaryKeyConstraint("poll_id", "tenant_id", "object_id", name="pk_board_votes"),
        _of("board_polls", "board_votes", "poll_id"),
    )


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _of(parent: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
