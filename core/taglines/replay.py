"""The last good stored answer to a brief: what may be shown when a call fails before an audience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.taglines.board import Card, new_card_id
from core.taglines.parsing import read_all
from core.taglines.resemblance import twin_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.storage.board_runs import BoardRuns
    from core.storage.records import Owner, RunRecord
    from core.taglines.board import Board


@dataclass(frozen=True, slots=True)
class Replay:
    """Cards of an answer that a deployment really gave to this brief, at ``answered_at``."""

    cards: tuple[Card, ...]
    answered_at: datetime


def replay_of(runs: BoardRuns, person: Owner, board: Board) -> Replay | None:
    """The last good answer to the board's brief with something that is not on the board yet; None when there is none.

    It was given on a board of the same owner that this person may read. Whether it may be shown is for
    ``board.replays`` to say.
    """
    answers = runs.answers(person, board.id, board.brief.fingerprint)
    for generation in dict.fromkeys(run.turn_id for run in answers):
        of_it = [run for run in answers if run.turn_id == generation]
        cards = _new(board, (card for run in of_it for card in _cards(run)))
        if cards:
            return Replay(tuple(cards[: board.brief.count]), max(run.started_at for run in of_it))
    return None


def stored_note(card: Card) -> str:
    """What is said beside a card that stands in for an answer, wherever it is shown; "" for every other card."""
    return f"Stored answer of {card.created_at:%Y-%m-%d %H:%M} UTC, shown again" if card.how == "replayed" else ""


def _cards(run: RunRecord) -> Sequence[Card]:
    return [
        Card(
            id=new_card_id(),
            text=text,
            original=text,
            created_at=run.started_at,
            deployment_id=run.deployment_id,
            deployment_label=run.deployment_label,
            model=run.model,
            run_id=run.id,
            how="replayed",
        )
        for text in read_all(run.text)
    ]


def _new(board: Board, cards: Iterable[Card]) -> list[Card]:
    texts = [card.text for card in board.cards]
    new = []
    for card in cards:
        if twin_of(card.text, texts) is None:
            texts.append(card.text)
            new.append(card)
    return new
