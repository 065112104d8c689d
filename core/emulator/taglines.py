"""Taglines, built from the words of a brief and the shapes that taglines have."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from core.emulator.lexicon import ALLITERATIONS, COMPARATIVES, FEELINGS, PROMISES, WOES, field_of

if TYPE_CHECKING:
    import random

    from core.emulator.brief import Brief

SHAPES: Final = (
    "{Thing}, {promise}.",
    "Less hurry. More {subject}.",
    "Come for the {subject}, stay for {joy}.",
    "{Thing}. Because {moment} deserve it.",
    "The {alliteration} {subject} for {moment}.",
    "{Quality}, {quality2}, unmistakably {subject}.",
    "Not every {single} feels like this.",
    "{Thing}: all {joy}, none of {woe}.",
    "{Verb} more. {Verb2} slower. {Subject}.",
    "Think {subject}. Feel {feeling}.",
    "Say yes to {thing}.",
    "Not just {one}. {Feeling}.",
    "{Comparative} days begin with {one}.",
    "{Modifier} has never felt so {quality}.",
    "Side effects of {thing} may include {joy}.",
    "{Verb}. {Verb2}. {Subject}.",
    "Some call it {one}. We call it {feeling}.",
    "Made for {moment}, and truly {quality}: {thing}.",
    "{Place} begins with {one}.",
    "The {alliteration} way to {destination}.",
    "{Thing}: {destination} is closer than you think.",
    "Leave {woe} behind. {Destination} is waiting.",
    "{Thing}, the way {place} likes it.",
    "A little more {origin} in every {single}.",
    "Born in {origin}. Made for {moment}.",
    "{Audience} first. {Subject} always.",
    "{Thing} for {audience}, {promise}.",
    "{Name}. {Feeling}.",
    "{Name}: {one}, {promise}.",
    "{Name}, because {moment} deserve {one} this {quality}.",
)
TONED: Final = {
    "funny": (
        "Warning: {thing} may cause {joy}.",
        "{Thing}. Cheaper than therapy, and twice as {quality}.",
        "We tried life without {thing}. We do not recommend it.",
        "Keep calm? No. Choose {thing}.",
        "{Thing}: your other plans can wait.",
    ),
    "formal": (
        "{Subject}, considered in every detail.",
        "The standard in {subject}.",
        "{Quality} by principle. {Subject} by profession.",
        "{One} you can rely on.",
    ),
    "bold": (
        "{Subject}. No apologies.",
        "Dare to choose {thing}.",
        "{Subject} or nothing.",
        "Break the rules. Start with {thing}.",
        "Ordinary is over. Here comes {thing}.",
    ),
    "warm": (
        "{Subject}, from our hands to your heart.",
        "Come as you are. {Thing} will be waiting.",
        "With {thing}, everyone is family.",
        "{One} with the warmth of a hug.",
    ),
}
TRANSLATED: Final = {
    "french": (
        "{Subject} : le temps d’un sourire.",  # noqa: RUF001 - French apostrophe
        "Un peu de {subject}, beaucoup de lumière.",
        "{Subject}, tout simplement.",
        "Et si le bonheur s’appelait {subject} ?",  # noqa: RUF001 - French apostrophe
        "{Place}, et le cœur s’envole.",  # noqa: RUF001 - French apostrophe
        "Moins de hâte, plus de {subject}.",
        "{Subject}. Tout le reste peut attendre.",
        "Ici, l’été se dit {subject}.",  # noqa: RUF001 - French apostrophe
        "{Subject} à partager, et souvenirs à garder.",
        "Dites oui à la vie, et dites {subject}.",
        "{Subject}, et rien de plus.",
    ),
    "german": (
        "{Subject}. Einfach mehr vom Leben.",
        "Mehr {subject}, mehr Augenblick.",
        "Ein bisschen {subject}, ganz viel Sonne.",
        "{Subject}: das gute Gefühl.",
        "{Place} ist näher, als man denkt.",
        "Weniger Eile, mehr {subject}.",
        "{Subject}. Der Rest kann warten.",
        "Glück heißt hier {subject}.",
        "Heute ist ein Tag für {subject}.",
        "Sag Ja zum Leben, sag {subject}.",
        "{Subject} und sonst nichts.",
    ),
    "spanish": (
        "{Subject}: la vida sabe mejor.",
        "Un poco de {subject}, mucho de ti.",
        "{Subject}, sin prisa.",
        "Di que sí a {subject}.",
        "{Place} te espera.",
        "Menos prisa, más {subject}.",
        "{Subject}. Lo demás puede esperar.",
        "Aquí la felicidad se llama {subject}.",
        "Hoy es un día para {subject}.",
        "Comparte {subject}, guarda el momento.",
        "{Subject} y nada más.",
    ),
    "portuguese": (
        "{Subject}: devagar se vai longe.",
        "Um pouco de {subject}, muito de si.",
        "{Subject}, simplesmente.",
        "Diga sim a {subject}.",
        "{Place} espera por si.",
        "Menos pressa, mais {subject}.",
        "{Subject}. O resto pode esperar.",
        "Aqui a felicidade chama-se {subject}.",
        "Hoje é dia de {subject}.",
        "Partilhe {subject}, guarde o momento.",
        "{Subject} e mais nada.",
    ),
}
SHORT: Final = ("Simply {subject}.", "{Subject}, always.", "{Verb}. {Subject}.", "{Subject}. Yes.")
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
    """Taglines of two or three words."""
    if brief.language:
        return []
    return [shape.format(**_words(brief, chance)) for shape in chance.sample(SHORT, len(SHORT))]


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
