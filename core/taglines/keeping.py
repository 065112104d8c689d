"""Handing over cards to be kept, one batch after the other, without making the answers wait."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.taglines.board import Card
    from core.taglines.generation import BornCards, Generation

PAUSES_SECONDS: Final = (1.0, 3.0, 10.0, 30.0)
"""Waits between the attempts to keep what could not be kept; after the last one it is given up."""

_log = logging.getLogger(__name__)


class Keeping:
    """Keeps the cards of one generation, and tells it what is not kept. For the core loop; threads do what blocks."""

    def __init__(self, generation: Generation, born: BornCards) -> None:
        self._generation = generation
        self._born = born
        self._pauses = iter(PAUSES_SECONDS)
        self._waiting: list[Card] = []
        self._has_more = asyncio.Event()
        self._is_closed = False

    def add(self, card: Card) -> None:
        """Keep this one behind those before."""
        self._waiting.append(card)
        self._has_more.set()

    def close(self) -> None:
        """No more come: ``keep`` returns once all are kept, or given up."""
        self._is_closed = True
        self._has_more.set()

    async def keep(self) -> None:
        """Keep cards as they come."""
        while self._waiting or not self._is_closed:
            await self._has_more.wait()
            self._has_more.clear()
            while self._waiting and await self._keep(list(self._waiting)):
                pass

    async def stand_in(self) -> Sequence[Card]:
        """What is shown because nothing came; the store's failure to find it adds nothing to that of the call."""
        try:
            return await asyncio.to_thread(self._born.stand_in)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is nothing to show
            _log.warning("no stored answer for generation %s: %s", self._generation.id, type(error).__name__)
            return ()

    async def _keep(self, cards: list[Card]) -> bool:
        """Whether to go on with what is waiting now."""
        try:
            await asyncio.to_thread(self._born.born, cards)
        except NotFound:
            self._generation.stop()
            self._generation.tell_unsaved("The board was deleted, or who asked for cards may not change it any more.")
            self._waiting.clear()
            return False
        except Exception as error:  # noqa: BLE001 - a store that fails unexpectedly has failed, too
            return await self._failed(error, len(cards))
        del self._waiting[: len(cards)]
        self._generation.tell_unsaved("")
        return True

    async def _failed(self, error: Exception, count: int) -> bool:
        said = error if isinstance(error, KeylessError) else KeylessError()
        _log.warning("%s cards of generation %s: %s", said.reference, self._generation.id, type(error).__name__)
        cards = "1 card" if count == 1 else f"{count} cards"
        self._generation.tell_unsaved(f"{cards} could not be saved ({said.reference}).")
        pause = next(self._pauses, None)
        if pause is None:
            self._waiting.clear()
            return False
        await asyncio.sleep(pause)
        return True
