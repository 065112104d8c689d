"""Finding the texts of taglines in JSON that is still growing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

DEEPEST: Final = 8
MOST_RAW: Final = 8_000
"""The most of one text that is looked at, as it is written with its escapes."""

_TAGLINE_KEY: Final = re.compile(
    r"(?:tag[ _-]?line|slogan|claim|motto|headline|line|text|copy|content|value)s?[ _-]?\d*|\d+", re.IGNORECASE
)
_OTHER_KEY: Final = re.compile(
    r"notes?|tags?|keywords?|reason\w*|expla\w*|comments?|rational\w*|why|brief|existing|error|message", re.IGNORECASE
)
_BARE: Final = frozenset("0123456789+-.eEtrufalsn \t\r\n")
"""What stands outside texts and brackets: numbers, true, false, null, and space."""


@dataclass(slots=True)
class _Level:
    """A list or an object that is open. ``key`` is the one being filled, ``texts`` what an object holds so far.

    ``is_flat`` while no list or object stands in it.
    """

    is_object: bool
    is_flat: bool = True
    key: str = ""
    is_at_key: bool = True
    texts: dict[str, str] = field(default_factory=dict)


class JsonTexts:
    """Reads one JSON value character by character: texts in a list, and objects that hold one.

    ``is_over`` says that the value is complete, ``is_broken`` that it is no JSON.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.is_broken = False
        self._levels: list[_Level] = []
        self._raw: list[str] | None = None
        self._is_escaped = False

    def take(self, character: str) -> list[str]:
        """Read one character; the texts that it completes."""
        if self._raw is not None:
            return self._in_text(self._raw, character)
        if character == '"':
            self._raw = []
        elif character in "{[":
            self.is_broken = len(self._levels) == DEEPEST
            if self._levels:
                self._levels[-1].is_flat = False
            self._levels.append(_Level(is_object=character == "{"))
        elif character in "}]":
            return self._close(character)
        elif character in ",:":
            self._levels[-1].is_at_key = character == ","
        elif character not in _BARE:
            self.is_broken = True
        return []

    def _in_text(self, raw: list[str], character: str) -> list[str]:
        if not self._is_escaped and character == '"':
            self._raw = None
            return self._text("".join(raw))
        self._is_escaped = character == "\\" and not self._is_escaped
        if len(raw) < MOST_RAW:
            raw.append(character)
        return []

    def _text(self, raw: str) -> list[str]:
        try:
            text = str(json.loads(f'"{raw}"', strict=False))
        except ValueError:
            text = ""  # An escape that is none, or a text too long to be a tagline.
        level = self._levels[-1]
        if level.is_object:
            if level.is_at_key:
                level.key = text
            else:
                level.texts[level.key] = text
            return []
        return [text] if self._is_of_taglines() else []

    def _close(self, character: str) -> list[str]:
        level = self._levels[-1]
        if level.is_object != (character == "}"):
            self.is_broken = True
            return []
        texts = _taglines_in(level) if level.is_object and self._is_of_taglines() else []
        self._levels.pop()
        self.is_over = not self._levels
        return texts

    def _is_of_taglines(self) -> bool:
        """Whether taglines may stand here: in the one list, whose name does not say that it is of something else."""
        lists = sum(not level.is_object for level in self._levels)
        keys = [level.key for level in self._levels[:-1] if level.is_object]
        return lists <= 1 and not any(_OTHER_KEY.fullmatch(key) for key in keys)


def _taglines_in(level: _Level) -> list[str]:
    named = [text for key, text in level.texts.items() if _TAGLINE_KEY.fullmatch(key)]
    if named or not level.is_flat or len(level.texts) != 1:
        return named
    return [text for key, text in level.texts.items() if not _OTHER_KEY.fullmatch(key)]
