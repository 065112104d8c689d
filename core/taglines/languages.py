"""In which language a tagline is written, as far as so few words tell."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from lingua import LanguageDetector

LANGUAGES: Final = {
    "Arabic": "ARABIC",
    "Chinese": "CHINESE",
    "Czech": "CZECH",
    "Danish": "DANISH",
    "Dutch": "DUTCH",
    "English": "ENGLISH",
    "Finnish": "FINNISH",
    "French": "FRENCH",
    "German": "GERMAN",
    "Greek": "GREEK",
    "Hebrew": "HEBREW",
    "Hindi": "HINDI",
    "Hungarian": "HUNGARIAN",
    "Italian": "ITALIAN",
    "Japanese": "JAPANESE",
    "Korean": "KOREAN",
    "Norwegian": "BOKMAL",
    "Polish": "POLISH",
    "Portuguese": "PORTUGUESE",
    "Romanian": "ROMANIAN",
    "Spanish": "SPANISH",
    "Swedish": "SWEDISH",
    "Turkish": "TURKISH",
    "Ukrainian": "UKRAINIAN",
}
"""English names of the languages that can be told apart, and lingua's names for them."""

SURE: Final = 0.95
POSSIBLE: Final = 0.15
FEWEST_WORDS: Final = 4
"""A text of fewer words is never said to be in the wrong language, unless its script shows it."""

_OWN_SCRIPT: Final = frozenset({"ARABIC", "CHINESE", "GREEK", "HEBREW", "HINDI", "JAPANESE", "KOREAN", "UKRAINIAN"})

Verdict = Literal["fits", "differs", "unknown"]

_detecting = threading.Lock()


def language_of(name: str) -> str | None:
    """The language that a name means, in whatever case, such as ``french (Canada)``; None where it is unknown."""
    words = name.replace("(", " ").replace(",", " ").casefold().split()
    return next((known for known in LANGUAGES if known.casefold() in words), None)


def judge(text: str, language: str) -> tuple[Verdict, str]:
    """Whether a text is in one of ``LANGUAGES``, and the name of the language that it reads as, or "".

    The first call loads the detector: a second, and some 40 MB.
    """
    with _detecting:
        found = [(one.language.name, one.value) for one in _detector().compute_language_confidence_values(text)]
    if not found or not found[0][1]:
        return "unknown", ""
    wanted = LANGUAGES[language]
    top, confidence = found[0]
    name = next(known for known, lingua_name in LANGUAGES.items() if lingua_name == top)
    if top == wanted or dict(found).get(wanted, 0.0) >= POSSIBLE:
        return "fits", name
    is_other_script = (top in _OWN_SCRIPT) != (wanted in _OWN_SCRIPT) and confidence >= SURE
    is_sure = is_other_script or (confidence >= SURE and len(text.split()) >= FEWEST_WORDS)
    return ("differs" if is_sure else "unknown"), name


@functools.cache
def _detector() -> LanguageDetector:
    # With the large models it would tell a little more, and take half a gigabyte.
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, name) for name in LANGUAGES.values()]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
