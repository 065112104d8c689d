"""The tokens that one process remembers of an identity, so that calls with the same refused one renew it once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.identity.access_token import AccessToken, TokenRequest


@dataclass(slots=True)
class Remembered:
    """The latest token of each kind, and what became of it.

    Calls learn at different moments that the token they share is refused. Each says which one it was, so that a newer
    one is given to whoever comes later instead of being renewed, or taken for refused, in its turn.

    Attributes:
        tokens: The latest of each kind.
        refused: Those of them that a resource refused.
        answers: Those of them that were got to answer a claims challenge.
    """

    tokens: dict[tuple[str, str], AccessToken] = field(default_factory=dict)
    refused: dict[tuple[str, str], AccessToken] = field(default_factory=dict)
    answers: dict[tuple[str, str], AccessToken] = field(default_factory=dict)

    def informed(self, request: TokenRequest) -> TokenRequest:
        """The request; after a refusal it names the latest token, if that was refused too."""
        latest = self.tokens.get(request.key)
        if not request.refused or latest is None:
            return request
        if latest.value == request.refused:
            self.refused[request.key] = latest
        return replace(request, refused=latest.value) if self.refused.get(request.key) is latest else request

    def fitting(self, request: TokenRequest, now: datetime) -> AccessToken | None:
        """The latest token if a call may begin with it: a fresh one, and not the refused one."""
        latest = self.tokens.get(request.key)
        return latest if latest and latest.value != request.refused and latest.is_fresh(now) else None

    def is_challenged_again(self, request: TokenRequest) -> bool:
        """Whether the token that was to answer a challenge is challenged itself: nothing but a sign-in helps."""
        answer = self.answers.get(request.key)
        return bool(request.claims) and answer is not None and answer.value == request.refused

    def keep(self, request: TokenRequest, token: AccessToken, *, is_answer: bool) -> None:
        """Remember a token as the latest of its kind."""
        if is_answer:
            self.answers[request.key] = token
        self.tokens[request.key] = token
