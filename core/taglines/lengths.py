"""How long a text is, as a person counts."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_HALF_OF_A_FLAG: Final = range(0x1F1E6, 0x1F200)
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)
_HANGUL_PARTS: Final = range(0x1160, 0x1200)
"""Vowels and final consonants, which stand in the block that their first consonant began."""

UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: written without spaces between words."""


def characters_in(text: str) -> int:
    """How many characters a person sees: an emoji with its parts, or a letter with its accents, is one.

    Follows the extended grapheme clusters of Unicode Standard Annex 29, but for the conjuncts of Indic scripts, which
    it counts letter by letter.
    """
    count = 0
    is_joined = is_half_flag = False
    for character in unicodedata.normalize("NFC", text):
        code = ord(character)
        is_flag = code in _HALF_OF_A_FLAG
        if not (is_joined or _extends(character, code) or (is_flag and is_half_flag)):
            count += 1
        is_half_flag = is_flag and not is_half_flag
        is_joined = character == _JOINER and count > 0
    return count


def words_in(text: str) -> int | None:
    """How many words, or None in a script that writes no spaces between them. "ice-cream" and "it's" are one."""
    if UNSPACED.search(text):
        return None
    return sum(any(character.isalnum() for character in part) for part in text.split())


def _extends(character: str, code: int) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or character in {_JOINER, "\u200c"}
        or code in _SKIN_TONES
        or code in _TAGS
        or code in _HANGUL_PARTS
    )
