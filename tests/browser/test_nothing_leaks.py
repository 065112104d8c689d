"""Compare, Taglines, stage, vote and every export in a browser, with all logs on: nothing secret is left anywhere."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests.browser.people import choose_account, sign_in
from tests.support.app_process import running_app
from tests.support.own_entra import own_entra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from core.emulator.emulator import Emulator
    from tests.support.app_process import AppProcess
    from tests.support.own_entra import OwnEntra

pytestmark = pytest.mark.browser

WORDS: Final = "the confidential glacier project"
COLLEAGUE: Final = "tester@contoso.example"
NOISY: Final = {
    "STREAMLIT_LOGGER_LEVEL": "debug",
    "OPENAI_LOG": "debug",
    "AZURE_LOG_LEVEL": "debug",
    "UVICORN_LOG_LEVEL": "trace",
}


class Seen:
    """All that a browser was sent and asked for, and the files that were taken away."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.bodies: list[str] = []
        self.frames: list[bytes] = []
        self.files: dict[str, bytes] = {}

    def follow(self, page: Page) -> None:
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("websocket", self._listen)

    def _listen(self, websocket: object) -> None:
        def keep(frame: bytes | str) -> None:
            self.frames.append(frame if isinstance(frame, bytes) else frame.encode())

        websocket.on("framereceived", keep)  # type: ignore[attr-defined]  # it is a WebSocket

    def take_away(self, page: Page, label: str) -> None:
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        path = download.value.path()
        self.files[download.value.suggested_filename] = path.read_bytes()

    def text_of_files(self) -> str:
        """What is in the files, those inside of files included."""
        texts = []
        for content in self.files.values():
            texts.append(content.decode("latin-1"))
            if content.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(content)) as inside:
                    texts += [inside.read(name).decode("latin-1") for name in inside.namelist()]
        return "\n".join(texts)


@pytest.fixture
def entra(emulator: Emulator, tmp_path: Path) -> Iterator[OwnEntra]:
    with own_entra(emulator, tmp_path) as entra:
        yield entra


def a_browser(chromium: Browser, seen: Seen) -> BrowserContext:
    context = chromium.new_context(ignore_https_errors=True)
    context.on("page", seen.follow)
    context.new_page()
    return context


def compare(page: Page, app: AppProcess, seen: Seen) -> None:
    page.goto(f"{app.url}/compare")
    page.locator(".st-key-compare-prompt textarea").fill(f"Write a tagline for {WORDS}")
    page.locator(".st-key-compare-run button").click()
    expect(page.get_by_text("At a glance")).to_be_visible(timeout=60_000)
    page.locator(".st-key-compare-export button").first.click()
    for label in ("CSV", "Excel", "Markdown", "HTML", "JSON"):
        seen.take_away(page, label)


def make_taglines(page: Page, app: AppProcess, seen: Seen) -> str:
    """Generates, shares and exports; returns the link for editors."""
    page.goto(f"{app.url}/taglines")
    page.get_by_role("textbox", name="Brief").fill(f"Taglines for {WORDS}")
    page.get_by_role("button", name=re.compile("^Generate")).click()
    expect(page.locator(".st-key-taglines-grid h2")).to_have_count(8, timeout=60_000)
    expect(page.get_by_role("button", name=re.compile("^Generate"))).to_be_enabled(timeout=60_000)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Link to edit").click()
    link = page.get_by_role("dialog").locator("code").inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    for label in ("PowerPoint slides", "Web page (one file)", "Excel", "CSV", "Markdown"):
        seen.take_away(page, label)
    page.keyboard.press("Escape")
    return link


def vote(page: Page, phone: Page, link: str) -> None:
    phone.goto(link)
    choose_account(phone, COLLEAGUE)
    phone.get_by_role("button", name="Open the board").click()
    expect(phone.locator(".st-key-taglines-grid h2")).to_have_count(8)
    page.get_by_role("link", name="Stage").click()
    page.wait_for_url(re.compile("/stage/"))
    page.keyboard.press("v")
    page.get_by_role("button", name="Open the vote").click()
    phone.goto(page.locator(".address a").get_attribute("href") or "")
    phone.locator("button.choice").first.click()
    expect(phone.get_by_text("Your vote is counted")).to_be_visible()
    expect(page.locator(".cast")).to_have_text("1 vote")
    page.get_by_role("button", name="Close the vote").click()
    expect(page.get_by_text("The vote is closed.")).to_be_visible()


def test_nothing_secret_is_left_in_logs_pages_addresses_files_and_the_database(
    chromium: Browser, entra: OwnEntra, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import logging\nlogging.Logger.isEnabledFor = lambda *_: True\n")
    seen, cookies = Seen(), list[str]()
    with running_app(tmp_path, extra={**entra.web_app, **NOISY, "PYTHONPATH": str(tmp_path)}) as app:
        context, other = a_browser(chromium, seen), a_browser(chromium, seen)
        page = context.pages[0]
        sign_in(page, app.url)
        compare(page, app, seen)
        link = make_taglines(page, app, seen)
        vote(page, other.pages[0], link)
        cookies += [each["value"] for one in (context, other) for each in one.cookies() if "keyless" in each["name"]]
        contents = [each.content() for each in (page, other.pages[0])]
        context.close()
        other.close()
        printed = app.printed()
    assert '"level": "DEBUG"' in printed
    assert len(cookies) == 2
    assert {value[:3] for value in entra.canaries.values} >= {"eyJ"}
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("keyless.sqlite3*")).decode("latin-1")
    frames = b"".join(seen.frames).decode("latin-1")
    addresses = "\n".join(address for address in seen.addresses if address.startswith(app.url))
    assert len(seen.files) == 10
    assert WORDS in stored
    tokens = {value for value in entra.canaries.values if value.startswith("eyJ")}
    everywhere = {
        "log": printed, "database": stored, "websocket": frames, "files": seen.text_of_files(), "pages": str(contents)
    }  # fmt: skip
    for place, text in everywhere.items():
        assert not entra.canaries.found_in(text), place
        assert not any(cookie in text for cookie in cookies), place
    assert not any(token in addresses for token in tokens | set(cookies))
    # Rows of the database are told only because this test forces every logger.
    told = "\n".join(line for line in printed.splitlines() if '"sqlalchemy.engine.Engine"' not in line)
    assert '"uvicorn.access"' in told
    assert "glacier" not in told
    assert link.rpartition("/")[2] not in told
