"""The comparisons that go on in this process."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.runs.carrying import Carrying
    from core.runs.columns import Column
    from core.runs.live_comparison import LiveComparison
    from core.runs.live_runs import Meant
    from core.storage.records import Owner

AT_ONCE: Final = 2
"""How many comparisons of one person."""


class GoingOn:
    """Begins comparisons within their bounds, finds those that go on, and stops them. For any thread."""

    def __init__(self, carrying: Carrying) -> None:
        self._carrying = carrying
        self._lock = threading.Lock()
        self._by_id: dict[str, LiveComparison] = {}

    def begin(
        self,
        live: LiveComparison,
        columns: Mapping[int, Column],
        count: int,
        write: Callable[[], None],
    ) -> None:
        """Reserve the places of the first round, which has ``count`` answers, write, and let it go on.

        Raises:
            KeylessError: It goes on already, or too much does.
            StorageError: ``write`` failed; nothing was asked.
        """
        with self._lock:
            self._by_id = {each.id: each for each in self._by_id.values() if not each.finished}
            if live.id in self._by_id:
                raise KeylessError(
                    "This comparison goes on already.", "Wait for it, or stop it first.", retryable=True
                )
            if sum(each.owner == live.owner for each in self._by_id.values()) >= AT_ONCE:
                raise KeylessError(
                    f"{AT_ONCE} of your comparisons go on at the moment, and no more do at once.",
                    "Wait for one of them or stop one, then start again.",
                    retryable=True,
                )
            self._by_id[live.id] = live
        try:
            places = self._carrying.places(live.owner, count)
            try:
                write()
                self._carrying.launch(live, columns, places)
            except BaseException:
                places.give_back()
                raise
        except BaseException:
            live.end()
            raise

    def find(self, comparison_id: str) -> LiveComparison | None:
        """Whoever's it is."""
        with self._lock:
            live = self._by_id.get(comparison_id)
        return None if live is None or live.finished else live

    def of(self, owner: Owner, comparison_id: str) -> LiveComparison | None:
        """This person's.

        Raises:
            NotFound: It goes on, and is somebody else's.
        """
        live = self.find(comparison_id)
        if live and live.owner != owner:
            raise NotFound
        return live

    def stop_those(self, is_meant: Meant) -> None:
        """Stop what belongs to a person or a session."""
        for live in self._all():
            if is_meant(live.owner, live.session_id):
                live.stop()

    def begin_no_more(self) -> None:
        """The app is being stopped: let the answers on their way end, and begin no more rounds."""
        for live in self._all():
            live.begin_no_more()

    def wait_for_all(self, seconds: float) -> None:
        """Return once nothing goes on any more, or this time has passed."""
        wait([live.over for live in self._all()], seconds)

    def _all(self) -> list[LiveComparison]:
        with self._lock:
            return list(self._by_id.values())
