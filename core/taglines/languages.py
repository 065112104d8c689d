"""In which language a tagline is written, as far as so few words tell."""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections import Counter
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

_TOGETHER: Final = {"CJK": "KANA", "IDEOGRAPHIC": "KANA", "HIRAGANA": "KANA", "KATAKANA": "KANA"}
"""Scripts that one language writes side by side."""

_OWN_SCRIPT: Final = frozenset({"ARABIC", "CHINESE", "GREEK", "HEBREW", "HINDI", "JAPANESE", "KOREAN", "UKRAINIAN"})

Verdict = Literal["fits", "differs", "unknown"]

_detecting = threading.Lock()


def language_of(name: str) -> str | None:
    """The language that a name means, in whatever case, such as ``french (Canada)``; None where it is unknown."""
    words = name.replace("(", " ").replace(",", " ").casefold().split()
    return next((known for known in LANGUAGES if known.casefold() in words), None)


def judge(text: str, language: str) -> tuple[Verdict, str]:
    """Whether a text is in one of ``LANGUAGES``, and the name of the language that it reads as, or "".

    Where scripts are mixed, as by a name, the one with the most letters is judged, and never said to be wrong: the
    detector would choose among them by chance.

    The first call loads the detector: a second, and some 40 MB.
    """
    scripts = [_script(one) for one in text]
    (main, most), *others = Counter(filter(None, scripts)).most_common() or [("", 0)]
    if any(count == most for _, count in others):
        return "unknown", ""
    read = "".join(one if script in {main, ""} else " " for one, script in zip(text, scripts, strict=True))
    with _detecting:
        values = _detector().compute_language_confidence_values(read)
    # It adds up in another order each time, and so differs in the last digits.
    found = [(one.language.name, round(one.value, 9)) for one in values]
    if not found or not found[0][1]:
        return "unknown", ""
    wanted = LANGUAGES[language]
    top, confidence = found[0]
    name = next(known for known, lingua_name in LANGUAGES.items() if lingua_name == top)
    if dict(found).get(wanted, 0.0) >= min(POSSIBLE, confidence):
        return "fits", name
    is_other_script = (top in _OWN_SCRIPT) != (wanted in _OWN_SCRIPT) and confidence >= SURE
    is_sure = is_other_script or (confidence >= SURE and len(text.split()) >= FEWEST_WORDS)
    return ("differs" if is_sure and not others else "unknown"), name


def _script(character: str) -> str:
    """The script of a letter, or of a mark that belongs to it; "" for what stands in all of them."""
    if unicodedata.category(character)[0] not in "LM":
        return ""
    first = unicodedata.name(character, "").replace("-", " ").partition(" ")[0]
    return "" if first in {"COMBINING", "VARIATION", "MODIFIER"} else _TOGETHER.get(first, first)


@functools.cache
def _detector() -> LanguageDetector:
    # With the large models it would tell a little more, and take half a gigabyte.
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, name) for name in LANGUAGES.values()]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
