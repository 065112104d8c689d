"""What a tagline breaks of its brief: marked, never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.taglines.languages import judge, language_of
from core.taglines.lengths import characters_in, words_in
from core.taglines.resemblance import Twin, twin_of, twins_before
from core.taglines.word_forms import find_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.taglines.board import Board, Card
    from core.taglines.brief import Brief

MarkKind = Literal["length", "banned", "missing", "language", "resembles"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that a tagline breaks, as a sentence. Not ``certain``: it may be so, and a person has to look."""

    kind: MarkKind
    says: str
    certain: bool


def marks_of(brief: Brief, card: Card, others: Iterable[str] = ()) -> tuple[Mark, ...]:
    """Everything a card breaks, for any thread but the core loop's: telling languages takes time.

    Args:
        brief: What it has to keep to; a translated card to the language it was translated to.
        card: The tagline.
        others: The other texts on its board, which it should not repeat.
    """
    return (*_of_brief(brief, card), *_resembles(twin_of(card.text, others)))


def marks_of_board(board: Board) -> dict[str, tuple[Mark, ...]]:
    """``marks_of`` each card, by its id, against the cards before it; faster than one by one."""
    twins = twins_before([card.text for card in board.cards])
    return {
        card.id: (*_of_brief(board.brief, card), *_resembles(twin))
        for card, twin in zip(board.cards, twins, strict=True)
    }


def _of_brief(brief: Brief, card: Card) -> list[Mark]:
    return [
        *_length(brief, card.text),
        *(mark for word in brief.banned for mark in _banned(word, card.text)),
        *(mark for word in brief.must_have for mark in _missing(word, card.text)),
        *_language(card.language_wanted(brief), card.text),
    ]


def _length(brief: Brief, text: str) -> list[Mark]:
    if brief.longest is None:
        return []
    count = characters_in(text) if brief.longest_unit == "characters" else words_in(text)
    if count is None:
        return [
            Mark("length", "Its words cannot be counted: this script writes no spaces between them.", certain=False)
        ]
    if count <= brief.longest:
        return []
    unit = brief.longest_unit if count != 1 else brief.longest_unit.removesuffix("s")
    return [Mark("length", f"{count} {unit}; {brief.longest} are the most.", certain=True)]


def _banned(word: str, text: str) -> list[Mark]:
    found = find_word(word, text)
    if found is None:
        return []
    if found.is_exact:
        return [Mark("banned", f"It uses the banned “{word}”.", certain=True)]
    return [Mark("banned", f"“{found.as_written}” may be a form of the banned “{word}”.", certain=False)]


def _missing(word: str, text: str) -> list[Mark]:
    found = find_word(word, text)
    if found is None:
        return [Mark("missing", f"“{word}” is missing.", certain=True)]
    if found.is_exact:
        return []
    return [Mark("missing", f"It has “{found.as_written}”, not “{word}” itself.", certain=False)]


def _language(name: str, text: str) -> list[Mark]:
    if not name.strip():
        return []
    language = language_of(name)
    if language is None:
        return [
            Mark("language", f"Whether this is {name} could not be told: the app does not know it.", certain=False)
        ]
    verdict, reads_as = judge(text, language)
    if verdict == "fits":
        return []
    if verdict == "differs":
        return [Mark("language", f"This reads as {reads_as}, not {language}.", certain=True)]
    return [Mark("language", f"Whether this is {language} could not be told from so few words.", certain=False)]


def _resembles(twin: Twin | None) -> list[Mark]:
    if twin is None:
        return []
    says = "It stands on the board twice." if twin.kind == "duplicate" else f"It is nearly “{twin.text}”."
    return [Mark("resembles", says, certain=twin.kind == "duplicate")]
