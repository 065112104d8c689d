"""Comparisons, their runs, and votes on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of comparisons."""
    op.create_table(
        "comparisons",
        *[_words(name) for name in ("id", "tenant_id", "object_id", "title", "plan", "tags")],
        sa.Column("is_shared", sa.Boolean, nullable=False),
        _words("previous_id"),
        _words("notices"),
        sa.Column("process", sa.BigInteger),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
    )
    op.create_index("ix_comparisons_person", "comparisons", ["tenant_id", "object_id", "updated_at"])
    _comparison_runs()
    op.create_table(
        "comparison_votes",
        *[_words(name) for name in ("comparison_id", "tenant_id", "object_id")],
        *[_number(name) for name in ("round", "first_arm", "second_arm")],
        _words("verdict"),
        _moment("voted_at"),
        sa.PrimaryKeyConstraint(
            *("comparison_id", "tenant_id", "object_id", "round", "first_arm", "second_arm"),
            name="pk_comparison_votes",
        ),
        _of_a_comparison("comparison_votes"),
    )
    op.create_index("ix_comparison_votes_person", "comparison_votes", ["tenant_id", "object_id"])


def _comparison_runs() -> None:
    facts = ("deployment_id", "deployment_label", "endpoint_name", "model", "region", "identity", "identity_kind")
    outcome = ("system", "parameters", "state", "text", "finish_reason")
    op.create_table(
        "comparison_runs",
        _words("comparison_id"),
        *[_number(name) for name in ("round", "arm", "attempt")],
        _words("id"),
        sa.Column("process", sa.BigInteger, nullable=False),
        *[_words(name) for name in facts + outcome],
        _moment("started_at"),
        *[sa.Column(name, sa.Float) for name in ("first_token_seconds", "total_seconds")],
        *[sa.Column(name, sa.Integer) for name in ("input_tokens", "output_tokens", "reasoning_tokens")],
        sa.Column("usage_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_usd", sa.BigInteger),
        *[_words(name) for name in ("request_id", "notices")],
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_comparison_runs"),
        _of_a_comparison("comparison_runs"),
        sa.UniqueConstraint("comparison_id", "round", "arm", "attempt", name="uq_comparison_runs_comparison_id"),
    )
    op.create_index("ix_comparison_runs_state", "comparison_runs", ["state"])


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _of_a_comparison(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["comparison_id"], ["comparisons.id"], name=f"fk_{table}_comparison_id", ondelete="CASCADE"
    )
