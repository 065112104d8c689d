"""From a conversation to what is sent: the messages of its turns, and its title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.deployments.parameters import Message
from core.errors import KeylessError
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.storage.records import Turn

TITLE_CHARACTERS: Final = 60
PROMPT_BYTES: Final = 400_000


def check_lengths(prompt: str, system: str) -> None:
    """See that this can be sent.

    Raises:
        KeylessError: There is no prompt, or it or the system message is longer than 400 kB.
    """
    if not prompt.strip():
        raise KeylessError("There is nothing to send yet.", "Write a prompt first.")
    for name, text in (("prompt", prompt), ("system message", system)):
        size = len(text.encode(errors="replace"))
        if size > PROMPT_BYTES:
            raise KeylessError(
                f"This {name} is too long: {size // 1000} kB, and {PROMPT_BYTES // 1000} kB are the most.",
                "Shorten it, or send it in parts.",
            )


def messages_of(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """What was said so far, oldest first: each prompt with its latest answer.

    Superseded turns are left out, and so are prompts that never got any text: a question the deployment never
    answered would be answered now, instead of the next one.
    """
    messages: list[Message] = []
    for turn in turns:
        answer = _answer_of(turn)
        if not turn.superseded and answer:
            messages += [Message("user", turn.prompt), Message("assistant", answer)]
    return tuple(messages)


def title_of(prompt: str) -> str:
    """A heading from the first prompt: one line of at most 60 characters, cut between words."""
    line = " ".join(prompt.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    room = line[: TITLE_CHARACTERS - 1]
    whole_words, _, _ = room.rpartition(" ")
    return f"{whole_words or room}…"


def _answer_of(turn: Turn) -> str:
    answers = (run.text for run in reversed(turn.runs) if run.state is not RunState.FAILED)
    return next((text for text in answers if text.strip()), "")
