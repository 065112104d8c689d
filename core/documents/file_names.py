"""Names of files that people take away."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 60
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")


def file_name(kind: str, title: str, ending: str) -> str:
    """A name that every system takes, such as ``comparison-ice-cream.csv``.

    Args:
        kind: A word of ours; it comes first, so that no title makes a reserved name such as ``con.csv``.
        title: Text of any origin; only its Latin letters and digits stay.
        ending: Without the dot.
    """
    ascii_title = unicodedata.normalize("NFKD", title[:500]).encode("ascii", "ignore").decode().lower()
    slug = _NOT_A_WORD.sub("-", ascii_title).strip("-")[:LONGEST].strip("-")
    return f"{kind}-{slug}.{ending}" if slug else f"{kind}.{ending}"
