"""What a change did to a board, in a few words for its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.taglines.board import Board, Card


def what_changed(before: Board, after: Board) -> str:
    """The change as people say it, such as "Added 8 cards"; "" when nothing changed."""
    said = [*_cards(before, after), *_board(before, after)]
    return f"{said[0]} and more" if len(said) > 1 else "".join(said)


def _cards(before: Board, after: Board) -> list[str]:
    was = {card.id: card for card in before.cards}
    now = {card.id: card for card in after.cards}
    said = [
        f"{verb} {_count(len(ids))}"
        for verb, ids in (("Added", now.keys() - was.keys()), ("Removed", was.keys() - now.keys()))
        if ids
    ]
    both = [card_id for card_id in was if card_id in now]
    said += dict.fromkeys(_card(was[card_id], now[card_id]) for card_id in both if was[card_id] != now[card_id])
    if both != [card_id for card_id in now if card_id in was]:
        said.append("Changed the order")
    return said


def _card(was: Card, now: Card) -> str:
    if was.text != now.text:
        return "Changed the text of a card"
    if was.comment != now.comment:
        return "Commented on a card"
    if was.stars != now.stars:
        return "Gave stars"
    return "Shortlisted a card" if now.is_shortlisted else "Took a card off the shortlist"


def _board(before: Board, after: Board) -> list[str]:
    said = {
        "Changed the title": before.title != after.title,
        "Changed the brief": before.brief != after.brief,
        "Showed the deployments" if after.shows_deployments else "Hid the deployments": (
            before.shows_deployments != after.shows_deployments
        ),
        "Allowed replays" if after.replays else "Switched replays off": before.replays != after.replays,
    }
    return [words for words, happened in said.items() if happened]


def _count(number: int) -> str:
    return "a card" if number == 1 else f"{number} cards"
