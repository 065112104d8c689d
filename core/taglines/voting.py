"""The vote of an audience: opened on cards of a board, cast from any signed-in colleague's phone, counted live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import KeylessError, NotFound
from core.storage.board_records import Choice
from core.taglines.board import MOST_TITLE
from core.taglines.rights import board_of, editable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.identity.user import User
    from core.storage.board_polls import BoardPolls
    from core.storage.board_records import Poll
    from core.storage.boards import BoardStore

QUESTION: Final = "Which one do you like best?"
FEWEST_CHOICES: Final = 2
MOST_CHOICES: Final = 24


class Voting:
    """One vote for each person, who may change it until the vote is closed.

    A vote shows the cards as they stood when it was opened. Its id cannot be guessed: signed-in people who have it,
    from the link or the code on the screen, may look at it and vote, members of the board or not.
    """

    def __init__(self, boards: BoardStore, polls: BoardPolls) -> None:
        self._boards = boards
        self._polls = polls

    def open(self, user: User, board_id: str, card_ids: Sequence[str] = (), question: str = "") -> Poll:
        """Open a vote on the chosen cards, or on the shortlist.

        Raises:
            NotAllowed: The person may only look at the board.
            KeylessError: There are too few cards, or too many, or a vote on the board is open already.
        """
        board = board_of(editable(self._boards, user, board_id))
        cards = [board.card(card_id) for card_id in dict.fromkeys(card_ids)] or list(board.shortlist)
        if len(cards) < FEWEST_CHOICES:
            raise KeylessError("A vote needs at least two cards.", "Shortlist the cards that people may vote for.")
        if len(cards) > MOST_CHOICES:
            raise KeylessError(
                f"Nobody can choose among {len(cards)} cards; {MOST_CHOICES} are the most.", "Shortlist fewer."
            )
        choices = [Choice(card.id, card.text, card.deployment_label) for card in cards]
        return self._polls.open(user.key, board_id, " ".join(question.split())[:MOST_TITLE] or QUESTION, choices)

    def poll(self, user: User, poll_id: str) -> Poll:  # noqa: ARG002 - any signed-in person, and none else
        """A vote with its tally so far, for any signed-in person who has its id."""
        return self._found(poll_id)

    def of_board(self, user: User, board_id: str) -> tuple[Poll, ...]:
        """Every vote that was opened on the board, the newest first, with its tally."""
        return self._polls.of_board(user.key, board_id)

    def vote_of(self, user: User, poll_id: str) -> str:
        """The id of the card that this person voted for, or ""."""
        return self._polls.vote_of(user.key, poll_id)

    def cast(self, user: User, poll_id: str, card_id: str) -> Poll:
        """Vote, or vote for another card instead; returns the tally with it.

        Raises:
            NotFound: There is no such vote, or no such card in it.
            KeylessError: The vote is closed.
        """
        self._found(poll_id)
        if not self._polls.cast(user.key, poll_id, card_id):
            raise KeylessError("This vote is closed.", "Nothing more is counted.")
        return self._found(poll_id)

    def close(self, user: User, poll_id: str) -> Poll:
        """Take no more votes. For those who may change the board."""
        poll = self._found(poll_id)
        editable(self._boards, user, poll.board_id)
        self._polls.close(user.key, poll_id)
        return self._found(poll_id)

    def _found(self, poll_id: str) -> Poll:
        try:
            return self._polls.get(poll_id)
        except NotFound:
            raise NotFound(
                "There is no such vote.", "Scan the code on the stage again, or ask whoever presents."
            ) from None
