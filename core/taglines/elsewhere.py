"""Cards that another process makes, or made until it ended: seen as they are stored."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import NotFound, StorageError
from core.taglines.telling import LOOK_SECONDS, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.storage.board_records import StoredGeneration
    from core.taglines.board import Board
    from core.taglines.generation import GenerationView


class GenerationElsewhere:
    """A generation as its process tells of it; it is looked up again when somebody looks, once a second at most.

    Args:
        stored: What was told last.
        read: What is told now; raises ``NotFound`` when that was forgotten, or the board may not be read.
        open_board: The board as it is now, with the cards.
    """

    def __init__(
        self,
        stored: StoredGeneration,
        read: Callable[[], StoredGeneration],
        open_board: Callable[[], Board],
    ) -> None:
        self.id = stored.id
        self.board_id = stored.board_id
        self.owner = stored.owner
        self.made_from: str = stored.told["made_from"]
        self.wanted: int = stored.told["wanted"]
        self._read = read
        self._open_board = open_board
        self._lock = threading.Lock()
        self._stored = stored
        self._view: GenerationView | None = None
        self._looked_at = 0.0

    def view(self) -> GenerationView:
        """Everything a page shows, as it was told a moment ago."""
        with self._lock:
            if self._view is None:
                self._view = self._seen(self._stored, 0)
                self._looked_at = time.monotonic()
            elif not self._view.finished and time.monotonic() >= self._looked_at + LOOK_SECONDS:
                self._view = self._look(self._view)
                self._looked_at = time.monotonic()
            return self._view

    def wait_beyond(self, version: int, timeout: float) -> int:
        """Let ``timeout`` seconds pass, unless there is something newer than ``version`` or all has ended."""
        view = self.view()
        if view.version > version or view.finished:
            return view.version
        time.sleep(timeout)
        return self.view().version

    def _look(self, before: GenerationView) -> GenerationView:
        try:
            stored = self._read()
            # A card may be told of a moment before it stands on the board.
            has_all = len(before.cards) == len(stored.told["cards"])
            if stored == self._stored and has_all:
                return before
            view = self._seen(stored, before.version + 1)
        except NotFound:
            return replace(before, version=before.version + 1, finished=True)
        except StorageError:
            return before  # The next look is soon.
        self._stored = stored
        return view

    def _seen(self, stored: StoredGeneration, version: int) -> GenerationView:
        born = set(stored.told["cards"])
        cards = [card for card in self._open_board().cards if card.id in born] if born else []
        finished = stored.ended_at is not None or stored.process_is_gone
        view = view_of(stored.told, cards, version=version, finished=finished)
        return _interrupted(view) if finished and stored.ended_at is None else view


def _interrupted(view: GenerationView) -> GenerationView:
    parts = tuple(part if part.has_ended else replace(part, stage="interrupted") for part in view.parts)
    return replace(view, parts=parts)
