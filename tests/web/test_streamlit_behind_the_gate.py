"""The running app under attack: Streamlit's own doors, and its sessions, behind the gate."""

from __future__ import annotations

import re
import statistics
import time
from typing import TYPE_CHECKING

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from core.emulator.directory import PRODUCT_OWNER
from tests.support.app_process import AppProcess, running_app
from tests.support.streamlit_tab import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = "What would you like to try?"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """The app in demo mode, with Streamlit's anonymous agent API switched on by mistake."""
    mistaken = {"STREAMLIT_SERVER_ENABLE_AGENT_API": "true"}
    with running_app(tmp_path_factory.mktemp("app"), extra=mistaken) as running:
        yield running


@pytest.fixture
def owner(app: AppProcess) -> Browser:
    """A person who signed in."""
    return Browser.signed_in(app.url)


@pytest.fixture
def other(app: AppProcess) -> Browser:
    """Another person who signed in."""
    return Browser.signed_in(app.url, PRODUCT_OWNER)


@pytest.fixture
def stranger(app: AppProcess) -> Browser:
    """Nobody."""
    return Browser(app.url)


def test_a_signed_in_person_sees_the_page(owner: Browser) -> None:
    with owner.tab() as tab:
        assert QUESTION in tab.run_script()[1]


def test_an_active_session_cannot_be_taken_over_by_its_id(owner: Browser, other: Browser, stranger: Browser) -> None:
    with owner.tab() as tab:
        session_id, _ = tab.run_script()
        for forged in ((), (("X-Keyless-Session", session_id), ("x_keyless_session", session_id))):
            with pytest.raises(InvalidStatus, match="403"), stranger.tab(session_id, headers=forged):
                pass
            with other.tab(session_id, headers=forged) as taken:
                assert taken.run_script()[0] not in {"", session_id}
        with pytest.raises(InvalidStatus, match="403"), owner.tab(session_id, origin=None):
            pass
        assert tab.run_script()[0] == session_id


def test_a_disconnected_session_cannot_be_taken_over_and_its_owner_comes_back(
    owner: Browser, other: Browser, stranger: Browser
) -> None:
    with owner.tab() as tab:
        session_id, _ = tab.run_script()
    with pytest.raises(InvalidStatus, match="403"), stranger.tab(session_id):
        pass
    with other.tab(session_id) as taken:
        assert taken.run_script()[0] not in {"", session_id}
    with owner.tab(session_id) as again:
        assert again.run_script()[0] == session_id


def test_another_sign_in_of_the_same_person_is_another_session(app: AppProcess, owner: Browser) -> None:
    elsewhere = Browser.signed_in(app.url)
    with owner.tab() as tab:
        session_id, _ = tab.run_script()
        with elsewhere.tab(session_id) as taken:
            assert taken.run_script()[0] != session_id


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/mcp",
        "/demo/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
        "/auth/login",
        "/auth/logout",
        "/oauth2callback",
        "/%2e%2e/app.py",
        "/static/..%5c..%5capp.py",
    ],
)
def test_streamlits_own_back_doors_stay_shut(owner: Browser, stranger: Browser, path: str) -> None:
    for browser in (stranger, owner):
        assert browser.ask(path).status_code in {400, 404}
        assert browser.ask("/_stcore/agent/interact", method="POST", json={}).status_code == 404


def test_a_file_is_uploaded_only_where_a_page_of_ones_own_was_told_to(
    owner: Browser, other: Browser, stranger: Browser
) -> None:
    with owner.tab() as tab:
        session_id, _ = tab.run_script()
        file = {"file": ("x.csv", b"a,b")}
        guessed = f"/_stcore/upload_file/{session_id}/file-1"
        told = tab.upload_address()
        assert told.startswith(f"/_stcore/upload_file/{session_id}/")
        for browser, upload in ((owner, guessed), (other, told), (stranger, told)):
            assert browser.ask(upload, method="PUT", files=file).status_code == 404
            assert browser.ask(upload, method="DELETE").status_code == 404
        assert owner.ask(told, method="PUT", files=file).status_code == 403
        xsrf = owner.ask("/_stcore/health").cookies["_streamlit_xsrf"]
        headers = {"cookie": f"_streamlit_xsrf={xsrf}; keyless_session={owner.cookie}", "x-xsrftoken": xsrf}
        with httpx2.Client(base_url=owner.url, headers=headers) as client:
            assert client.put(told, files=file).status_code == 204
            assert client.put(told, files={"file": ("x.csv", b"a" * (11 << 20))}).status_code == 413
            assert client.delete(told).status_code == 204


def test_a_file_of_a_page_is_for_the_browser_that_was_told_of_it(
    app: AppProcess, owner: Browser, other: Browser, stranger: Browser
) -> None:
    elsewhere = Browser.signed_in(app.url)
    with owner.tab() as tab:
        told = re.search(r'favicon: "(/media/[^"]+)"', tab.run_script()[1])
        assert told is not None
        assert owner.ask(told[1]).status_code == 200
        assert owner.ask(f"{told[1]}.csv").status_code == 404
        for browser in (stranger, other, elsewhere):
            assert browser.ask(told[1]).status_code == 404
    # The same page tells others of the same picture.
    with other.tab() as tab:
        tab.run_script()
        assert other.ask(told[1]).status_code == 200


def test_a_deep_link_shows_nothing_of_a_page_to_a_stranger_in_a_fresh_process(app: AppProcess) -> None:
    with httpx2.Client(base_url=app.url) as client:
        for path in ("/demo", "/prompt", "/demo_directory", "/navigation"):
            answer = client.get(path, headers={"accept": "text/html"})
            assert answer.status_code == httpx2.codes.SEE_OTHER
            assert answer.headers["location"].startswith("/auth/sign-in?next=")
            assert answer.content == b""


def test_sign_out_ends_the_tabs_and_the_cookie(owner: Browser) -> None:
    page = owner.ask("/auth/sign-out").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    with owner.tab() as tab:
        session_id, _ = tab.run_script()
        left = owner.ask("/auth/sign-out", method="POST", data={"form_token": token}, headers={"origin": owner.url})
        assert left.headers["location"] == "/auth/signed-out"
        assert tab.closed_with() == 4401
    with pytest.raises(InvalidStatus, match="403"), owner.tab():
        pass
    with owner.tab(session_id) as again:
        assert again.closed_with() == 4401


def test_two_thousand_reruns_at_once_do_not_freeze_the_others(owner: Browser, stranger: Browser) -> None:
    seconds = []
    with owner.tab() as tab:
        tab.run_script()
        for _ in range(2000):
            tab.rerun()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            asked_at = time.monotonic()
            assert stranger.ask("/_stcore/health").status_code == 200
            seconds.append(time.monotonic() - asked_at)
    assert statistics.median(seconds) < 0.5


def test_nothing_that_was_secret_was_printed(app: AppProcess, owner: Browser) -> None:
    printed = app.printed()
    assert owner.cookie not in printed
    assert "eyJ" not in printed
    assert "Traceback" not in printed
