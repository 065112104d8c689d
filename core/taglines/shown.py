"""Which cards of a board are shown, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.taglines.board import Board, Card
    from core.taglines.checking import Mark

Order = Literal["own", "stars", "shortest", "longest", "newest", "deployment"]
"""How cards can be sorted; "own" is the order that people gave them."""

ORDERS: Final[tuple[Order, ...]] = get_args(Order)

_KEYS: Final[dict[Order, Callable[[Card], Any]]] = {
    "own": lambda _: 0,
    "stars": lambda card: (-card.stars, not card.is_shortlisted),
    "shortest": lambda card: len(card.text),
    "longest": lambda card: -len(card.text),
    "newest": lambda card: -card.created_at.timestamp(),
    "deployment": lambda card: card.deployment_label.casefold(),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cards are looked at; what is not set keeps none back.

    ``deployment_ids`` has "" for cards that a person wrote. ``only_keeping`` leaves out cards with a certain mark.
    """

    deployment_ids: frozenset[str] = frozenset()
    only_keeping: bool = False

    def on(self, board: Board) -> Filter:
        """What of it applies to a board: deployments of which it has cards, where it shows their names."""
        return replace(self, deployment_ids=self.deployment_ids & deployments_of(board).keys())

    def passes(self, card: Card, marks: Sequence[Mark]) -> bool:
        """Whether a card is looked at."""
        return (not self.deployment_ids or card.deployment_id in self.deployment_ids) and not (
            self.only_keeping and any(mark.certain for mark in marks)
        )


def deployments_of(board: Board) -> dict[str, str]:
    """Labels of the deployments that gave the cards, by their ids; "" for both where a person wrote one.

    Empty where the board hides them: what is left of its cards would tell their names.
    """
    return {card.deployment_id: card.deployment_label for card in board.cards if board.shows_deployments}


def shown(
    board: Board,
    order: Order = "own",
    *,
    only_shortlisted: bool = False,
    where: Filter = Filter(),
    marks: Mapping[str, Sequence[Mark]] | None = None,
) -> tuple[Card, ...]:
    """The cards, or those of the shortlist, that pass a filter, sorted; cards that are alike keep their own order.

    By deployment they are sorted only where the board shows deployments: the order would tell their names.

    Args:
        board: Whose cards.
        order: How they are sorted.
        only_shortlisted: Whether only those of the shortlist are shown.
        where: What else is asked of them, as far as it applies to the board.
        marks: What each card breaks, by its id; for a filter that asks for it.
    """
    if order == "deployment" and not board.shows_deployments:
        order = "own"
    where, marks = where.on(board), marks or {}
    cards = board.shortlist if only_shortlisted else board.cards
    return tuple(sorted((card for card in cards if where.passes(card, marks.get(card.id, ()))), key=_KEYS[order]))
