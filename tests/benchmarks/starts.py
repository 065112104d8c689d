"""What a start costs: the process until it answers, and the first visitor compared with the second."""

from __future__ import annotations

import contextlib
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx2

from tests.benchmarks.browsing import QUESTION, SETTLE_MILLISECONDS, STOPWATCH, Pace, ask, chromium
from tests.benchmarks.servers import Server, keyless_variables, one_time_link, sent, stub
from tests.support.app_process import AppProcess, running_app

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

START_SECONDS: Final = 60.0
FIRST_WORDS: Final = Pace(tokens=5)


@dataclass(frozen=True)
class Start:
    """One start; seconds since the process was created, and milliseconds that visitors waited."""

    livez_seconds: float
    readyz_seconds: float
    pages: list[float]
    """Until the page is usable, of each visitor in turn, each with a browser profile of their own."""
    added_ttfts: list[float]
    """Of the first question of each."""


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Medians over ``rounds`` starts, and every start; one start before them is not counted: the browser is warm."""
    with stub() as upstream, chromium() as browser:
        kept = []
        for number in range(rounds + 1):
            own = folder / str(number)
            own.mkdir()
            kept.append(timed_start(own, upstream, browser))
    counted = kept[1:]
    return {
        "medians": {
            "livez_seconds": statistics.median(start.livez_seconds for start in counted),
            "readyz_seconds": statistics.median(start.readyz_seconds for start in counted),
            "pages": [statistics.median(pages) for pages in zip(*(start.pages for start in counted), strict=True)],
            "added_ttfts": [
                statistics.median(ttfts) for ttfts in zip(*(start.added_ttfts for start in counted), strict=True)
            ],
        },
        "rounds": [asdict(start) for start in counted],
    }


def timed_start(folder: Path, upstream: Server, browser: Browser, visitors: int = 3) -> Start:
    """Start Keyless anew, and let visitors come one after the other as soon as it is ready."""
    begun = time.perf_counter()
    with running_app(folder, extra=keyless_variables(folder, upstream), wait_until_ready=False) as app:
        livez = _wait(app, "/livez") - begun
        readyz = _wait(app, "/readyz") - begun
        visits = [_visit(app, upstream, browser) for _ in range(visitors)]
    return Start(livez, readyz, [page for page, _ in visits], [ttft for _, ttft in visits])


def _visit(app: AppProcess, upstream: Server, browser: Browser) -> tuple[float, float]:
    link = one_time_link(app)
    context = browser.new_context(locale="en-GB")
    with contextlib.closing(context):
        context.add_init_script(STOPWATCH)
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(link)
        page.locator(QUESTION).wait_for()
        usable = time.perf_counter() - begun
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        seen = ask(page, FIRST_WORDS)
    told = sent(upstream, FIRST_WORDS.prompt)
    own_delay = (told.at[0] - told.asked_at) * 1000
    return usable * 1000, seen["painted"][0] - seen["enter"] - own_delay


def _wait(app: AppProcess, path: str) -> float:
    """When the path first answered 200."""
    deadline = time.perf_counter() + START_SECONDS
    with httpx2.Client() as client:
        while time.perf_counter() < deadline and app.process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if client.get(f"{app.url}{path}").is_success:
                    return time.perf_counter()
            # The process tells nobody when it is ready; asking is all there is.
            time.sleep(0.005)
    raise AssertionError(f"{path} is not 200:\n{app.printed()}")
