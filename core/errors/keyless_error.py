"""What all failures have in common: a sentence with a remedy, and a number to quote."""

from __future__ import annotations

import secrets
from typing import ClassVar


def new_reference() -> str:
    """A short number to quote, such as ``K-7F3A90C2``."""
    return f"K-{secrets.token_hex(4).upper()}"


class KeylessError(Exception):
    """A failure told as a sentence with a remedy.

    Args:
        title: What happened; one sentence.
        remedy: What to do now, and who can do it.
        retryable: Whether the same call may work when tried again unchanged.
        command: A command or text to copy that carries out the remedy, or "".
        who: Who can do it, such as "An owner of the resource", or "".
        cause: A code for what is behind it, such as ``role-missing``, by which causes are told apart, or "".
        detail: A safe technical hint (status, error code, request id) for the log and the support, or "".
    """

    default_title: ClassVar[str] = "Something went wrong."
    default_remedy: ClassVar[str] = "Try again. If it stays, give the reference number to your administrator."
    default_who: ClassVar[str] = ""
    default_cause: ClassVar[str] = ""
    retryable_by_default: ClassVar[bool] = False

    def __init__(  # noqa: PLR0913 - each says something else, by name
        self,
        title: str = "",
        remedy: str = "",
        *,
        retryable: bool | None = None,
        command: str = "",
        who: str = "",
        cause: str = "",
        detail: str = "",
    ) -> None:
        self.title = title or self.default_title
        self.remedy = remedy or self.default_remedy
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.command = command
        self.who = who or self.default_who
        self.cause = cause or self.default_cause
        self.detail = detail
        self.reference = new_reference()
        super().__init__(f"{self.title} ({self.reference})")
