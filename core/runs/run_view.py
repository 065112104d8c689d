"""What a page sees of a run at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.errors import CallError, KeylessError
from core.storage.records import RunError, RunRecord, RunState

if TYPE_CHECKING:
    from datetime import datetime

HELD_UP: Final = "The first attempt failed and another was made. The times count from the first."
"""The notice of a run whose times say more about the wait than about the deployment."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One look at a run.

    Attributes:
        version: Grows with every change; to hand to ``Run.wait_beyond``.
        record: The run as it would be stored now, so that a live answer and a stored one are drawn alike: text,
            state, timings in seconds, tokens, cost in USD, notices, error.
        elapsed_seconds: Since it was asked; the total once it has ended.
        waiting_until: When the next attempt is made, while the deployment has asked to wait; else ``None``.
        attempt: 1, or 2 after a retry.
    """

    version: int
    record: RunRecord
    elapsed_seconds: float
    waiting_until: datetime | None
    attempt: int

    @property
    def state(self) -> RunState:
        """How it stands or ended."""
        return self.record.state

    @property
    def text(self) -> str:
        """All that has arrived."""
        return self.record.text

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.record.state is not RunState.RUNNING

    @property
    def first_token_seconds(self) -> float | None:
        """From the asking to the first text, or ``None`` before it."""
        return self.record.first_token_seconds

    @property
    def notices(self) -> tuple[str, ...]:
        """What to tell beside the answer."""
        return self.record.notices

    @property
    def error(self) -> RunError | None:
        """What went wrong, for a person."""
        return self.record.error


def error_of(error: KeylessError) -> RunError:
    """An error as it is stored with a run: its words and its number, nothing of what caused it."""
    return RunError(
        title=error.title,
        remedy=error.remedy,
        command=error.command,
        reference=error.reference,
        retryable=error.retryable,
        kind=type(error).__name__,
        who=error.who,
        cause=error.cause,
        retry_at=error.retry_at if isinstance(error, CallError) else None,
    )
