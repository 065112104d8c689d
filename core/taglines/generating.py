"""Making cards: several deployments at once, each in its own run, and none in the way of the others."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError
from core.runs.beginning import begun, new_id
from core.runs.run_view import error_of
from core.taglines.asking import asking, changing, shares
from core.taglines.births import Births
from core.taglines.carrying import Carrying
from core.taglines.generation import Generation, Part
from core.taglines.keeping import Keeping
from core.taglines.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource
    from core.runs.core_loop import CoreLoop
    from core.runs.journal import RunRows
    from core.runs.live_runs import LiveRuns
    from core.runs.run import Run
    from core.storage.board_generations import BoardGenerations
    from core.storage.records import Owner
    from core.taglines.asking import Wish
    from core.taglines.board import Card, How
    from core.taglines.brief import Brief
    from core.taglines.generation import BornCards

KEPT_SECONDS: Final = 60.0
"""How long a generation can be found once it has ended: time for every page to have drawn its end."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf cards are made, and where they and their runs are kept; those of a trial are only looked at.

    ``generations`` is where other processes see how it goes; None keeps it to this one.
    """

    owner: Owner
    session_id: str
    tokens: TokenSource
    board_id: str
    rows: RunRows
    born: BornCards
    generations: BoardGenerations | None = None
    is_trial: bool = False


class Generating:
    """Starts generations, and finds those that go on. Methods block on the database: for pages' threads.

    Runs are stored with the board's id as ``conversation_id`` and the generation's as ``turn_id``.
    """

    def __init__(
        self,
        live: LiveRuns,
        core_loop: CoreLoop,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._live = live
        self._core_loop = core_loop
        self._catalogue = catalogue
        self._clock = clock
        self._lock = threading.Lock()
        self._generations: dict[str, Generation] = {}

    def generate(self, asker: Asker, brief: Brief, existing: Sequence[str] = ()) -> Generation:
        """Ask every deployment of the brief for its share of the cards; of none of those ``existing``.

        A deployment that cannot be asked is a failed part of the generation, not an error.

        Raises:
            KeylessError: The brief asks for nothing, or names no deployment.
        """
        brief.check()
        if not brief.deployment_ids:
            raise KeylessError("No deployment is chosen.", "Choose at least one, then try again.")
        given = shares(brief.count, len(brief.deployment_ids))
        calls = [functools.partial(asking, brief=brief, share=share, existing=existing) for share in given]
        generation = self._new(asker, brief.deployment_ids, wanted=sum(given))
        return self._begin(asker, generation, calls, Births(existing, given), "generated")

    def transform(
        self, asker: Asker, brief: Brief, card: Card, wish: Wish, existing: Sequence[str] = ()
    ) -> Generation:
        """Make something else of a card, by the deployment that wrote it; of one by hand, by the brief's first.

        What is made of a translated card is in its language, too.

        Raises:
            KeylessError: No deployment is known to ask, or no language is named to translate to.
        """
        if wish.kind == "translated" and not wish.language:
            raise KeylessError("No language is chosen.", "Choose one, then try again.")
        chosen = card.deployment_id or next(iter(brief.deployment_ids), "")
        if not chosen:
            raise KeylessError("No deployment is chosen.", "Choose one in the brief, then try again.")
        is_similar = wish.kind == "similar"
        births = Births(existing if is_similar else [card.text], [wish.count], may_be_near=not is_similar)
        language = wish.language or card.language
        brief = replace(brief, language=language or brief.language)
        calls = [functools.partial(changing, brief=brief, text=card.text, wish=wish, existing=existing)]
        generation = self._new(asker, [chosen], made_from=card.id, wanted=wish.count)
        return self._begin(asker, generation, calls, births, wish.kind, language)

    def of_board(self, board_id: str) -> list[Generation]:
        """The generations of a board that go on or have just ended, oldest first."""
        with self._lock:
            return [one for one in self._generations.values() if one.board_id == board_id]

    def wait_for_all(self, seconds: float) -> None:
        """Wait until every generation has ended and its cards are kept; for the end of the app."""
        with self._lock:
            ended = [one.ended for one in self._generations.values()]
        wait(ended, seconds)

    def _new(self, asker: Asker, deployment_ids: Sequence[str], *, wanted: int, made_from: str = "") -> Generation:
        parts = [Part(deployment_id, self._label(deployment_id)) for deployment_id in deployment_ids]
        return Generation(
            new_id(),
            asker.board_id,
            asker.owner,
            parts,
            made_from=made_from,
            wanted=wanted,
            is_trial=asker.is_trial,
        )

    def _begin(  # noqa: PLR0913, PLR0917 - what a generation consists of
        self,
        asker: Asker,
        generation: Generation,
        calls: Sequence[Callable[[Deployment], Call]],
        births: Births,
        how: How,
        language: str = "",
    ) -> Generation:
        start = functools.partial(self._start, asker, generation)
        runs: dict[int, Run] = {}
        for place, (part, call) in enumerate(zip(generation.view().parts, calls, strict=True)):
            try:
                runs[place] = start(place, call(self._catalogue.find(part.deployment_id)))
            except KeylessError as error:
                generation.change(place, "failed", error=error_of(error))
        with self._lock:
            self._generations[generation.id] = generation
        carrying = functools.partial(
            Carrying, generation, births, start=start, clock=self._clock, how=how, language=language
        )
        carried = self._core_loop.submit(self._carry(generation, asker, carrying, runs))
        # Also where the app ends before it has taken its first step.
        carried.add_done_callback(lambda _: generation.end())
        return generation

    async def _carry(
        self, generation: Generation, asker: Asker, carrying: Callable[..., Carrying], runs: dict[int, Run]
    ) -> None:
        telling = Telling(generation, asker.generations)
        try:
            async with telling:
                await carrying(keeping=Keeping(generation, asker.born)).carry(runs)
        finally:
            generation.end()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, generation.id)
        await telling.insist()

    def _start(self, asker: Asker, generation: Generation, place: int, call: Call) -> Run:
        with self._live.place(asker.owner, None) as reserved:
            record = begun(
                call, asker.tokens, conversation_id=asker.board_id, turn_id=generation.id, started_at=self._clock()
            )
            run = self._live.start(reserved, record, call, asker.tokens, session_id=asker.session_id, rows=asker.rows)
        generation.attach(place, run)
        return run

    def _label(self, deployment_id: str) -> str:
        return next((one.label for one in self._catalogue if one.id == deployment_id), deployment_id)

    def _forget(self, generation_id: str) -> None:
        with self._lock:
            self._generations.pop(generation_id, None)
