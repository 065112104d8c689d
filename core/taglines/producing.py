"""Making cards for a board: stored as they are born, and replaced by a stored answer when nothing comes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from core.errors import NotAllowed, NotFound
from core.taglines.board import add, new_card_id, require_room
from core.taglines.elsewhere import GenerationElsewhere
from core.taglines.generating import KEPT_SECONDS, Asker
from core.taglines.replay import replay_of
from core.taglines.rights import board_of, editable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from core.identity.access_token import TokenSource
    from core.identity.user import User
    from core.storage.board_generations import BoardGenerations
    from core.storage.board_records import StoredGeneration
    from core.storage.board_runs import BoardRuns
    from core.storage.boards import BoardStore
    from core.taglines.asking import Wish
    from core.taglines.board import Board, Card
    from core.taglines.brief import Brief
    from core.taglines.changing import Changing
    from core.taglines.generating import Generating
    from core.taglines.generation import Generation, Watched

NO_BRIEF: Final = ""
"""The fingerprint of what answers no brief, such as a shorter version: it is never shown again for one."""

INTERRUPTED_FOR: Final = timedelta(days=1)
"""How long it is said that a process ended before its cards were made, if nobody asks for others meanwhile."""

_REASONS: Final = {
    "shorter": "Made a card shorter",
    "bolder": "Made a card bolder",
    "translated": "Translated a card",
    "similar": "Made more like a card",
}


class Producing:
    """Asks deployments for cards of a board. For those who may change it: ``NotFound``, ``NotAllowed`` for others."""

    def __init__(  # noqa: PLR0913 - stores, and what makes cards
        self,
        boards: BoardStore,
        runs: BoardRuns,
        generations: BoardGenerations,
        changing: Changing,
        generating: Generating,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._boards = boards
        self._runs = runs
        self._generations = generations
        self._changing = changing
        self._generating = generating
        self._clock = clock

    def generate(self, user: User, session_id: str, tokens: TokenSource, board_id: str) -> Generation:
        """Ask the deployments of the board's brief; the cards are on the board as soon as they are whole.

        When nothing comes of any of them and the board allows replays, cards of the last good answer to the same
        brief take their place, marked "replayed" with the time of that answer.

        Raises:
            KeylessError: The brief asks for nothing, no deployment is chosen, or the board is full.
        """
        board = board_of(editable(self._boards, user, board_id))
        require_room(board, board.brief.count)
        keeper = CardKeeper(self._changing, self._runs, user, board_id, "Generated cards", replays=board.brief)
        rows = self._runs.rows(board.brief.fingerprint)
        asker = Asker(user.key, session_id, tokens, board_id, rows, keeper, self._generations)
        return self._generating.generate(asker, board.brief, _texts(board))

    def transform(  # noqa: PLR0913 - who asks, and for what
        self, user: User, session_id: str, tokens: TokenSource, board_id: str, *, card_id: str, wish: Wish
    ) -> Generation:
        """Make something else of a card; what comes of it stands behind that card.

        Raises:
            KeylessError: No deployment is known to ask, or the board is full.
        """
        board = board_of(editable(self._boards, user, board_id))
        require_room(board, wish.count)
        keeper = CardKeeper(self._changing, self._runs, user, board_id, _REASONS[wish.kind])
        rows = self._runs.rows(NO_BRIEF)
        asker = Asker(user.key, session_id, tokens, board_id, rows, keeper, self._generations)
        return self._generating.transform(asker, board.brief, board.card(card_id), wish, _texts(board))

    def of_board(self, user: User, board_id: str) -> tuple[Watched, ...]:
        """What is being made for the board, or has just been, oldest first; for all who may read it.

        What other processes make comes first. What one of them was making when it ended is told for a day to those
        who can ask again.
        """
        role = self._boards.role(user.key, board_id)
        here = self._generating.of_board(board_id)
        known, now = {generation.id for generation in here}, self._clock()
        elsewhere = [
            self._elsewhere(user, stored)
            for stored in self._generations.of_board(user.key, board_id)
            if stored.id not in known and _is_told(stored, now, may_edit=role.may_edit)
        ]
        return (*elsewhere, *(generation for generation in here if not generation.is_trial))

    def stop(self, user: User, board_id: str) -> None:
        """Ask for nothing more, in whichever process; the cards that are there stay."""
        editable(self._boards, user, board_id)
        for generation in self._generating.of_board(board_id):
            generation.stop()
        self._generations.stop(user.key, board_id)

    def wait_for_all(self, seconds: float) -> None:
        """Wait until every card that was made is kept; for the end of the app."""
        self._generating.wait_for_all(seconds)

    def _elsewhere(self, user: User, stored: StoredGeneration) -> GenerationElsewhere:
        def read() -> StoredGeneration:
            for one in self._generations.of_board(user.key, stored.board_id):
                if one.id == stored.id:
                    return one
            raise NotFound

        return GenerationElsewhere(stored, read, lambda: self._changing.newest(user, stored.board_id))


@dataclass(frozen=True, slots=True)
class CardKeeper:
    """Puts the cards of one generation on the board, in one version that grows with each."""

    changing: Changing
    runs: BoardRuns
    user: User
    board_id: str
    reason: str
    replays: Brief | None = None
    """The brief of which a stored answer may stand in."""
    step: str = field(default_factory=new_card_id)

    def born(self, cards: Sequence[Card]) -> None:
        """Keep these behind those before, or behind the card they were made from. Twice is as good as once.

        Raises:
            NotFound: The board was deleted, or the person may not change it any more.
            StorageError: Not now.
        """
        try:
            self._keep(cards, self.reason)
        except NotAllowed:
            raise NotFound from None

    def stand_in(self) -> Sequence[Card]:
        """Cards of the last good answer, kept now because nothing came of any deployment; () when there are none."""
        board = self.changing.newest(self.user, self.board_id)
        if self.replays is None or not board.replays:
            return ()
        replay = replay_of(self.runs, self.user.key, replace(board, brief=self.replays))
        if replay is None:
            return ()
        self._keep(replay.cards, "Showed a stored answer")
        return replay.cards

    def _keep(self, cards: Sequence[Card], reason: str) -> None:
        def put(board: Board) -> Board:
            for card in cards:
                board = add(board, [card], after=_place_of(board, card))
            return board

        self.changing.change(self.user, self.board_id, None, put, reason, step=self.step)


def _is_told(stored: StoredGeneration, now: datetime, *, may_edit: bool) -> bool:
    if stored.ended_at is not None:
        return (now - stored.ended_at).total_seconds() < KEPT_SECONDS
    return not stored.process_is_gone or (may_edit and now - stored.began_at < INTERRUPTED_FOR)


def _texts(board: Board) -> list[str]:
    return [card.text for card in board.cards]


def _place_of(board: Board, card: Card) -> str:
    """Behind the card it was made from, and behind what was made of that before; "" is at the end."""
    place = ""
    for other in board.cards:
        if card.made_from and (other.id == card.made_from or (place and other.made_from == card.made_from)):
            place = other.id
        elif place:
            break
    return place
