"""One generation on the core loop: from the runs of its deployments to cards."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from core.errors import KeylessError, PromptFiltered, UnexpectedReply
from core.runs.run_view import error_of
from core.storage.records import RunState
from core.taglines.asking import repairing
from core.taglines.board import Card, new_card_id
from core.taglines.parsing import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from core.deployments.parameters import Call
    from core.runs.run import Run
    from core.storage.records import RunRecord
    from core.taglines.births import Births
    from core.taglines.board import How
    from core.taglines.generation import Generation
    from core.taglines.keeping import Keeping

_log = logging.getLogger(__name__)


class Carrying:
    """Reads all runs of a generation at once, each to its end.

    Args:
        generation: What happens is told to it.
        births: Decides what becomes a card.
        keeping: Keeps the cards.
        start: Sends a call for the deployment at a place; blocks.
        clock: The time of day.
        how: How the cards come about.
        language: The one to which they, or the card they are made of, were translated; or "".
    """

    def __init__(  # noqa: PLR0913 - the parts of a generation meet here
        self,
        generation: Generation,
        births: Births,
        keeping: Keeping,
        start: Callable[[int, Call], Run],
        clock: Callable[[], datetime],
        *,
        how: How,
        language: str = "",
    ) -> None:
        self._generation = generation
        self._births = births
        self._keeping = keeping
        self._start = start
        self._clock = clock
        self._how = how
        self._language = language
        self._runs: dict[int, Run] = {}

    async def carry(self, runs: Mapping[int, Run]) -> None:
        """See the generation through until every card is there and kept, whatever happens."""
        self._runs = dict(runs)
        keeping = asyncio.create_task(self._keeping.keep())
        await asyncio.gather(*(self._part(place) for place in runs))
        if not self._generation.is_stopped:
            for place, text in self._births.rest():
                self._bear(place, text)
        self._keeping.close()
        await asyncio.wait({keeping})
        if self._generation.has_failed:
            self._generation.replace_by(await self._keeping.stand_in())
        self._generation.tell(self._births.notices())

    async def _part(self, place: int) -> None:
        """See one deployment to its end; its failure is nobody else's."""
        error: KeylessError | None
        try:
            count = await self._read(place)
            if not count and _is_whole(self._runs[place].record()) and not self._generation.is_stopped:
                count = await self._repair(place)
            error = None if count else _nothing_read(self._runs[place].record())
        except KeylessError as refused:
            error = refused
        except Exception as unexpected:  # noqa: BLE001 - a part never takes the others with it
            error = KeylessError()
            # Only the class: the message of a foreign exception may quote a prompt or a token.
            _log.error("%s generation %s: %s", error.reference, self._generation.id, type(unexpected).__name__)
        record = self._runs[place].record()
        if record.state is RunState.CANCELLED:
            self._generation.change(place, "stopped")
        elif record.error is not None:
            self._generation.change(place, "failed", error=record.error)
        elif error is not None:
            self._generation.change(place, "failed", error=error_of(error))
        else:
            self._generation.change(place, "done")

    async def _repair(self, place: int) -> int:
        """Ask once more for an answer that can be read, and say so; how many texts came."""
        run = self._runs[place]
        notice = f"{run.call.deployment.label} gave no list of taglines and was asked once more."
        self._generation.change(place, "asked again", notice=notice)
        self._runs[place] = await asyncio.to_thread(self._start, place, repairing(run.call, run.text))
        return await self._read(place)

    async def _read(self, place: int) -> int:
        """Make cards of a run until it ends; how many texts it held."""
        run, reading = self._runs[place], Reading()
        async for _, piece in run.follow():
            self._generation.change(place, "writing")
            self._take(place, reading.feed(piece))
        self._take(place, reading.finish(is_whole=_is_whole(run.record())))
        if reading.left_out:
            texts = "1 text was" if reading.left_out == 1 else f"{reading.left_out} texts were"
            self._generation.change(place, "writing", notice=f"{texts} left out: empty, too long or too many.")
        return reading.count

    def _take(self, place: int, texts: list[str]) -> None:
        for text in texts:
            if self._births.take(place, text):
                self._bear(place, text)
        if texts:
            self._generation.tell(self._births.notices())

    def _bear(self, place: int, text: str) -> None:
        record = self._runs[place].record()
        card = Card(
            id=new_card_id(),
            text=text,
            original=text,
            created_at=self._clock(),
            deployment_id=record.deployment_id,
            deployment_label=record.deployment_label,
            model=record.model,
            run_id=record.id,
            made_from=self._generation.made_from,
            how=self._how,
            language=self._language,
        )
        self._generation.add_card(place, card)
        self._keeping.add(card)


def _is_whole(record: RunRecord) -> bool:
    return record.state is RunState.COMPLETE and record.finish_reason == "stop"


def _nothing_read(record: RunRecord) -> KeylessError:
    """Why a run that did not fail gave no tagline."""
    if record.state is RunState.FILTERED:
        return PromptFiltered("The content filter ended the answer before its first tagline.", "Reword the brief.")
    if not _is_whole(record):
        return UnexpectedReply("The answer was cut before its first tagline.", "Choose another deployment.")
    title = f"{record.deployment_label} gave no taglines that could be read."
    return UnexpectedReply(title, "Try again, or choose another deployment.", retryable=True)
