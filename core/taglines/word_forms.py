"""Finding a word in a tagline: as it is written, in another form, or with other accents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from core.taglines.lengths import UNSPACED

SHORTEST_INFLECTED: Final = 4
"""A shorter word is found only with a plural s: "car" is not in "card"."""

_WITHOUT_EDGE: Final = re.compile(rf"{UNSPACED.pattern}|[\uac00-\ud7af]")
"""What words are not told apart by: no space stands there, or, in Korean, a particle may follow."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a word stands in a text; ``as_written`` is what stands there, ``is_exact`` whether it is the word itself.

    What is not exact may be another word: "corner" passes for a form of "corn".
    """

    as_written: str
    is_exact: bool


def find_word(word: str, text: str) -> Found | None:
    """A word or phrase in a text, whatever its case; the word itself before one of its forms, or None.

    A form is the word with up to three letters more at its end, or with other accents. Forms that change the word
    itself, such as "went" for "go", are not known.
    """
    for fold, may_go_on in ((_cased, False), (_cased, True), (_unaccented, False), (_unaccented, True)):
        found = _pattern(fold(word), may_go_on=may_go_on).search(fold(text))
        if found:
            return Found(found[0], is_exact=fold is _cased and not may_go_on)
    return None


def _pattern(word: str, *, may_go_on: bool) -> re.Pattern[str]:
    parts = word.split()
    if not parts:
        return re.compile(r"(?!)")
    more = ""
    if may_go_on and parts[-1][-1].isalpha():
        more = r"\w{0,3}" if len(parts[-1]) >= SHORTEST_INFLECTED else "s?"
    before = r"(?<!\w)" if _has_edge(word[0]) else ""
    after = r"(?!\w)" if _has_edge(parts[-1][-1]) else ""
    return re.compile(before + r"\s+".join(re.escape(part) for part in parts) + more + after)


def _has_edge(character: str) -> bool:
    """Whether a word with this character at its end is told from a longer one by what stands beside it."""
    return (character.isalnum() or character == "_") and not _WITHOUT_EDGE.match(character)


def _cased(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'").casefold().strip()  # noqa: RUF001 - an apostrophe


def _unaccented(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", _cased(text)) if not unicodedata.combining(one))
