"""Sessions, sign-in flows, audit log, conversations, lessons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_REFUSE_CHANGES_SQLITE = """
CREATE TRIGGER audit_{name} BEFORE {event} ON audit {condition}
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""

_REFUSE_CHANGES_POSTGRESQL = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""


def upgrade() -> None:
    """Make the first tables."""
    _identity()
    _audit()
    _conversations()


def _identity() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("cookie_sha256", sa.LargeBinary, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("tenant_id", "object_id", "username", "name")],
        *[sa.Column(name, sa.Text, nullable=False) for name in ("roles", "form_token")],
        *[_moment(name) for name in ("created_at", "seen_at", "expires_at")],
        sa.Column("token_cache", sa.LargeBinary),
        sa.Column("cache_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("cookie_sha256", name="uq_sessions_cookie_sha256"),
    )
    op.create_index("ix_sessions_person", "sessions", ["tenant_id", "object_id"])
    op.create_table(
        "sign_in_flows",
        sa.Column("cookie_sha256", sa.LargeBinary, nullable=False),
        sa.Column("flow", sa.LargeBinary, nullable=False),
        sa.Column("next_path", sa.Text, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("cookie_sha256", name="pk_sign_in_flows"),
    )


def _audit() -> None:
    texts = ("event", "tenant_id", "object_id", "session_id", "detail", "reference")
    op.create_table(
        "audit",
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        _moment("at"),
        *[sa.Column(name, sa.Text, nullable=False) for name in texts],
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_REFUSE_CHANGES_SQLITE.format(name="update", event="UPDATE", condition=""))
        op.execute(_REFUSE_CHANGES_SQLITE.format(name="delete", event="DELETE", condition=""))
        # INSERT OR REPLACE removes a row without firing the delete trigger.
        replaced = "WHEN EXISTS (SELECT 1 FROM audit WHERE position = NEW.position)"
        op.execute(_REFUSE_CHANGES_SQLITE.format(name="replace", event="INSERT", condition=replaced))
    else:
        op.execute(_REFUSE_CHANGES_POSTGRESQL)
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )


def _conversations() -> None:
    op.create_table(
        "conversations",
        *[sa.Column(name, sa.Text, nullable=False) for name in ("id", "tenant_id", "object_id", "title")],
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_person", "conversations", ["tenant_id", "object_id", "updated_at"])
    op.create_table(
        "turns",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("superseded", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        _belongs_to("turns", "conversation_id", "conversations"),
        sa.UniqueConstraint("conversation_id", "position", name="uq_turns_conversation_id"),
    )
    _runs()
    op.create_table(
        "lessons",
        *[sa.Column(name, sa.Text, nullable=False) for name in ("deployment_id", "operation", "parameter")],
        *[sa.Column(name, sa.Text, nullable=False) for name in ("action", "replacement")],
        _moment("learned_at"),
        sa.PrimaryKeyConstraint("deployment_id", "operation", "parameter", name="pk_lessons"),
    )


def _runs() -> None:
    facts = ("deployment_id", "deployment_label", "endpoint_name", "model", "region", "identity", "identity_kind")
    outcome = ("system", "parameters", "state", "text", "finish_reason")
    op.create_table(
        "runs",
        *[sa.Column(name, sa.Text, nullable=False) for name in ("id", "conversation_id", "turn_id")],
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("process", sa.BigInteger, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in facts + outcome],
        _moment("started_at"),
        *[sa.Column(name, sa.Float) for name in ("first_token_seconds", "total_seconds")],
        *[sa.Column(name, sa.Integer) for name in ("input_tokens", "output_tokens", "reasoning_tokens")],
        sa.Column("usage_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_usd", sa.BigInteger),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("request_id", "notices")],
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        _belongs_to("runs", "conversation_id", "conversations"),
        _belongs_to("runs", "turn_id", "turns"),
        sa.UniqueConstraint("turn_id", "position", name="uq_runs_turn_id"),
    )
    op.create_index("ix_runs_conversation", "runs", ["conversation_id"])
    op.create_index("ix_runs_state", "runs", ["state"])


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _belongs_to(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
