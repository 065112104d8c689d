"""Whether two taglines are the same, or nearly."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NEARLY: Final = 0.85
"""From here on two texts are near-duplicates: the share of letters they have in common, in the same order, or the
share of different words. "Taste the sunshine!" and "Taste the sunshine again." are (0.86); "Say yes to snow." and
"Say no to snow." are not (0.82)."""

COMPARED_CHARACTERS: Final = 300
"""Longer texts are compared by their words alone: comparing letters takes time that grows with the square."""

_NO_LETTER: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Twin:
    """The text that another one repeats."""

    text: str
    kind: Literal["duplicate", "near-duplicate"]


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as it is compared: only letters and digits with single spaces, without case and accents."""

    text: str
    plain: str
    words: frozenset[str]


def twin_of(text: str, others: Iterable[str]) -> Twin | None:
    """The first of ``others`` that a text repeats, an exact repetition before a near one."""
    return _twin(_read(text), map(_read, others))


def twins_before(texts: Sequence[str]) -> list[Twin | None]:
    """For each text the one before it that it repeats."""
    read = [_read(text) for text in texts]
    return [_twin(one, read[:place]) for place, one in enumerate(read)]


def _read(text: str) -> _Read:
    folded = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(one for one in folded if not unicodedata.combining(one))
    plain = _NO_LETTER.sub(" ", folded).strip() or " ".join(text.split())  # Signs alone stay what they are.
    return _Read(text, plain, frozenset(plain.split()))


def _twin(mine: _Read, others: Iterable[_Read]) -> Twin | None:
    near = None
    for theirs in others:
        if theirs.plain == mine.plain:
            return Twin(theirs.text, "duplicate")
        if near is None and _is_near(mine, theirs):
            near = Twin(theirs.text, "near-duplicate")
    return near


def _is_near(one: _Read, other: _Read) -> bool:
    together = len(one.words | other.words)
    if together > 1 and len(one.words & other.words) / together >= NEARLY:
        return True
    shorter, longer = sorted((len(one.plain), len(other.plain)))
    if longer > COMPARED_CHARACTERS or 2 * shorter / (shorter + longer) < NEARLY:
        return False
    matcher = SequenceMatcher(None, one.plain, other.plain, autojunk=False)
    return matcher.quick_ratio() >= NEARLY and matcher.ratio() >= NEARLY
