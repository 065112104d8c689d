"""The tables as the code sees them; the migrations under ``migrations/versions`` make them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from core.storage.columns import Json, Moment, Usd, Words

SCHEMA_VERSION = "0001"
"""The migration these tables belong to."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Words, primary_key=True),
    Column("cookie_sha256", LargeBinary, nullable=False, unique=True),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("username", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("roles", Json, nullable=False),
    Column("form_token", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("token_cache", LargeBinary),
    Column("cache_version", Integer, nullable=False),
    Index("ix_sessions_person", "tenant_id", "object_id"),
)

sign_in_flows = Table(
    "sign_in_flows",
    metadata,
    Column("cookie_sha256", LargeBinary, primary_key=True),
    Column("flow", LargeBinary, nullable=False),
    Column("next_path", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("event", Words, nullable=False),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("session_id", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("reference", Words, nullable=False),
    Column("link", LargeBinary, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Words, primary_key=True),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_conversations_person", "tenant_id", "object_id", "updated_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Words, primary_key=True),
    Column("conversation_id", Words, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("prompt", Words, nullable=False),
    Column("superseded", Boolean, nullable=False),
    UniqueConstraint("conversation_id", "position"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("conversation_id", Words, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", Words, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("process", BigInteger, nullable=False),
    Column("deployment_id", Words, nullable=False),
    Column("deployment_label", Words, nullable=False),
    Column("endpoint_name", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("identity", Words, nullable=False),
    Column("identity_kind", Words, nullable=False),
    Column("system", Words, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("state", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("finish_reason", Words, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("first_token_seconds", Float),
    Column("total_seconds", Float),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("usage_estimated", Boolean, nullable=False),
    Column("cost_usd", Usd),
    Column("request_id", Words, nullable=False),
    Column("notices", Json, nullable=False),
    Column("error", Json),
    UniqueConstraint("turn_id", "position"),
    Index("ix_runs_conversation", "conversation_id"),
    Index("ix_runs_state", "state"),
)

lessons = Table(
    "lessons",
    metadata,
    Column("deployment_id", Words, primary_key=True),
    Column("operation", Words, primary_key=True),
    Column("parameter", Words, primary_key=True),
    Column("action", Words, nullable=False),
    Column("replacement", Words, nullable=False),
    Column("learned_at", Moment, nullable=False),
)
