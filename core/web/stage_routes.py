"""The stage: a board shown to others, what changed on it, names when they are revealed, and the vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import KeylessError, NotAllowed
from core.taglines.typesetting import one_line
from core.web import paths
from core.web.stage_page import on_stage, stage_page, stage_state

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from core.storage.board_records import Poll
    from core.web.entrance import Entrance
    from core.web.showing import Guest, Showing
    from core.web.shown_files import ShownFiles


class StageRoutes:
    """``/stage/{board_id}`` and what belongs to it."""

    def __init__(self, entrance: Entrance, showing: Showing, files: ShownFiles) -> None:
        self._entrance = entrance
        self._showing = showing
        self._files = files

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        stage = f"{paths.STAGE}{{id}}"
        return [
            Route(stage, self._showing.page(self._page), methods=["GET"]),
            Route(f"{stage}/state", self._showing.data(self._state), methods=["GET"]),
            Route(f"{stage}/names", self._showing.data(self._names), methods=["GET"]),
            Route(f"{stage}/vote", self._showing.page(self._vote), methods=["POST"]),
        ]

    def _page(self, guest: Guest) -> str:
        return stage_page(**self._seen(guest), files=self._files)

    def _state(self, guest: Guest) -> dict[str, object]:
        return {"state": stage_state(**self._seen(guest))}

    @staticmethod
    def _names(guest: Guest) -> dict[str, object]:
        board = guest.boards.open(guest.user, guest.id)
        if not board.shows_deployments and not guest.boards.role(guest.user, board.id).may_edit:
            raise NotAllowed(
                "This board hides which deployment wrote what.", "Ask its owner to show the deployments."
            )
        return {"names": {card.id: one_line(card.deployment_label) or "By hand" for card in on_stage(board)}}

    @staticmethod
    def _vote(guest: Guest) -> Response:
        if guest.form.get("do") != "open":
            for poll in _open_votes(guest):
                guest.boards.voting.close(guest.user, poll.id)
        elif not _open_votes(guest):
            board = guest.boards.open(guest.user, guest.id)
            try:
                guest.boards.voting.open(guest.user, guest.id, [card.id for card in on_stage(board)])
            except KeylessError:
                # Another presenter may have been a moment earlier.
                if not _open_votes(guest):
                    raise
        return RedirectResponse(f"{paths.STAGE}{guest.id}#vote", 303)

    def _seen(self, guest: Guest) -> dict[str, Any]:
        board = guest.boards.open(guest.user, guest.id)
        return {
            "board": board,
            "poll": next(iter(guest.boards.voting.of_board(guest.user, board.id)), None),
            "origin": self._entrance.origin.url,
            "form_token": guest.session.form_token,
            "may_edit": guest.boards.role(guest.user, board.id).may_edit,
        }


def _open_votes(guest: Guest) -> list[Poll]:
    return [poll for poll in guest.boards.voting.of_board(guest.user, guest.id) if poll.is_open]
