"""Telling every process how a generation goes, and hearing from them that it is to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from core.errors import NotFound
from core.storage.records import run_error_from
from core.taglines.generation import GenerationView, Part
from core.taglines.keeping import PAUSES_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.storage.board_generations import BoardGenerations
    from core.taglines.board import Card
    from core.taglines.generation import Generation

LOOK_SECONDS: Final = 1.0
"""How often it is told what is new, looked whether somebody asked to stop, and looked again by those who watch."""

_log = logging.getLogger(__name__)


class Telling:
    """Tells of one generation while a block of ``async with`` lasts, and of its end. For the core loop.

    Threads do what blocks. A store that fails is tried again at the next look: cards do not wait for it.
    """

    def __init__(self, generation: Generation, store: BoardGenerations | None) -> None:
        self._generation = generation
        self._store = store
        self._told: Mapping[str, Any] | None = None
        self._is_over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_done = store is None

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Tell the end, if it can be told at once; what the app's own end cuts off has none."""
        self._is_over.set()
        if self._task is not None:
            await self._task
        if failure is None:
            await self._tell(has_ended=True)

    async def insist(self) -> None:
        """Tell the end in spite of a store that could not be told at once; after some attempts it is given up."""
        for pause in PAUSES_SECONDS:
            if self._is_done:
                return
            await asyncio.sleep(pause)
            await self._tell(has_ended=True)

    async def _go_on(self) -> None:
        while not self._is_over.is_set():
            await self._tell()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_over.wait(), LOOK_SECONDS)

    async def _tell(self, *, has_ended: bool = False) -> None:
        if self._store is None or self._is_done:
            return
        generation = self._generation
        told = as_told(generation)
        try:
            if told == self._told and not has_ended:
                is_stopping = await asyncio.to_thread(self._store.is_stopping, generation.id)
            else:
                is_stopping = await asyncio.to_thread(
                    self._store.tell, generation.owner, generation.board_id, generation.id, told, has_ended=has_ended
                )
        except NotFound:
            self._is_done = True  # Who keeps the cards finds that out, too, and stops it.
            return
        except Exception as error:  # noqa: BLE001 - a store that fails unexpectedly has failed, too
            _log.warning("generation %s could not be told of: %s", generation.id, type(error).__name__)
            return
        self._told = told
        self._is_done = has_ended
        if is_stopping:
            generation.stop()


def as_told(generation: Generation) -> dict[str, Any]:
    """What others see of a generation, ready for JSON: its cards by their ids, for they stand on the board."""
    view = generation.view()
    return {
        "made_from": generation.made_from,
        "wanted": generation.wanted,
        "cards": [card.id for card in view.cards],
        "parts": [_part_dict(part) for part in view.parts],
        "notices": list(view.notices),
        "is_replayed": view.is_replayed,
    }


def view_of(told: Mapping[str, Any], cards: Sequence[Card], *, version: int, finished: bool) -> GenerationView:
    """The look that was told; ``cards`` are those of it that stand on the board."""
    return GenerationView(
        version=version,
        cards=tuple(cards),
        parts=tuple(_part_from(part) for part in told["parts"]),
        notices=tuple(told["notices"]),
        is_replayed=told["is_replayed"],
        finished=finished,
    )


def _part_dict(part: Part) -> dict[str, Any]:
    waiting_until = part.waiting_until.isoformat() if part.waiting_until else None
    error = part.error.as_dict() if part.error else None
    return {**asdict(part), "waiting_until": waiting_until, "error": error}


def _part_from(data: Mapping[str, Any]) -> Part:
    at, error = data["waiting_until"], data["error"]
    facts = {
        "notices": tuple(data["notices"]),
        "waiting_until": datetime.fromisoformat(at) if at else None,
        "error": run_error_from(error) if error else None,
    }
    return Part(**{**data, **facts})
