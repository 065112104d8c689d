"""Taglines, built from the words of a brief and the shapes that taglines have."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from core.emulator.lexicon import ALLITERATIONS, COMPARATIVES, FEELINGS, PROMISES, WOES, field_of
from core.emulator.tagline_shapes import SHAPES, SHORT, TONED, TRANSLATED

if TYPE_CHECKING:
    import random

    from core.emulator.brief import Brief

SPECIAL_SLOTS: Final = frozenset({"name", "place", "origin", "destination", "audience"})
FEWEST_SHAPES: Final = 3


def taglines(brief: Brief, count: int, chance: random.Random, order: random.Random, temperature: float) -> list[str]:
    """Build different taglines for a brief.

    Args:
        brief: What they are for.
        count: How many; fewer when the brief does not carry that many.
        chance: Decides among the shapes within reach, and among words.
        order: Puts the shapes into the order that belongs to this prompt; drawn from before ``chance``.
        temperature: Widens the reach: at 0 only the first shapes are used, from 1 on all of them.
    """
    shapes = _shapes(brief, count)
    order.shuffle(shapes)
    reach = max(count, FEWEST_SHAPES, round(len(shapes) * min(temperature, 1.0)))
    lines: dict[str, None] = {}
    pool: list[str] = []
    while len(lines) < count:
        if not pool:
            pool = list(dict.fromkeys(chance.sample(shapes[:reach], len(shapes[:reach]))))
        before = len(lines)
        shape = pool.pop()
        lines[shape.format(**_words(brief, chance))] = None
        if len(lines) == before and not pool:
            break
    return list(lines)


def shortest(brief: Brief, chance: random.Random) -> list[str]:
    """Taglines of a few words."""
    shapes = SHORT[brief.language]
    return [shape.format(**_words(brief, chance)) for shape in chance.sample(shapes, len(shapes))]


def _shapes(brief: Brief, count: int) -> list[str]:
    """The shapes for which the brief has the words; those that need special words stand in it twice."""
    shapes: tuple[str, ...] = TRANSLATED[brief.language] if brief.language else TONED.get(brief.tone, SHAPES)
    if not brief.language and len(shapes) < count:
        shapes += SHAPES
    missing = {
        "name": not brief.name,
        "place": not brief.place,
        "origin": brief.direction not in {"in", "from", "at", "near"},
        "destination": brief.direction != "to",
        "audience": not brief.audience,
        "modifier": " " not in brief.subject,
        "single": brief.subject.endswith("s"),
    }
    lacking = {slot for slot, is_missing in missing.items() if is_missing}
    usable = [shape for shape in shapes if not lacking & _slots(shape)]
    return usable + [shape for shape in usable if _slots(shape) & SPECIAL_SLOTS]


def _slots(shape: str) -> set[str]:
    return {name.lower() for _, name, _, _ in string.Formatter().parse(shape) if name}


def _words(brief: Brief, chance: random.Random) -> dict[str, str]:
    subject = brief.subject
    field = field_of(subject)
    verb, verb2 = chance.sample(field.verbs, 2)
    quality, quality2 = chance.sample(field.qualities, 2)
    words = {
        "subject": subject,
        "thing": brief.thing,
        "one": brief.one,
        "single": subject,
        "modifier": subject.split()[0],
        "name": brief.name,
        "place": brief.place,
        "origin": brief.place,
        "destination": brief.place,
        "audience": brief.audience,
        "verb": verb,
        "verb2": verb2,
        "quality": quality,
        "quality2": quality2,
        "joy": chance.choice(field.joys),
        "moment": chance.choice(field.moments),
        "alliteration": chance.choice(ALLITERATIONS.get(subject[0].lower(), field.qualities)),
        "comparative": chance.choice(COMPARATIVES),
        "feeling": chance.choice(FEELINGS),
        "woe": chance.choice(WOES),
        "promise": chance.choice(PROMISES),
    }
    return words | {name.capitalize(): _capital(word) for name, word in words.items()}


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
