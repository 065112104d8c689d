"""A board of taglines: its cards, and every change of it as a function from a board to a new board."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from core.errors import KeylessError, NotFound
from core.taglines.brief import Brief, brief_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from core.storage.records import Owner

How = Literal["generated", "shorter", "bolder", "translated", "similar", "replayed", "by hand"]
"""How a card came about."""

_HOW_MADE: Final[Mapping[How, str]] = {
    "generated": "generated",
    "shorter": "made shorter",
    "bolder": "made bolder",
    "translated": "translated",
    "similar": "more like another",
    "replayed": "stored earlier, shown again",
    "by hand": "written by hand",
}

MOST_STARS: Final = 5
MOST_CARDS_ON_A_BOARD: Final = 400
MOST_CARD_TEXT: Final = 2_000
MOST_COMMENT: Final = 2_000
MOST_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Card:
    """One tagline.

    ``original`` is the text as it was generated; it, ``run_id``, ``model`` and what names the deployment are "" when
    a person wrote the card. ``made_from`` is the id of the card from which this one was made, or "".
    ``created_at`` of a replayed card is when its answer was given. ``language`` is the one to which it, or the card
    it was made from, was translated; "" leaves it to the brief.
    """

    id: str
    text: str
    created_at: datetime
    original: str = ""
    deployment_id: str = ""
    deployment_label: str = ""
    model: str = ""
    run_id: str = ""
    made_from: str = ""
    how: How = "by hand"
    is_shortlisted: bool = False
    stars: int = 0
    comment: str = ""
    language: str = ""

    @property
    def how_made(self) -> str:
        """How it came about, in words."""
        words = _HOW_MADE[self.how]
        return f"{words} to {self.language}" if self.how == "translated" and self.language else words

    def language_wanted(self, brief: Brief) -> str:
        """The language that it has to be in; "" where any will do.

        A translation of which nobody noted the language is not held to the brief's: it is another one on purpose.
        """
        return self.language or ("" if self.how == "translated" else brief.language)

    @property
    def is_edited(self) -> bool:
        """Whether a person changed what was generated."""
        return bool(self.original) and self.text != self.original


@dataclass(frozen=True, slots=True)
class Board:
    """A brief and the cards made for it, in their order, at one version.

    ``shows_deployments`` says whether names of deployments are shown, ``replays`` whether a stored answer may stand
    in for a call that failed.
    """

    id: str
    owner: Owner
    owner_name: str
    title: str
    created_at: datetime
    updated_at: datetime
    brief: Brief = field(default_factory=Brief)
    cards: tuple[Card, ...] = ()
    version: int = 1
    shows_deployments: bool = True
    replays: bool = True

    @property
    def shortlist(self) -> tuple[Card, ...]:
        """The cards that were shortlisted, in their order."""
        return tuple(card for card in self.cards if card.is_shortlisted)

    def card(self, card_id: str) -> Card:
        """One card.

        Raises:
            NotFound: It is not on the board, or not any more.
        """
        found = next((card for card in self.cards if card.id == card_id), None)
        if found is None:
            raise NotFound(
                "This card is not on the board any more.", "Somebody removed it; an earlier version has it."
            )
        return found

    def content(self) -> dict[str, Any]:
        """What versions keep, ready for JSON; ``with_content`` reads it back exactly."""
        return {
            "title": self.title,
            "brief": self.brief.as_dict(),
            "cards": [_card_dict(card) for card in self.cards],
            "shows_deployments": self.shows_deployments,
            "replays": self.replays,
        }

    def with_content(self, content: Mapping[str, Any]) -> Board:
        """This board as it was when ``content`` was kept."""
        return replace(
            self,
            title=content["title"],
            brief=brief_from(content["brief"]),
            cards=tuple(_card_from(card) for card in content["cards"]),
            shows_deployments=content["shows_deployments"],
            replays=content["replays"],
        )


def new_card_id() -> str:
    """A card's id: the same for nobody else."""
    return secrets.token_urlsafe(9)


def written_card(text: str, at: datetime) -> Card:
    """A card that a person writes.

    Raises:
        KeylessError: It is empty or too long.
    """
    return Card(new_card_id(), _fit_for_a_card(text), at)


def shortlist(board: Board, card_id: str, *, is_shortlisted: bool = True) -> Board:
    """Put a card on the shortlist, or take it off."""
    return _with_card(board, replace(board.card(card_id), is_shortlisted=is_shortlisted))


def rate(board: Board, card_id: str, stars: int) -> Board:
    """Give a card stars, 0 to 5."""
    return _with_card(board, replace(board.card(card_id), stars=max(0, min(MOST_STARS, stars))))


def comment(board: Board, card_id: str, text: str) -> Board:
    """Say something about a card; empty takes the comment away."""
    text = text.strip()
    if len(text) > MOST_COMMENT:
        raise _too_long("comment", MOST_COMMENT)
    return _with_card(board, replace(board.card(card_id), comment=text))


def edit(board: Board, card_id: str, text: str) -> Board:
    """Give a card another text; what was generated stays in ``original``.

    Raises:
        KeylessError: It is empty or too long.
    """
    return _with_card(board, replace(board.card(card_id), text=_fit_for_a_card(text)))


def move(board: Board, card_id: str, steps: int, *, among: Collection[str] = ()) -> Board:
    """Move a card up (negative) or down by so many places; at an end it stays there.

    ``among`` names the cards that are shown when others are not: only those count as places.
    """
    moved = board.card(card_id)
    counted = [card.id for card in board.cards if not among or card.id in among or card.id == card_id]
    at = counted.index(card_id)
    target = counted[max(0, min(len(counted) - 1, at + steps))]
    rest = [card for card in board.cards if card.id != card_id]
    if target == card_id:
        return board
    place = next(index for index, card in enumerate(rest) if card.id == target) + (steps > 0)
    return replace(board, cards=(*rest[:place], moved, *rest[place:]))


def add(board: Board, cards: Iterable[Card], *, after: str = "") -> Board:
    """Put cards at the end, or after a card that is there; those that the board has already are left out."""
    there = {card.id for card in board.cards}
    new = [card for card in cards if card.id not in there]
    place = next((index + 1 for index, card in enumerate(board.cards) if card.id == after), len(board.cards))
    return replace(board, cards=(*board.cards[:place], *new, *board.cards[place:]))


def require_room(board: Board, cards: int) -> None:
    """Make sure that so many cards more can be put on the board.

    Raises:
        KeylessError: It would hold too many.
    """
    if len(board.cards) + cards > MOST_CARDS_ON_A_BOARD:
        raise KeylessError(
            f"A board holds {MOST_CARDS_ON_A_BOARD} cards, and {len(board.cards)} are on this one.",
            "Remove cards, or copy the brief into a new board.",
        )


def remove(board: Board, *card_ids: str) -> Board:
    """Take cards off the board; earlier versions keep them."""
    return replace(board, cards=tuple(card for card in board.cards if card.id not in card_ids))


def rename(board: Board, title: str) -> Board:
    """Give the board another title.

    Raises:
        KeylessError: It is empty or too long.
    """
    title = " ".join(title.split())
    if not title:
        raise KeylessError("A board needs a title.", "Type one.")
    if len(title) > MOST_TITLE:
        raise _too_long("title", MOST_TITLE)
    return replace(board, title=title)


def set_brief(board: Board, brief: Brief) -> Board:
    """Change what is asked for; cards that are there stay as they are."""
    return replace(board, brief=brief)


def show_deployments(board: Board, *, shows: bool) -> Board:
    """Show the names of deployments, or hide them."""
    return replace(board, shows_deployments=shows)


def allow_replays(board: Board, *, replays: bool) -> Board:
    """Let a stored answer stand in for a call that failed, or not."""
    return replace(board, replays=replays)


def _with_card(board: Board, changed: Card) -> Board:
    return replace(board, cards=tuple(changed if card.id == changed.id else card for card in board.cards))


def _fit_for_a_card(text: str) -> str:
    text = text.strip()
    if not text:
        raise KeylessError("A card needs a text.", "Type one, or remove the card.")
    if len(text) > MOST_CARD_TEXT:
        raise _too_long("card", MOST_CARD_TEXT)
    return text


def _too_long(what: str, most: int) -> KeylessError:
    return KeylessError(f"This {what} is longer than {most:,} characters.", "Shorten it.")


def _card_dict(card: Card) -> dict[str, Any]:
    facts = {one.name: getattr(card, one.name) for one in fields(Card)}
    return {**facts, "created_at": card.created_at.isoformat()}


def _card_from(data: Mapping[str, Any]) -> Card:
    if data["how"] not in get_args(How):
        raise KeylessError("This board cannot be read.", "Restore an earlier version; the stored one is damaged.")
    return Card(**{**data, "created_at": datetime.fromisoformat(data["created_at"])})
