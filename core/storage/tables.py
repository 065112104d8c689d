"""The tables as the code sees them; the migrations under ``migrations/versions`` make them."""

from __future__ import annotations

from typing import Any

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

SCHEMA_VERSION = "0006"
"""The migration these tables belong to."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def run_columns() -> list[Column[Any]]:
    """What is stored of a run in every table that keeps runs; made anew for each."""
    return [
        Column("id", Words, primary_key=True),
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
    ]


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
    Column("challenge", LargeBinary),
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
    Column("conversation_id", Words, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", Words, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    *run_columns(),
    UniqueConstraint("turn_id", "position"),
    Index("ix_runs_conversation", "conversation_id"),
    Index("ix_runs_state", "state"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", Words, primary_key=True),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("plan", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("previous_id", Words, nullable=False),
    Column("notices", Json, nullable=False),
    Column("process", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_comparisons_person", "tenant_id", "object_id", "updated_at"),
)

comparison_runs = Table(
    "comparison_runs",
    metadata,
    Column("comparison_id", Words, ForeignKey("comparisons.id", ondelete="CASCADE"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("arm", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    *run_columns(),
    UniqueConstraint("comparison_id", "round", "arm", "attempt"),
    Index("ix_comparison_runs_state", "state"),
    Index("ix_comparison_runs_deployment", "deployment_id", "started_at"),
)

comparison_votes = Table(
    "comparison_votes",
    metadata,
    Column("comparison_id", Words, ForeignKey("comparisons.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Words, primary_key=True),
    Column("object_id", Words, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("first_arm", Integer, primary_key=True, autoincrement=False),
    Column("second_arm", Integer, primary_key=True, autoincrement=False),
    Column("verdict", Words, nullable=False),
    Column("voted_at", Moment, nullable=False),
    Index("ix_comparison_votes_person", "tenant_id", "object_id"),
)

boards = Table(
    "boards",
    metadata,
    Column("id", Words, primary_key=True),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("owner_name", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_boards_person", "tenant_id", "object_id", "updated_at"),
)

board_versions = Table(
    "board_versions",
    metadata,
    Column("board_id", Words, ForeignKey("boards.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("author_name", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("step", Words, nullable=False),
    Column("follows", Integer, nullable=False),
    Column("undoes", Integer, nullable=False),
    Column("content", Json, nullable=False),
)

board_runs = Table(
    "board_runs",
    metadata,
    Column("board_id", Words, ForeignKey("boards.id", ondelete="CASCADE"), nullable=False),
    Column("generation", Words, nullable=False),
    Column("fingerprint", Words, nullable=False),
    *run_columns(),
    Index("ix_board_runs_board", "board_id"),
    Index("ix_board_runs_fingerprint", "fingerprint"),
    Index("ix_board_runs_state", "state"),
)

board_generations = Table(
    "board_generations",
    metadata,
    Column("id", Words, primary_key=True),
    Column("board_id", Words, ForeignKey("boards.id", ondelete="CASCADE"), nullable=False),
    Column("process", BigInteger, nullable=False),
    Column("tenant_id", Words, nullable=False),
    Column("object_id", Words, nullable=False),
    Column("told", Json, nullable=False),
    Column("is_stopping", Boolean, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_board_generations_board", "board_id"),
)

board_shares = Table(
    "board_shares",
    metadata,
    Column("id", Words, primary_key=True),
    Column("board_id", Words, ForeignKey("boards.id", ondelete="CASCADE"), nullable=False),
    Column("role", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("taken_back_at", Moment),
    Index("ix_board_shares_board", "board_id"),
)

board_members = Table(
    "board_members",
    metadata,
    Column("share_id", Words, ForeignKey("board_shares.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Words, primary_key=True),
    Column("object_id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("username", Words, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Column("removed_at", Moment),
    Column("left_at", Moment),
    Index("ix_board_members_person", "tenant_id", "object_id"),
)

board_polls = Table(
    "board_polls",
    metadata,
    Column("id", Words, primary_key=True),
    Column("board_id", Words, ForeignKey("boards.id", ondelete="CASCADE"), nullable=False),
    Column("question", Words, nullable=False),
    Column("choices", Json, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index("ix_board_polls_board", "board_id"),
)

board_votes = Table(
    "board_votes",
    metadata,
    Column("poll_id", Words, ForeignKey("board_polls.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Words, primary_key=True),
    Column("object_id", Words, primary_key=True),
    Column("card_id", Words, nullable=False),
    Column("voted_at", Moment, nullable=False),
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
