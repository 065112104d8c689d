"""A card's words as other media take them: one line, its direction, and how much room it needs."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# What XML cannot hold, and what turns the text around it.
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_NARROW: Final = frozenset(" .,:;!|'iljtfrI()[]-\u2018\u2019\u00b7")
_WIDE: Final = frozenset("mwMW@%—…")


def one_line(text: str) -> str:
    """The text on one line, without characters that a document cannot hold or that reorder what is around them."""
    return " ".join(_UNSHOWABLE.sub(" ", text).split())


def shortened(text: str, most: int) -> str:
    """The text in one line of at most ``most`` characters, cut at a word where there is one."""
    line = one_line(text)
    if len(line) <= most:
        return line
    head = line[: most - 1]
    return f"{head.rpartition(' ')[0] or head}…"


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    directions = (unicodedata.bidirectional(character) for character in text)
    first = next((found for found in directions if found in {"L", *_RIGHT_TO_LEFT}), "L")
    return first in _RIGHT_TO_LEFT


def fitting_points(text: str, width: float, height: float, *, largest: int, smallest: int = 8) -> int:
    """The largest size of type in which ``text`` fits a box, estimated on the safe side for common fonts.

    Args:
        text: One line; it is wrapped at spaces, and inside words that are longer than the box.
        width: Of the box, in points.
        height: Of the box, in points.
        largest: Where to begin; also the result for a short text.
        smallest: The result for a text that fits in no size.
    """
    for points in range(largest, smallest, -1):
        if _lines(text, width / points) * points * 1.25 <= height:
            return points
    return smallest


def _lines(text: str, most: float) -> int:
    """How many lines of ``most`` ems the text takes."""
    lines, used = 1, 0.0
    for word in text.split():
        needed = sum(_ems(character) for character in word)
        if used and used + 0.28 + needed > most:
            lines, used = lines + 1, 0.0
        used += (0.28 if used else 0.0) + needed
        if used > most:
            lines, used = lines + int(used // most), used % most
    return lines


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.05
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.95
    return 0.7 if character.isupper() else 0.58
