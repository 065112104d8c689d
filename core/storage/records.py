"""What a stored conversation consists of. Light: needs no database library."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Owner: TypeAlias = tuple[str, str]
"""Whose it is: tenant id and object id."""


class RunState(StrEnum):
    """Where a run stands. All but RUNNING are final."""

    RUNNING = "running"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    FILTERED = "filtered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunError:
    """How a run failed, in the words of the error tree.

    ``kind`` is the class's name, ``cause`` what is behind it, ``who`` who can mend it; ``retry_at`` is the moment
    before which trying again is of no use, or None.
    """

    title: str
    remedy: str
    command: str
    reference: str
    retryable: bool
    kind: str
    retry_at: datetime | None = None
    who: str = ""
    cause: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The error ready for JSON; ``run_error_from`` reads it back exactly."""
        return {**asdict(self), "retry_at": self.retry_at.isoformat() if self.retry_at else None}


def run_error_from(data: Mapping[str, Any]) -> RunError:
    """Read an error back from what ``as_dict`` made of it."""
    at = data.get("retry_at")
    return RunError(**{**data, "retry_at": datetime.fromisoformat(at) if at else None})


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One prompt sent to one deployment, with outcome, usage and timings.

    ``identity`` is who called: a username, or the label of the app's own identity. ``parameters`` holds JSON values.
    What is not known yet, or was never told, is None or "".
    """

    id: str
    conversation_id: str
    turn_id: str
    deployment_id: str
    deployment_label: str
    endpoint_name: str
    model: str
    region: str
    identity: str
    identity_kind: Literal["user", "app"]
    system: str
    parameters: dict[str, Any]
    state: RunState
    started_at: datetime
    text: str = ""
    finish_reason: str = ""
    first_token_seconds: float | None = None
    total_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_estimated: bool = False
    cost_usd: Decimal | None = None
    request_id: str = ""
    notices: tuple[str, ...] = ()
    error: RunError | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt of a person and the runs that answered it, the latest last; several when it was regenerated."""

    id: str
    position: int
    prompt: str
    superseded: bool
    runs: tuple[RunRecord, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order. Superseded ones were replaced by editing an earlier prompt."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ConversationHeading:
    """A conversation as it stands in a list."""

    id: str
    title: str
    updated_at: datetime
