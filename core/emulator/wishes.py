"""What lines have to keep to, and which line is to be changed, read from the words of a prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 20_000
"""How much of a prompt is read."""

_LOOKED_AT: Final = re.compile(r"<(?P<tag>tagline|existing)>\n(?P<text>.*?)\n</(?P=tag)>", re.DOTALL)
_LONGEST: Final = re.compile(
    r"\b(?:at most|no more than|no longer than|up to|under|below|max(?:imum)?(?: of)?)\s+(?P<number>\d{1,3})\s+"
    r"(?P<unit>characters|words|letters)\b",
    re.IGNORECASE,
)
_BANNED: Final = re.compile(
    r"\b(?:never use|do not use|don't use|avoid|without the words?)\s*:?\s+(?P<words>[^\n]+)", re.IGNORECASE
)
_REQUIRED: Final = re.compile(
    r"\b(?:has to|have to|must) (?:contain|include)\s*:?\s+(?P<words>[^\n]+)", re.IGNORECASE
)
_IN_JSON: Final = re.compile(r'\{"(?P<key>\w{1,40})":\s*\["')
_QUOTED: Final = re.compile(r"[\"“]([^\"”]+)[\"”]")


@dataclass(frozen=True)
class Wishes:
    """What every line has to keep to.

    Attributes:
        longest: Most characters or words, or ``None``.
        counts_words: Whether ``longest`` counts words.
        banned: Words that must not stand in a line, lower case.
        required: Words that have to.
        known: Lines that are not wanted again.
    """

    longest: int | None = None
    counts_words: bool = False
    banned: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()

    def kept_by(self, lines: list[str], count: int) -> list[str]:
        """So many of the lines, those first that keep to everything."""
        completed = [self._with_required(line) for line in lines]
        return sorted(completed, key=lambda line: not self._fits(line))[:count]

    def _with_required(self, line: str) -> str:
        missing = [word for word in self.required if word.lower() not in line.lower()]
        return " ".join([*(f"{word[:1].upper()}{word[1:]}." for word in missing), line])

    def _fits(self, line: str) -> bool:
        length = len(line.split()) if self.counts_words else len(line)
        return (
            (self.longest is None or length <= self.longest)
            and not any(word in line.lower() for word in self.banned)
            and line not in self.known
        )


def wishes_of(text: str) -> Wishes:
    """Read what lines have to keep to."""
    text = text[:MOST_CHARACTERS]
    longest = _LONGEST.search(text)
    known = [found["text"] for found in _LOOKED_AT.finditer(text)]
    return Wishes(
        longest=int(longest["number"]) if longest else None,
        counts_words=longest is not None and longest["unit"].lower() == "words",
        banned=tuple(word.lower() for word in _words(_BANNED.search(text))),
        required=_words(_REQUIRED.search(text)),
        known=frozenset(line.removeprefix("- ") for block in known for line in block.splitlines()),
    )


def essence(text: str) -> str:
    """A prompt without the lines that stand in it only to be looked at."""
    return _LOOKED_AT.sub("", text[:MOST_CHARACTERS])


def line_to_shorten(text: str) -> str:
    """The line of which the prompt wants a shorter one, or an empty text."""
    found = _LOOKED_AT.search(text[:MOST_CHARACTERS])
    is_wanted = found is not None and re.search(r"\bshorter\b", text[: found.start()], re.IGNORECASE)
    return found["text"] if found is not None and found["tag"] == "tagline" and is_wanted else ""


def wants_one(text: str) -> bool:
    """Whether another version of one line is wanted."""
    found = _LOOKED_AT.search(text[:MOST_CHARACTERS])
    return found is not None and found["tag"] == "tagline" and "taglines" not in text[: found.start()]


def form_in_words(text: str) -> dict[str, object] | None:
    """The schema of the JSON that a prompt asks for by an example such as ``{"lines": ["first"]}``, or ``None``."""
    found = _IN_JSON.search(text[:MOST_CHARACTERS])
    if found is None:
        return None
    lines = {"type": "array", "items": {"type": "string"}}
    return {"type": "object", "properties": {found["key"]: lines}, "required": [found["key"]]}


def _words(found: re.Match[str] | None) -> tuple[str, ...]:
    if found is None:
        return ()
    quoted = _QUOTED.findall(found["words"])
    return tuple(quoted or (word.strip(" .\"'") for word in found["words"].split(",")))
