"""What differs between two answers: word by word, or place by place where both are JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_PAIRS: Final = 8_000_000
"""The matcher takes time in proportion to the pieces of one text times those of the other, at worst."""
LONGEST_JSON: Final = 1_000_000
MOST_CHANGES: Final = 500

_WORD: Final = re.compile(r"(?:[^\W_]+(?:['\u2019][^\W_]+)*|\S)\s*|\s+")
_SCRIPT_WITHOUT_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_SENTENCE: Final = re.compile(r"[^.!?\u3002\n]*[.!?\u3002\n]+\s*|[^.!?\u3002\n]+")
_FENCED: Final = re.compile(
    r"\s*(`{3,}|~{3,})[ \t]*(?:json[c5]?)?[ \t]*\n(.*?)\n?[ \t]*\1[`~]*\s*", re.DOTALL | re.IGNORECASE
)


Coarser: TypeAlias = tuple[re.Pattern[str], ...]
"""How to cut a text into pieces longer than words, the longest first."""


class Kind(StrEnum):
    """Where a piece of text stands."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text: in both answers, only in the second (ADDED), or only in the first (REMOVED)."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class JsonChange:
    """One place at which two JSON values differ.

    ``path`` reads ``$.items[2].name``; ``before`` and ``after`` are JSON, None where there is nothing.
    """

    path: str
    before: str | None
    after: str | None


def text_diff(before: str, after: str) -> tuple[Segment, ...]:
    """What was removed from ``before`` and added to make ``after``.

    All segments but the added ones make ``before``, all but the removed ones ``after``. Words are held against each
    other; in texts of more than about 2,800 words lines come first, then sentences, and the words of those that
    differ, so that 100 kB take a few seconds at most.
    """
    if before == after:
        return (Segment(Kind.SAME, before),) if before else ()
    return tuple(_merged(_segments(before, after, (_LINE, _SENTENCE))))


def json_view(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that an answer consists of, also inside one fence; None where there is none."""
    if len(text) > LONGEST_JSON:
        return None
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced[2] if fenced else text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def json_diff(before: object, after: object) -> tuple[JsonChange, ...]:
    """Where two JSON values differ, at most ``MOST_CHANGES`` places, those of ``before`` first."""
    changes = []
    for change in _changes("$", before, after):
        changes.append(change)
        if len(changes) == MOST_CHANGES:
            break
    return tuple(changes)


def _segments(before: str, after: str, coarser: Coarser) -> Iterator[tuple[Kind, str]]:
    first, second = _words(before), _words(after)
    if len(first) * len(second) <= MOST_PAIRS:
        yield from _matched(first, second, None)
    elif not coarser:
        yield from ((Kind.REMOVED, before), (Kind.ADDED, after))
    elif len(first := coarser[0].findall(before)) * len(second := coarser[0].findall(after)) <= MOST_PAIRS:
        yield from _matched(first, second, coarser[1:])
    else:
        yield from _segments(before, after, coarser[1:])


def _matched(first: list[str], second: list[str], finer: Coarser | None) -> Iterator[tuple[Kind, str]]:
    """What the matcher finds; what differs is looked at once more, unless ``finer`` is None."""
    for tag, first_from, first_to, second_from, second_to in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        before, after = "".join(first[first_from:first_to]), "".join(second[second_from:second_to])
        if tag == "equal":
            yield Kind.SAME, before
        elif tag == "replace" and finer is not None:
            yield from _segments(before, after, finer)
        else:
            yield from ((Kind.REMOVED, before), (Kind.ADDED, after))


def _words(text: str) -> list[str]:
    """Words and single marks, each with the white space after it; of scripts without spaces, single characters."""
    pieces: list[str] = []
    for word in _WORD.findall(text):
        pieces += list(word) if _SCRIPT_WITHOUT_SPACES.search(word) else [word]
    return pieces


def _merged(segments: Iterable[tuple[Kind, str]]) -> Iterator[Segment]:
    filled = ((kind, text) for kind, text in segments if text)
    for kind, group in groupby(filled, key=lambda segment: segment[0]):
        yield Segment(kind, "".join(text for _, text in group))


def _changes(path: str, before: object, after: object) -> Iterator[JsonChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else f"{path}[{json.dumps(key)}]"
            yield from _in_both_or_one(inner, key, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        first, second = dict(enumerate(before)), dict(enumerate(after))
        for key in range(max(len(first), len(second))):
            yield from _in_both_or_one(f"{path}[{key}]", key, first, second)
    elif type(before) is not type(after) or before != after:
        yield JsonChange(path, _shown(before), _shown(after))


def _in_both_or_one(path: str, key: object, before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[JsonChange]:
    if key in before and key in after:
        yield from _changes(path, before[key], after[key])
    elif key in before:
        yield JsonChange(path, _shown(before[key]), None)
    else:
        yield JsonChange(path, None, _shown(after[key]))


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse(_name: str) -> NoReturn:
    """NaN and infinity are no JSON."""
    raise ValueError
