"""Cards while they are made: what a page sees of it, and how it is stopped."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from core.runs.watching import Bell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.runs.run import Run
    from core.storage.records import Owner, RunError
    from core.taglines.board import Card

Stage = Literal["waiting", "writing", "asked again", "done", "stopped", "failed", "interrupted"]


class BornCards(Protocol):
    """Where cards are kept as they are born, so that none is lost when nobody looks."""

    def born(self, cards: Sequence[Card]) -> None:
        """Keep these behind those before. Called from a thread, one call at a time; may block.

        Raises:
            StorageError: Not now; the same cards are given again, with those that came meanwhile.
            NotFound: The board was deleted; the generation is stopped.
        """

    def stand_in(self) -> Sequence[Card]:
        """Called when every deployment failed: stored cards to show instead, kept by now; () for none. May block."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one deployment does for a generation.

    ``cards`` is how many it has given. ``error`` says why it gave none, or no more. ``waiting_until`` is when it is
    asked again after it was busy. ``notices`` are to tell beside its cards.
    """

    deployment_id: str
    deployment_label: str
    stage: Stage = "waiting"
    run_id: str = ""
    cards: int = 0
    error: RunError | None = None
    notices: tuple[str, ...] = ()
    waiting_until: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes from it."""
        return self.stage in {"done", "stopped", "failed", "interrupted"}


@dataclass(frozen=True, slots=True)
class GenerationView:
    """One look at a generation: ``cards`` in the order of their birth, ``parts`` in the order of the brief.

    ``notices`` are sentences; what stands on further lines of one is for those who want to know exactly.
    ``is_replayed`` says that nothing came, and the cards are of a stored answer, whose time is their ``created_at``.
    """

    version: int
    cards: tuple[Card, ...]
    parts: tuple[Part, ...]
    notices: tuple[str, ...]
    is_replayed: bool
    finished: bool

    @property
    def is_interrupted(self) -> bool:
        """Whether the process that made the cards ended before them."""
        return any(part.stage == "interrupted" for part in self.parts)


class Watched(Protocol):
    """Cards while they are made, in whichever process; what pages need of it."""

    id: str
    board_id: str
    owner: Owner
    made_from: str
    wanted: int

    def view(self) -> GenerationView:
        """Everything a page shows, as of now."""

    def wait_beyond(self, version: int, timeout: float) -> int:
        """Block this thread until there is something newer than ``version``, and return the version now.

        Returns at once when there is, or when all has ended; otherwise after ``timeout`` seconds at the latest.
        """


class Generation:
    """Goes on in this process until all its deployments have ended, whether a page looks or not.

    The core loop writes; any thread may look, wait and stop.
    """

    def __init__(  # noqa: PLR0913 - all that is known of it when it begins
        self,
        generation_id: str,
        board_id: str,
        owner: Owner,
        parts: Sequence[Part],
        *,
        made_from: str = "",
        wanted: int = 0,
        is_trial: bool = False,
    ) -> None:
        self.id = generation_id
        self.board_id = board_id
        self.owner = owner
        """Who asked."""
        self.made_from = made_from
        """The id of the card of which cards are made, which stand behind it; "" for those of the brief."""
        self.wanted = wanted
        """How many cards are to come."""
        self.is_trial = is_trial
        """Whether its cards never stand on the board."""
        self.ended: Future[None] = Future()
        """Done once all has ended and every card was kept, or could not be."""
        self.is_stopped = False
        self._lock = threading.Lock()
        self._bell = Bell(self._lock)
        self._parts = list(parts)
        self._cards: list[Card] = []
        self._notices: tuple[str, ...] = ()
        self._unsaved = ""
        self._is_replayed = False
        self._runs: dict[int, Run] = {}

    def view(self) -> GenerationView:
        """Everything a page shows, as of now."""
        with self._lock:
            parts = tuple(self._seen(place, part) for place, part in enumerate(self._parts))
            return GenerationView(
                version=self._bell.version,
                cards=tuple(self._cards),
                parts=parts,
                notices=(*self._notices, self._unsaved) if self._unsaved else self._notices,
                is_replayed=self._is_replayed,
                finished=self.ended.done(),
            )

    def wait_beyond(self, version: int, timeout: float) -> int:
        """Block this thread until there is something newer than ``version``, and return the version now.

        Returns at once when there is, or when all has ended; otherwise after ``timeout`` seconds at the latest.
        """
        with self._lock:
            if not self.ended.done():
                self._bell.wait(version, timeout)
            return self._bell.version

    def stop(self) -> None:
        """Ask for nothing more; the cards that are finished stay."""
        with self._lock:
            self.is_stopped = True
            runs = list(self._runs.values())
        for run in runs:
            run.cancel()

    def attach(self, place: int, run: Run) -> None:
        """This run answers for a deployment from now on."""
        with self._lock:
            self._runs[place] = run
            self._parts[place] = replace(self._parts[place], run_id=run.id)
            is_stopped = self.is_stopped
            self._bell.ring()
        if is_stopped:
            run.cancel()

    def change(self, place: int, stage: Stage, *, error: RunError | None = None, notice: str = "") -> None:
        """A deployment is at another stage."""
        with self._lock:
            part = self._parts[place]
            notices = (*part.notices, notice) if notice else part.notices
            changed = replace(part, stage=stage, error=error, notices=notices)
            if changed != part:
                self._parts[place] = changed
                self._bell.ring()

    def add_card(self, place: int, card: Card) -> None:
        """A card of a deployment was born."""
        with self._lock:
            self._cards.append(card)
            self._parts[place] = replace(self._parts[place], cards=self._parts[place].cards + 1)
            self._bell.ring()

    def replace_by(self, cards: Sequence[Card]) -> None:
        """Stored cards stand in for those that did not come; () where there are none."""
        with self._lock:
            self._cards += cards
            self._is_replayed = bool(cards)
            self._bell.ring()

    @property
    def has_failed(self) -> bool:
        """Whether no card came although nobody stopped it."""
        with self._lock:
            return not self._cards and any(part.stage == "failed" for part in self._parts) and not self.is_stopped

    def tell(self, notices: Sequence[str]) -> None:
        """Everything there is to tell of the whole, in place of what was told before."""
        with self._lock:
            if self._notices != tuple(notices):
                self._notices = tuple(notices)
                self._bell.ring()

    def tell_unsaved(self, notice: str) -> None:
        """What could not be saved at the moment; "" once all is."""
        with self._lock:
            if self._unsaved != notice:
                self._unsaved = notice
                self._bell.ring()

    def end(self) -> None:
        """Nothing more happens."""
        with self._lock:
            if not self.ended.done():
                self.ended.set_result(None)
                self._bell.ring()

    def _seen(self, place: int, part: Part) -> Part:
        run = self._runs.get(place)
        if run is None:
            return part
        seen = run.view()
        notices = (*part.notices, *(notice for notice in seen.notices if notice not in part.notices))
        return replace(part, notices=notices, waiting_until=seen.waiting_until)
