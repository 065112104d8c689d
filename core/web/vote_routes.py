"""The audience's vote, and joining a board by a share link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import KeylessError, NotFound
from core.web import paths
from core.web.vote_page import invitation_page, vote_page, vote_state

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from core.storage.board_records import Poll
    from core.web.showing import Guest, Showing
    from core.web.shown_files import ShownFiles


class VoteRoutes:
    """``/vote/{vote_id}`` and ``/join/{share_id}``. Nothing is changed by opening an address: only by a form."""

    def __init__(self, showing: Showing, files: ShownFiles) -> None:
        self._showing = showing
        self._files = files

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        vote, join = f"{paths.VOTE}{{id}}", f"{paths.JOIN}{{id}}"
        return [
            Route(vote, self._showing.page(self._ballot), methods=["GET"]),
            Route(vote, self._showing.page(self._cast), methods=["POST"]),
            Route(f"{vote}/state", self._showing.data(self._state), methods=["GET"]),
            Route(join, self._showing.page(self._ask), methods=["GET"]),
            Route(join, self._showing.page(self._join), methods=["POST"]),
        ]

    def _ballot(self, guest: Guest) -> str:
        return vote_page(*_cast_by(guest), guest.session, self._files)

    @staticmethod
    def _cast(guest: Guest) -> Response:
        poll = _poll(guest)
        card_id = guest.form.get("card", "")
        if card_id not in {choice.card_id for choice in poll.choices}:
            raise NotFound("This tagline is not up for the vote.", "Load the page again and tap one that is there.")
        try:
            guest.boards.voting.cast(guest.user, poll.id, card_id)
        except KeylessError:
            if _poll(guest).is_open:
                raise
        # Whether it was counted, or came too late, the page itself says.
        return RedirectResponse(f"{paths.VOTE}{poll.id}", 303)

    @staticmethod
    def _state(guest: Guest) -> dict[str, object]:
        return {"state": vote_state(*_cast_by(guest))}

    def _ask(self, guest: Guest) -> str:
        return invitation_page(guest.boards.sharing.invitation(guest.id), guest.id, guest.session, self._files)

    @staticmethod
    def _join(guest: Guest) -> Response:
        board_id = guest.boards.sharing.join(guest.user, guest.id)
        return RedirectResponse(f"{paths.BOARDS}?id={board_id}", 303)


def _poll(guest: Guest) -> Poll:
    return guest.boards.voting.poll(guest.user, guest.id)


def _cast_by(guest: Guest) -> tuple[Poll, str]:
    """The vote, and for which card this person voted so far."""
    return _poll(guest), guest.boards.voting.vote_of(guest.user, guest.id)
