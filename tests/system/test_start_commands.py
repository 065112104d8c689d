"""Every start command brings up the same app: welcome page, probes, sign-in, a prompt, and a clean end."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import httpx2
import pytest

from core.emulator.directory import BUSINESS_USER, TENANT_ID
from core.services import DRAIN_SECONDS
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from core.storage.records import RunState
from tests.support.app_process import free_port, running_app, running_on_the_default_port, start_commands
from tests.support.prompt_page import opened
from tests.support.streamlit_tab import Browser

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.app_process import AppProcess

ICE_CREAM: Final = "Write a tagline for an ice cream brand:"
SLOW: Final = "Mistral Large (East US 2, poetic, two languages)"
OWNER: Final = (TENANT_ID, BUSINESS_USER.object_id)
IDLE_END_SECONDS: Final = 8.0
ENDED_BY_ITSELF: Final = {0, -signal.SIGTERM}
"""uvicorn shuts down in order and then lets the signal that asked for it have its way."""


def test_demo_mode_shows_the_welcome_page(started: AppProcess) -> None:
    with httpx2.Client(base_url=started.url, follow_redirects=True) as client:
        page = client.get("/")
    assert page.url.path == "/welcome"
    assert "Sign in with Microsoft" in page.text
    assert "simulated" in page.text


def test_the_probes_say_that_it_lives_and_is_ready(started: AppProcess) -> None:
    with httpx2.Client(base_url=started.url) as client:
        assert client.get("/livez").json() == {"alive": True}
        ready = client.get("/readyz").json()
    assert ready["ready"] is True
    assert set(ready["parts"]) == {"database", "keys", "identity provider", "imports", "clock"}


def test_a_person_signs_in_and_gets_an_answer_with_their_own_token(started: AppProcess) -> None:
    with opened(Browser.signed_in(started.url)) as page:
        assert "Everything is simulated" in page.text
        shown = page.answer_to(ICE_CREAM)
    assert "ice cream" in shown.lower()
    assert f"called as {BUSINESS_USER.username} with their own token" in shown


def test_another_spelling_of_this_computer_is_led_to_the_one_that_sign_in_knows(started: AppProcess) -> None:
    with httpx2.Client() as client:
        answer = client.get(f"http://127.0.0.1:{started.port}/welcome?next=%2Fdemo")
    assert answer.status_code == httpx2.codes.TEMPORARY_REDIRECT
    assert answer.headers["location"] == f"{started.url}/welcome?next=%2Fdemo"


def test_everything_it_logs_is_one_json_object_a_line(started: AppProcess) -> None:
    lines = [line for line in started.printed().splitlines() if line.strip() and not line.startswith(("{", "  "))]
    # Streamlit says this by itself when it is told its port by the program and not by its command.
    assert [line for line in lines if "[server] config option section" not in line] == []


def test_on_a_taken_port_streamlit_moves_on_and_sign_in_follows(tmp_path: Path) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # when somebody else has it, that is as good
            taken.bind(("127.0.0.1", 8501))
            taken.listen()
        with running_on_the_default_port(tmp_path) as app:
            assert app.port != 8501
            with httpx2.Client(base_url=app.url) as client:
                location = httpx2.URL(client.get("/auth/sign-in").headers["location"])
            assert location.params["redirect_uri"] == f"{app.url}/auth/callback"
            with opened(Browser.signed_in(app.url)) as page:
                assert "What would you like to try?" in page.text


@pytest.mark.parametrize("command", start_commands())
def test_sigterm_ends_it_at_once_though_a_tab_is_open(tmp_path: Path, command: str) -> None:
    with running_app(tmp_path, command=command) as app, opened(Browser.signed_in(app.url)):
        asked_at = time.monotonic()
        assert app.stop() in ENDED_BY_ITSELF
        assert time.monotonic() - asked_at < IDLE_END_SECONDS
        assert "Traceback" not in app.printed()


def test_sigterm_gives_a_running_answer_its_time_and_stores_it_as_incomplete(tmp_path: Path) -> None:
    with running_app(tmp_path) as app:
        with opened(Browser.signed_in(app.url)) as page:
            page.choose(SLOW)
            page.ask("Write 90 taglines for an ice cream brand")
            page.wait_until(lambda shown: len(shown.partition("90 taglines")[2].split()) > 20)
            conversation_id = page.conversation_id
            asked_at = time.monotonic()
            assert app.stop() in ENDED_BY_ITSELF
        assert time.monotonic() - asked_at < DRAIN_SECONDS + IDLE_END_SECONDS
        assert "Traceback" not in app.printed()
    # Looked at before the app starts again: it was stored on the way out, not repaired on the way in.
    with contextlib.closing(Database.open(f"sqlite:///{tmp_path / 'keyless.sqlite3'}")) as database:
        conversation = ConversationStore(database, lambda: datetime.now(UTC)).get(OWNER, conversation_id)
    (run,) = conversation.turns[0].runs
    assert run.state is RunState.INTERRUPTED
    assert len(run.text.split()) > 10
    assert run.total_seconds is not None


def test_a_port_that_was_asked_for_and_is_taken_is_said(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        with running_app(tmp_path, port=port, wait_until_ready=False) as app:
            assert app.process.wait(30) != 0
        assert f"Port {port} is not available" in app.printed()
