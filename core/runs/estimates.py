"""What an answer used, guessed from lengths where the deployment did not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.deployments.events import Usage

if TYPE_CHECKING:
    from core.deployments.parameters import Call

BYTES_PER_TOKEN: Final = 4
"""English prose runs at about four bytes of UTF-8 a token; other languages use more of both."""

MESSAGE_TOKENS: Final = 4
"""What the service adds around each message."""

NOTHING_USED: Final = Usage(0, 0)


def estimate(call: Call, text: str) -> Usage:
    """Guess from the length of what was sent and of what came back."""
    sent = [message.content for message in call.messages]
    if call.system:
        sent.append(call.system)
    return Usage(sum(tokens_in(content) + MESSAGE_TOKENS for content in sent), tokens_in(text))


def tokens_in(text: str) -> int:
    """About how many tokens a text is; 0 only for an empty one."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)
