"""What a call tells while it runs, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the deployment's quota holds and still holds per minute, as its headers said at ``seen_at``.

    ``requests_reset_at`` and ``tokens_reset_at`` are when the counts begin anew. ``None`` is unknown.
    """

    remaining_requests: int | None
    remaining_tokens: int | None

    limit_requests: int | None = None
    limit_tokens: int | None = None
    requests_reset_at: datetime | None = None
    tokens_reset_at: datetime | None = None
    seen_at: datetime = NEVER

    @property
    def share_left(self) -> float | None:
        """What is left of the scarcer of both, from 0 to 1; None when no limit is known."""
        counts = ((self.remaining_requests, self.limit_requests), (self.remaining_tokens, self.limit_tokens))
        shares = [remaining / limit for remaining, limit in counts if remaining is not None and limit]
        return min(shares, default=None)


@dataclass(frozen=True, slots=True)
class Opened:
    """The deployment has accepted the call; text follows.

    ``model`` is what the catalogue says, ``request_id`` is Azure's own, ``region`` where it runs ("" when unknown).
    """

    model: str
    request_id: str
    region: str
    headroom: Headroom


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person about something that was done differently than asked, or that is worth knowing."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them, never negative; ``reasoning_tokens`` are part of the output."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream has ended. The last event of every call that raises nothing.

    ``finish_reason`` is ``stop``, ``length``, ``content_filter``, … or ``None``: the service stopped sending without
    saying that the answer is complete, so it is not. ``usage`` is ``None`` when it was missing or nonsense.
    ``model`` is the model as answered. ``filtered`` says to what of the answer the content filter objected, in words
    such as ``violence (medium severity)``, ``filtered_prompt`` to what of the prompt.
    """

    finish_reason: str | None
    usage: Usage | None
    model: str
    filtered: tuple[str, ...] = ()
    filtered_prompt: tuple[str, ...] = ()


Event = Opened | TextDelta | Notice | Finished
