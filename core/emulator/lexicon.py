"""The words that the simulated deployments draw on. None of them belongs to a particular brief."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ALLITERATIONS: Final = {
    "a": ("artful", "adventurous", "amiable"),
    "b": ("bright", "bold", "beautiful"),
    "c": ("curious", "cheerful", "calm"),
    "d": ("dreamy", "delightful", "daring"),
    "e": ("easy", "elegant", "effortless"),
    "f": ("fresh", "fearless", "friendly"),
    "g": ("generous", "golden", "gentle"),
    "h": ("honest", "happy", "heartfelt"),
    "i": ("irresistible", "inspired", "inviting"),
    "j": ("joyful", "jubilant", "jaunty"),
    "k": ("kind", "keen", "knowing"),
    "l": ("lively", "lovely", "light-hearted"),
    "m": ("mindful", "magical", "merry"),
    "n": ("natural", "noble", "never-ordinary"),
    "o": ("original", "open-hearted", "outstanding"),
    "p": ("playful", "proud", "perfect"),
    "q": ("quiet", "quirky", "quick-witted"),
    "r": ("radiant", "restful", "remarkable"),
    "s": ("sunny", "serene", "simple"),
    "t": ("tender", "true", "timeless"),
    "u": ("unhurried", "unforgettable", "uplifting"),
    "v": ("vivid", "velvety", "vibrant"),
    "w": ("warm", "wonderful", "wide-awake"),
    "y": ("youthful", "yearned-for", "yes-worthy"),
    "z": ("zestful", "zingy", "zen"),
}

COMPARATIVES: Final = ("brighter", "calmer", "warmer", "bolder", "lighter", "kinder", "slower", "better")
FEELINGS: Final = (
    "a small holiday",
    "a reason to linger",
    "a good habit",
    "a better Monday",
    "the best part of the day",
    "a promise kept",
    "a deep breath",
)
WOES: Final = ("the fuss", "the rush", "the small print", "the noise", "the compromise")
PROMISES: Final = (
    "worth slowing down for",
    "done properly",
    "made to be remembered",
    "without the fuss",
    "the way it should be",
    "and nothing but the good part",
    "worth coming back for",
)


@dataclass(frozen=True)
class Field:
    """Words that suit one kind of subject: things to do, to enjoy, to have it for, and what it is like."""

    verbs: tuple[str, ...]
    joys: tuple[str, ...]
    moments: tuple[str, ...]
    qualities: tuple[str, ...]


_FIELDS: Final = (
    (
        re.compile(
            r"cream|gelat|sorbet|coffee|\btea\b|bread|bak(e|ing)|cake|choc|beer|wine|\bgin\b|pizza|food|drink|restaurant|caf[eé]|snack"
            r"|sauce|honey|juice|kitchen|soup|chees|burger|cand|cook|fruit|sweet|pasta|spice|lemonade|yogh?urt",
            re.IGNORECASE,
        ),
        Field(
            ("Taste", "Savour", "Share", "Crave"),
            ("smiles", "second helpings", "happy silences", "sunshine", "seconds", "sticky fingers"),
            ("long afternoons", "summer evenings", "grey Mondays", "big days and small ones", "Sunday tables"),
            ("velvety", "generous", "honest", "sun-ripened", "hand-made", "bright"),
        ),
    ),
    (
        re.compile(
            r"train|flight|airline|hotel|travel|\btours?\b|\btrips?\b|\bcars?\b|bike|bicycle|\bbus\b|ferr(y|ies)|\bship|"
            r"cruise|taxi|scooter|hostel|\brail|\bboat|camp|journey|holiday|hik(e|ing)|luggage|tram",
            re.IGNORECASE,
        ),
        Field(
            ("Ride", "Wander", "Arrive", "Dream"),
            ("horizons", "window seats", "morning light", "stories", "the view"),
            ("restless hearts", "long weekends", "early risers", "slow mornings", "people who look out of windows"),
            ("unhurried", "star-lit", "wide-open", "quiet", "far-reaching", "easy-going"),
        ),
    ),
    (
        re.compile(
            r"\bbeds?\b|sofa|lamp|furniture|\bhome|house|garden|mattress|paint|candle|blanket|chair|pillow|light|window"
            r"|clean|cushion|floor|plant|flower",
            re.IGNORECASE,
        ),
        Field(
            ("Rest", "Stay", "Settle", "Bloom"),
            ("Sunday mornings", "soft landings", "quiet corners", "bare feet", "good company"),
            ("rainy evenings", "people who love staying in", "slow Sundays", "every season", "new beginnings"),
            ("soft-spoken", "lasting", "warm", "uncluttered", "well-made", "gentle"),
        ),
    ),
    (
        re.compile(
            r"book|school|course|librar|museum|podcast|music|festival|theat|game|film|magazine|\btoys?\b|cinema|concert"
            r"|\bart|galler|learn|univers|stud(y|ent)|writ|language",
            re.IGNORECASE,
        ),
        Field(
            ("Listen", "Wonder", "Play", "Discover"),
            ("goosebumps", "new ideas", "late-night talk", "plot twists", "questions worth asking"),
            ("curious minds", "rainy Saturdays", "lifelong beginners", "long evenings", "daydreamers"),
            ("curious", "wide-eyed", "timeless", "playful", "eye-opening", "unscripted"),
        ),
    ),
    (
        re.compile(
            r"clinic|dent|health|insur|\bbank|hospital|pharm|skin|soap|shampoo|therap|yoga|\bgym|fitness|\bpets?\b|\bdogs?\b"
            r"|\bcats?\b|\bvet|care|sport|running|shoe|pension|loan|\btax",
            re.IGNORECASE,
        ),
        Field(
            ("Breathe", "Trust", "Move", "Begin"),
            ("peace of mind", "good mornings", "steady progress", "lighter steps", "fewer worries"),
            (
                "people with better things to do",
                "busy weeks",
                "every stage of life",
                "early mornings",
                "the long run",
            ),
            ("steady", "gentle", "clear", "reliable", "reassuring", "down-to-earth"),
        ),
    ),
    (
        re.compile(
            r"\bapps?\b|software|cloud|data|platform|\btools?\b|phone|laptop|robot|network|website|\bchips?\b|drone|securi"
            r"|\bAI\b|code|developer|internet|battery|solar|electric|energy|charg",
            re.IGNORECASE,
        ),
        Field(
            ("Build", "Connect", "Launch", "Relax"),
            ("finished work", "free evenings", "clear answers", "quiet alerts", "ideas that ship"),
            ("teams on a deadline", "big ideas", "Monday mornings", "people who hate waiting", "what comes next"),
            ("clear", "effortless", "dependable", "quick", "future-proof", "quietly clever"),
        ),
    ),
)

_ANY_FIELD: Final = Field(
    ("Choose", "Share", "Keep", "Enjoy"),
    ("smiles", "good stories", "small wonders", "proud moments", "the little things"),
    ("everyday heroes", "big days and small ones", "people who notice", "long afternoons", "what matters"),
    ("honest", "bright", "well-made", "thoughtful", "generous", "unmistakable"),
)


def field_of(subject: str) -> Field:
    """Find the words that suit a subject."""
    return next((field for pattern, field in _FIELDS if pattern.search(subject)), _ANY_FIELD)
