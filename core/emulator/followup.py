"""Reacting to the answer before: shorter, longer, another one, in another tone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from core.emulator import brief as briefs

if TYPE_CHECKING:
    from core.emulator.prompt import Turn

Wish = Literal["shorter", "longer", "other"]

CLOSING_MARK = "no model was called"
MOST_WORDS = 14

_WISHES: tuple[tuple[re.Pattern[str], Wish], ...] = (
    (
        re.compile(r"\b(short\w*|brief\w*|concise\w*|tight\w*|fewer words|trim\w*|crisp\w*)\b", re.IGNORECASE),
        "shorter",
    ),
    (re.compile(r"\b(longer|more detail\w*|expand|elaborate|explain|why)\b", re.IGNORECASE), "longer"),
    (
        re.compile(r"\b(an?other\w*|others|again|differ\w*|more|alternativ\w*|instead|next|new)\b", re.IGNORECASE),
        "other",
    ),
)
_MARKS = re.compile(r"^\s*(?:#+|[-*>]|\d+[.)])\s+|\*\*|[*_`]{1,2}(?=\S)|(?<=\S)[*_`]{1,2}", re.MULTILINE)


def wish_of(text: str) -> Wish | None:
    """What a short follow-up wishes for; ``None`` when it is a prompt in its own right."""
    if len(text.split()) > MOST_WORDS or (briefs.asks_for_lines(text) and " for " in text):
        return None
    found = next((wish for pattern, wish in _WISHES if pattern.search(text)), None)
    return found or ("other" if briefs.tone_of(text) or briefs.read(text).language else None)


def first_request(turns: tuple[Turn, ...]) -> str:
    """The last prompt that stood on its own: what every follow-up since then is about."""
    asked = [turn.text for turn in turns if turn.role == "user"]
    return next((text for text in reversed(asked[1:]) if wish_of(text) is None), asked[0] if asked else "")


def body_of(answer: str) -> list[str]:
    """The lines of an earlier answer, without Markdown and without the closing line."""
    lines = [_MARKS.sub("", line).strip() for line in answer.splitlines()]
    return [line for line in lines if line and CLOSING_MARK not in line]


def clauses_of(line: str) -> list[str]:
    """Cut a line at its stops, commas and dashes."""
    return [clause.strip() for clause in re.split(r"[.;:!?]\s|,\s|\s[–-]\s", line.rstrip(".!?")) if clause.strip()]  # noqa: RUF001 - a dash


def shortened(line: str) -> str:
    """Keep the first clause of a line, or its first half."""
    clauses = clauses_of(line)
    kept = clauses[0] if clauses else line
    words = kept.split()
    if len(clauses) <= 1 and len(words) > 3:  # noqa: PLR2004 - three words cannot be halved and still say something
        kept = " ".join(words[: (len(words) + 1) // 2])
    return kept.rstrip(",;:") + "."
