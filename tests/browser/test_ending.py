"""The app is told to end while columns and cards are on their way: all is stored, and goes on after a new start."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.services import DRAIN_SECONDS
from core.storage.engine import Database
from core.storage.records import RunState
from core.storage.tables import board_runs, comparison_runs
from tests.browser.people import choose_account, sign_in
from tests.support.app_process import running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

COMMAND = "uvicorn"
LONG = "Write 90 taglines for an ice cream brand"
BALANCED = "GPT-5.2 (Sweden)"
ENDING_SECONDS = 4.0
ENDED_BY_ITSELF = {0, -signal.SIGTERM}


def test_a_comparison_and_taglines_that_are_interrupted_are_stored_and_the_comparison_goes_on_after_the_next_start(
    chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context()
    comparing, writing = context.new_page(), context.new_page()
    with running_app(tmp_path, command=COMMAND) as app:
        sign_in(comparing, app.url)
        comparing.goto(f"{app.url}/compare")
        comparing.get_by_role("textbox", name="Prompt").fill(LONG)
        writing.goto(f"{app.url}/taglines")
        generate = writing.get_by_role("button", name=re.compile("^Generate"))
        expect(generate).to_be_enabled()
        comparing.get_by_role("textbox", name="Prompt").press("Control+Enter")
        cells = comparing.locator(".st-key-compare-columns [data-testid=stGridCell]")
        expect(cells.filter(has_text=BALANCED)).to_contain_text(re.compile(r"(\w{3,}\W+){10}"))
        generate.click()
        expect(generate).to_be_disabled()
        asked_at = time.monotonic()
        assert app.stop() in ENDED_BY_ITSELF
        assert time.monotonic() - asked_at < DRAIN_SECONDS + ENDING_SECONDS
        assert "Traceback" not in app.printed()
        address, port = comparing.url, app.port
    # Looked at before the app starts again: it was stored on the way out, not repaired on the way in.
    compared, written = states_of(tmp_path)
    assert len(compared) == 3
    assert RunState.INTERRUPTED in compared
    assert written
    assert not {RunState.RUNNING} & {*compared, *written}
    with running_app(tmp_path, command=COMMAND, port=port) as app:
        # The directory of demo mode is a new one, too, and knows nothing of tokens it gave before.
        comparing.goto(f"{app.url}/auth/sign-in")
        choose_account(comparing, "business.user@contoso.example")
        comparing.goto(address)
        expect(cells.filter(has_text="Incomplete").first).to_be_visible()
        comparing.get_by_role("button", name="Continue").click()
        expect(comparing.get_by_text("At a glance")).to_be_visible(timeout=60_000)
        expect(cells.filter(has_text="Done")).to_have_count(3, timeout=60_000)
    context.close()


def states_of(folder: Path) -> tuple[list[RunState], list[RunState]]:
    """How the runs of comparisons and of boards stand in the database."""

    url = f"sqlite:///{folder / 'keyless.sqlite3'}"
    with contextlib.closing(Database.open(url)) as database, database.read() as connection:
        compared, written = (
            [RunState(state) for (state,) in connection.execute(select(table.c.state))]
            for table in (comparison_runs, board_runs)
        )
    return compared, written
