"""Which cards of a board are shown, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.taglines.board import Board, Card

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


def shown(board: Board, order: Order = "own", *, only_shortlisted: bool = False) -> tuple[Card, ...]:
    """The cards, or those of the shortlist, sorted; cards that are alike keep their own order.

    By deployment they are sorted only where the board shows deployments: the order would tell their names.
    """
    if order == "deployment" and not board.shows_deployments:
        order = "own"
    return tuple(sorted(board.shortlist if only_shortlisted else board.cards, key=_KEYS[order]))
