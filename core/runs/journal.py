"""Keeping a run in the store while it streams, without making it wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from core.errors import NotFound, StorageError
from core.runs.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from core.runs.run import Run
    from core.storage.records import Owner, RunRecord

SAVE_SECONDS: Final = 2.0
SAVE_CHARACTERS: Final = 2_048
SAVE_SHARE: Final = 8
"""Each save writes the whole text. Beyond 16 kB one comes after every eighth more of it, not after every 2 kB, so
that a long answer is not written thousands of times; the two seconds hold for any length."""

PAUSES_SECONDS: Final = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)

_log = logging.getLogger(__name__)


class RunRows(Protocol):
    """Where runs are stored; ``ConversationStore`` is one. All raise ``StorageError`` when it fails."""

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        """Write the intent, and return once it is safe."""

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        """Write what has arrived so far, without waiting."""

    def finish_run(self, run: RunRecord) -> Future[bool]:
        """Write how it ended, with its usage, in one transaction, without waiting. False without such a row."""


class Journal:
    """The stored side of one run.

    **Before the call** the thread that asks writes the intent row and waits for that one commit; only then is the
    call handed to the core loop. So nobody pays for an answer that left no trace, and the core loop, with all other
    answers on it, never waits for a database. A database that refuses keeps nobody from an answer: the run goes on
    in memory and says that it could not be saved.

    **While it streams** the text so far is saved after two seconds or two kilobytes, whichever comes first, one
    save at a time. **At the end** state, text and usage go into one transaction, which is tried again for some
    minutes while it fails.
    """

    def __init__(self, rows: RunRows, run: Run) -> None:
        self._rows = rows
        self._run = run
        self._watcher: Watcher | None = None
        self._has_row = False
        self._saved = 0
        self._notice = ""

    def begin(self, write: Callable[[], None] | None = None) -> None:
        """Write the intent row; for the thread that asks.

        Args:
            write: Writes it in one transaction with what it belongs to. Without those nothing should be asked, so
                then its failure is raised.

        Raises:
            NotFound: The conversation was deleted meanwhile.
            StorageError: ``write`` failed.
        """
        if write is not None:
            write()
            self._has_row = True
            return
        try:
            self._rows.start_run(self._run.owner, self._run.record())
        except StorageError as error:
            self._failed(error)
        else:
            self._has_row = True

    def grew(self) -> None:
        """More text has arrived; for the core loop."""
        if self._watcher and self._run.length - self._saved >= max(SAVE_CHARACTERS, self._saved // SAVE_SHARE):
            self._watcher.wake()

    async def keep(self) -> None:
        """Write all there is to write of the run; returns once its end is stored, or was given up."""
        watcher = self._watcher = Watcher()
        self._run.ended.add_done_callback(lambda _: watcher.wake())
        while not self._run.finished:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(watcher.wait(), SAVE_SECONDS)
            watcher.look()
            if self._has_row and not self._run.finished and self._run.length > self._saved:
                await self._save_progress()
        for pause in PAUSES_SECONDS:
            try:
                await self._save_end()
            except StorageError as error:
                self._failed(error)
            else:
                self._succeeded()
                return
            await asyncio.sleep(pause)
        _log.error("run %s could not be saved and was given up", self._run.id)

    async def _save_progress(self) -> None:
        text = self._run.text
        self._saved = len(text)
        try:
            await asyncio.wrap_future(self._rows.save_progress(self._run.id, text))
        except StorageError as error:
            self._failed(error)
        else:
            self._succeeded()

    async def _save_end(self) -> None:
        record = self._run.record()
        record = replace(record, notices=tuple(notice for notice in record.notices if notice != self._notice))
        if await asyncio.wrap_future(self._rows.finish_run(record)) or self._has_row:
            return
        # No row, because the intent could not be written: now both are. It may also have been deleted meanwhile.
        with contextlib.suppress(NotFound):
            await asyncio.to_thread(self._rows.start_run, self._run.owner, record)
            await asyncio.wrap_future(self._rows.finish_run(record))

    def _failed(self, error: StorageError) -> None:
        _log.warning("%s run %s was not written", error.reference, self._run.id)
        if not self._notice:
            self._notice = f"This answer could not be saved ({error.reference})."
            self._run.add_notice(self._notice)

    def _succeeded(self) -> None:
        if self._notice:
            self._run.remove_notice(self._notice)
            self._notice = ""
