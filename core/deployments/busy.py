"""Too many requests: which of the service's limits was met, and how long to wait."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from core.deployments.refusal import moment_of
from core.errors import RateLimited
from core.errors.who import RESOURCE_OWNER

if TYPE_CHECKING:
    from datetime import datetime

    from core.deployments.refusal import Refusal

A_DAY_SECONDS: Final = 86_400.0
_HOUR_SECONDS: Final = 3_600.0
_MINUTE_SECONDS: Final = 60.0
_WAIT_IN_WORDS: Final = re.compile(r"(?:try again in|retry after) (\d{1,6}) (second|millisecond)", re.IGNORECASE)
_WAIT: Final = "Wait and try again, or choose another deployment."
_QUOTA: Final = f"{_WAIT} An administrator can raise the deployment's quota in the portal."

_KINDS: Final = {
    "requests": ("The deployment's requests per minute are used up.", _QUOTA),
    "tokens": (
        "The deployment's tokens per minute are used up.",
        f"{_QUOTA} A lower maximum of output tokens helps.",
    ),
    "capacity": ("The service is at its capacity at the moment.", f"{_WAIT} The quota is not the reason."),
    "reduction": ("The service has lowered this deployment's limit for a while.", _WAIT),
    "estimate": (
        "The maximum of output tokens asks for more than the deployment's minute holds.",
        "Lower the maximum of output tokens and send the prompt again.",
    ),
    "spent": (
        "The subscription's quota for this deployment is used up.",
        "Ask an administrator to raise the quota, or choose another deployment.",
    ),
    "unknown": ("The deployment is busy.", _WAIT),
}

_TOLD_APART: Final = frozenset({"capacity", "reduction", "estimate"})
"""Causes of their own; the other kinds are all the quota."""


def rate_limited(refusal: Refusal, now: datetime) -> RateLimited:
    """Say which limit it was, with the wait that the service asks for."""
    kind = _kind(refusal)
    title, remedy = _KINDS[kind]
    error = RateLimited(
        title,
        remedy,
        retryable=kind != "spent",
        who=RESOURCE_OWNER if kind == "spent" else "",
        cause=kind if kind in _TOLD_APART else "",
        detail=f"{refusal.detail} limit={kind}",
    )
    error.retry_after_seconds = retry_after_seconds(refusal, now)
    return error


def retry_after_seconds(refusal: Refusal, now: datetime) -> float | None:
    """How long the service asks to wait, never negative; ``None`` when it does not say, or says nonsense.

    ``retry-after-ms`` is Azure's own, ``Retry-After`` is seconds or a date (RFC 9110 §10.2.3); the message is asked
    last.
    """
    milliseconds = _number(refusal.headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = refusal.headers.get("retry-after")
    seconds = _number(said)
    if seconds is None and said:
        seconds = _seconds_until(said, now)
    if seconds is None and said is None:
        in_words = _WAIT_IN_WORDS.search(refusal.message)
        if in_words:
            seconds = float(in_words[1]) / (1000 if in_words[2].lower() == "millisecond" else 1)
    return seconds


def wait_in_words(seconds: float | None) -> str:
    """How long the deployment asks to wait, as a sentence; "" when it does not ask."""
    if not seconds:
        return ""
    if seconds >= A_DAY_SECONDS:
        return "The deployment asks to wait for a day or more."
    units = ((_HOUR_SECONDS, "about {} hours"), (_MINUTE_SECONDS, "about {} minutes"), (1.0, "{} s"))
    unit, words = next((unit for unit in units if seconds > unit[0]), units[-1])
    return f"The deployment asks to wait for {words.format(math.ceil(seconds / unit))}."


def _kind(refusal: Refusal) -> str:
    if refusal.code == "insufficient_quota":
        return "spent"
    message = refusal.message.lower()
    hints = {
        "capacity": ("high demand", "peak load", "capacity"),
        "reduction": ("temporarily reduc", "temporary reduction", "temporarily lower"),
        "estimate": ("max_tokens", "max_completion_tokens", "max_output_tokens"),
        "tokens": ("token rate limit", "tokens per minute"),
        "requests": ("call rate limit", "requests per minute"),
    }
    for kind, words in hints.items():
        if any(word in message for word in words):
            return kind
    for kind in ("requests", "tokens"):
        if refusal.headers.get(f"x-ratelimit-remaining-{kind}") == "0":
            return kind
    return "unknown"


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _seconds_until(date: str, now: datetime) -> float | None:
    moment = moment_of(date)
    return None if moment is None else max((moment - now).total_seconds(), 0.0)
