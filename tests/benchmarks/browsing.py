"""One question in a real browser, timed from the key to the last token."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright  # noqa: A004 - Playwright's own

from tests.benchmarks.servers import Server, sent
from tests.browser.conftest import ARGUMENTS
from tests.support import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

STOPWATCH: Final = (Path(__file__).parent / "stopwatch.js").read_text(encoding="utf-8")
QUESTION: Final = "[data-testid=stChatInputTextArea], #question"
ARRIVED: Final = "count => window.stopwatch.read().painted.length >= count"
SETTLE_MILLISECONDS: Final = 700
TO_ENTER_MILLISECONDS: Final = 100
"""A hand takes longer from the last letter to Enter; the page has drawn that letter by then."""

ANSWER_MILLISECONDS: Final = 90_000


@dataclass(frozen=True)
class Pace:
    """How the stub answers."""

    tokens: int = 100
    a_second: int = 50
    after_milliseconds: int = 200

    @property
    def prompt(self) -> str:
        """What to ask to be answered so."""
        return f"{self.tokens} tokens at {self.a_second} a second after {self.after_milliseconds} ms"


@dataclass(frozen=True)
class Timing:
    """What one answer took beyond what the stub took; milliseconds."""

    to_the_model: float
    token_lags: list[float]
    server_cpu: float

    @property
    def added_ttft(self) -> float:
        """From the key to the first token in the page, without the time that the stub took."""
        return self.to_the_model + self.token_lags[0]

    @property
    def last_token(self) -> float:
        """From the stub to the page."""
        return self.token_lags[-1]

    @property
    def token_lag_p50(self) -> float:
        """The median token."""
        return statistics.median(self.token_lags)

    @property
    def token_lag_p95(self) -> float:
        """One token in twenty took longer."""
        return statistics.quantiles(self.token_lags, n=20)[-1]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(needs.chromium()), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visitor(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A person who has entered, and has seen the page once."""
    context = browser.new_context(locale="en-GB")
    context.add_init_script(STOPWATCH)
    with contextlib.closing(context):
        page = context.new_page()
        page.goto(server.enter)
        page.locator(QUESTION).wait_for()
        page.close()
        yield context


def open_page(context: BrowserContext, server: Server) -> Page:
    """A page that is usable and has come to rest."""
    page = context.new_page()
    page.goto(server.enter if server.name == "raw page" else server.url)
    page.locator(QUESTION).wait_for()
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    return page


def ask(page: Page, pace: Pace) -> dict[str, Any]:
    """Ask, wait for the last token, and return what the stopwatch saw: ``enter`` and ``painted``, in epoch ms."""
    box = page.locator(QUESTION)
    box.fill(pace.prompt)
    page.wait_for_timeout(TO_ENTER_MILLISECONDS)
    box.press("Enter")
    try:
        page.wait_for_function(ARRIVED, arg=pace.tokens, timeout=ANSWER_MILLISECONDS, polling=100)
    except TimeoutError as error:
        raise AssertionError(f"The answer did not come to its end:\n{page.inner_text('body')}") from error
    seen: dict[str, Any] = page.evaluate("window.stopwatch.read()")
    return seen


def timed(context: BrowserContext, server: Server, upstream: Server, pace: Pace) -> Timing:
    """One answer on a fresh page."""
    page = open_page(context, server)
    with contextlib.closing(page):
        cpu = server.cpu_seconds()
        seen = ask(page, pace)
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        cpu = server.cpu_seconds() - cpu
    told = sent(upstream, pace.prompt)
    left = [moment * 1000 for moment in told.at]
    lags = [painted - moment for painted, moment in zip(seen["painted"], left, strict=True)]
    return Timing(told.asked_at * 1000 - seen["enter"], lags, cpu * 1000)
