"""Which of the texts that deployments write become cards: each deployment its share, nothing twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from core.taglines.resemblance import Twin, twin_of
from core.taglines.typesetting import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_NAMED: Final = 12
"""How many of the texts that were left out a notice quotes."""


class Births:
    """Decides text by text, in the order in which they come.

    A text beyond a deployment's share is held back; what is held back fills the places that duplicates and failed
    deployments leave empty.

    Args:
        existing: Texts that stand on the board.
        shares: How many cards each deployment gives, by its place.
        may_be_near: Whether only exact repetitions are left out: a shorter version may be near to what it is of.
    """

    def __init__(self, existing: Sequence[str], shares: Sequence[int], *, may_be_near: bool = False) -> None:
        self._texts = list(existing)
        self._left = list(shares)
        self._may_be_near = may_be_near
        self._held_back: list[tuple[int, str]] = []
        self._twins: list[tuple[str, Twin]] = []

    def take(self, place: int, text: str) -> bool:
        """Whether a text becomes a card now."""
        if not self._is_new(text):
            return False
        if not self._left[place]:
            self._held_back.append((place, text))
            return False
        self._left[place] -= 1
        self._texts.append(text)
        return True

    def rest(self) -> list[tuple[int, str]]:
        """What was held back and is needed after all, with the place of its deployment. For when all have ended."""
        needed: list[tuple[int, str]] = []
        for place, text in self._held_back:
            if len(needed) == sum(self._left):
                break
            if self._is_new(text):
                self._texts.append(text)
                needed.append((place, text))
        self._held_back.clear()
        return needed

    def notices(self) -> list[str]:
        """How much was left out, in a sentence, and the texts, each on a line below it."""
        if not self._twins:
            return []
        kinds = Counter(twin.kind for _, twin in self._twins)
        counted = " and ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(kinds.items()))
        said = f"{counted} {'was' if len(self._twins) == 1 else 'were'} left out."
        texts = list(dict.fromkeys(_quoted(text, twin) for text, twin in self._twins))
        more = ["and others"] if len(texts) > MOST_NAMED else []
        return ["\n".join([said, *texts[:MOST_NAMED], *more])]

    def _is_new(self, text: str) -> bool:
        twin = twin_of(text, self._texts)
        if twin is None or (self._may_be_near and twin.kind == "near-duplicate"):
            return True
        self._twins.append((text, twin))
        return False


def _quoted(text: str, twin: Twin) -> str:
    quoted = f"“{one_line(text)}”"
    return quoted if twin.kind == "duplicate" else f"{quoted}, which is nearly “{one_line(twin.text)}”"
