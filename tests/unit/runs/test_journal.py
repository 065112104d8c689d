from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from core.errors import NotFound, StorageError
from core.runs import journal as journal_module
from core.runs.journal import Journal
from core.storage.records import RunState
from tests.unit.runs.scripted import ANNA, BOUND_SECONDS, new_run

if TYPE_CHECKING:
    from core.runs.run import Run
    from core.storage.records import Owner, RunRecord


class Rows:
    """Rows in memory that fail as often as told, and tell a test what is written."""

    def __init__(self, *, failing_starts: int = 0, failing_saves: int = 0, failing_ends: int = 0) -> None:
        self.texts: list[str] = []
        self.rows: dict[str, RunRecord] = {}
        self.is_deleted = False
        self._failing = {"start": failing_starts, "save": failing_saves, "end": failing_ends}
        self._saved = asyncio.Event()

    def start_run(self, owner: Owner, run: RunRecord) -> None:
        assert owner == ANNA.key
        self._fail("start")
        if self.is_deleted:
            raise NotFound
        self.rows[run.id] = run

    def save_progress(self, run_id: str, text: str) -> Future[bool]:
        assert run_id in self.rows
        self.texts.append(text)
        self._saved.set()
        return self._done("save", is_there=True)

    def finish_run(self, run: RunRecord) -> Future[bool]:
        is_there = run.id in self.rows
        done = self._done("end", is_there=is_there)
        if is_there and not done.exception():
            self.rows[run.id] = run
        return done

    async def next_save(self) -> str:
        await asyncio.wait_for(self._saved.wait(), BOUND_SECONDS)
        self._saved.clear()
        return self.texts[-1]

    def _done(self, what: str, *, is_there: bool) -> Future[bool]:
        done: Future[bool] = Future()
        try:
            self._fail(what)
        except StorageError as error:
            done.set_exception(error)
        else:
            done.set_result(is_there)
        return done

    def _fail(self, what: str) -> None:
        if self._failing[what]:
            self._failing[what] -= 1
            raise StorageError


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "PAUSES_SECONDS", (0.0, 0.0, 0.0))


def write(run: Run, journal: Journal, text: str) -> None:
    run.add_text(text)
    journal.grew()


async def kept(run: Run, rows: Rows) -> RunRecord | None:
    journal = Journal(rows, run)
    journal.begin()
    run.add_text("Melt")
    run.finish("stop", None, "")
    await asyncio.wait_for(journal.keep(), BOUND_SECONDS)
    return rows.rows.get(run.id)


async def test_the_intent_is_stored_before_anything_else() -> None:
    rows, run = Rows(), new_run()
    Journal(rows, run).begin()
    assert rows.rows[run.id].state is RunState.RUNNING


async def test_text_is_saved_after_two_kilobytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "SAVE_SECONDS", 600)
    rows, run = Rows(), new_run()
    journal = Journal(rows, run)
    journal.begin()
    keeping = asyncio.create_task(journal.keep())
    await asyncio.sleep(0)
    for _ in range(2):
        write(run, journal, "x" * 2_000)
        assert not rows.texts or len(rows.texts[-1]) == len(run.text) - 2_000
        write(run, journal, "y" * 48)
        assert await rows.next_save() == run.text
    run.cancel()
    await asyncio.wait_for(keeping, BOUND_SECONDS)
    assert len(rows.texts) == 2


async def test_less_text_is_saved_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal_module.SAVE_SECONDS == 2
    monkeypatch.setattr(journal_module, "SAVE_SECONDS", 0.01)
    rows, run = Rows(), new_run()
    journal = Journal(rows, run)
    journal.begin()
    keeping = asyncio.create_task(journal.keep())
    write(run, journal, "Melt")
    assert await rows.next_save() == "Melt"
    run.cancel()
    await asyncio.wait_for(keeping, BOUND_SECONDS)


async def test_a_long_answer_is_not_written_thousands_of_times() -> None:
    rows, run = Rows(), new_run()
    journal = Journal(rows, run)
    journal.begin()
    keeping = asyncio.create_task(journal.keep())
    await asyncio.sleep(0)
    for _ in range(1_000):
        write(run, journal, "x" * 1_000)
        for _ in range(5):
            await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait_for(keeping, BOUND_SECONDS)
    assert 20 < len(rows.texts) < 60


async def test_the_end_is_stored_with_state_text_and_usage() -> None:
    stored = await kept(new_run(), Rows())
    assert stored is not None
    assert (stored.state, stored.text, stored.output_tokens) == (RunState.COMPLETE, "Melt", 1)


async def test_an_end_that_could_not_be_saved_is_told_and_saved_when_space_returns() -> None:
    rows, run = Rows(failing_ends=1), new_run()
    stored = await kept(run, rows)
    assert stored is not None
    assert (stored.state, stored.notices) == (RunState.COMPLETE, ())
    assert run.view().notices == ()


async def test_an_end_that_can_never_be_saved_stays_in_memory_and_says_so_with_its_reference() -> None:
    rows, run = Rows(failing_ends=99), new_run()
    await kept(run, rows)
    assert rows.rows[run.id].state is RunState.RUNNING
    assert (run.view().state, run.text) == (RunState.COMPLETE, "Melt")
    (notice,) = run.view().notices
    assert notice.startswith("This answer could not be saved (K-")


async def test_an_intent_that_could_not_be_stored_keeps_nobody_from_the_answer_and_is_made_good() -> None:
    rows, run = Rows(failing_starts=1), new_run()
    journal = Journal(rows, run)
    journal.begin()
    assert run.view().notices[0].startswith("This answer could not be saved (K-")
    run.finish("stop", None, "")
    await asyncio.wait_for(journal.keep(), BOUND_SECONDS)
    assert rows.rows[run.id].state is RunState.COMPLETE
    assert run.view().notices == ()


async def test_a_failed_save_on_the_way_is_told_until_the_next_one_works() -> None:
    rows, run = Rows(failing_saves=1), new_run()
    journal = Journal(rows, run)
    journal.begin()
    keeping = asyncio.create_task(journal.keep())
    await asyncio.sleep(0)
    notices = []
    for _ in range(2):
        write(run, journal, "x" * 2_048)
        version = run.view().version
        await rows.next_save()
        await asyncio.to_thread(run.wait_beyond, version, BOUND_SECONDS)
        notices.append(len(run.view().notices))
    assert notices == [1, 0]
    run.cancel()
    await asyncio.wait_for(keeping, BOUND_SECONDS)


async def test_a_conversation_deleted_on_the_way_ends_the_journal_without_a_word() -> None:
    rows, run = Rows(), new_run()
    journal = Journal(rows, run)
    journal.begin()
    rows.rows.clear()
    run.cancel()
    await asyncio.wait_for(journal.keep(), BOUND_SECONDS)
    assert rows.rows == {}
    assert run.view().notices == ()


async def test_a_conversation_deleted_before_the_call_refuses_it() -> None:
    rows = Rows()
    rows.is_deleted = True
    with pytest.raises(NotFound):
        Journal(rows, new_run()).begin()
