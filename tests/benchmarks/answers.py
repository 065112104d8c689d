"""One question at a time, in interleaved rounds: Keyless, the tutorial's app, and the raw page as the limit."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.browsing import Pace, Timing, ask, chromium, open_page, timed, visitor
from tests.benchmarks.servers import Server, keyless, stub, tutorial
from tests.benchmarks.stub_model import token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

ONE_ANSWER: Final = Pace(tokens=100)
LONG_ANSWERS: Final = (Pace(1_000, 200), Pace(4_000, 200))

MEASURES: Final[dict[str, Callable[[Timing], float]]] = {
    "added_ttft": lambda timing: timing.added_ttft,
    "to_the_model": lambda timing: timing.to_the_model,
    "first_token": lambda timing: timing.token_lags[0],
    "token_lag_p50": lambda timing: timing.token_lag_p50,
    "token_lag_p95": lambda timing: timing.token_lag_p95,
    "last_token": lambda timing: timing.last_token,
    "server_cpu": lambda timing: timing.server_cpu,
}


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds of one answer: medians by server and measure, and every round.

    The round before the first is not counted: processes and browser are warm.
    """
    with _all_open(folder) as (upstream, contexts):
        timings: dict[str, list[Timing]] = {server.name: [] for server in contexts}
        for number in range(rounds + 1):
            for server, context in contexts.items():
                timing = timed(context, server, upstream, ONE_ANSWER)
                if number:
                    timings[server.name].append(timing)
    return {
        "medians": {
            name: {measure: statistics.median(map(read, answers)) for measure, read in MEASURES.items()}
            for name, answers in timings.items()
        },
        "rounds": {name: [asdict(answer) for answer in answers] for name, answers in timings.items()},
    }


def measure_bytes(folder: Path, _rounds: int) -> dict[str, Any]:
    """Bytes over the websocket for each byte of a long answer, by server and number of tokens; one answer each."""
    ratios: dict[str, dict[int, float]] = {}
    with _all_open(folder) as (upstream, contexts):
        for server, context in contexts.items():
            if server is not upstream:
                ratios[server.name] = {pace.tokens: _bytes_a_byte(server, context, pace) for pace in LONG_ANSWERS}
    return ratios


@contextlib.contextmanager
def _all_open(folder: Path) -> Iterator[tuple[Server, dict[Server, BrowserContext]]]:
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(stub())
        servers = [
            upstream,
            *(stack.enter_context(each(_new(folder, each.__name__), upstream)) for each in (tutorial, keyless)),
        ]
        browser = stack.enter_context(chromium())
        yield upstream, {server: stack.enter_context(visitor(browser, server)) for server in servers}


def _new(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _bytes_a_byte(server: Server, context: BrowserContext, pace: Pace) -> float:
    page = open_page(context, server)
    with contextlib.closing(page):
        received = _count_frames(page)
        before = sum(received)
        ask(page, pace)
        page.wait_for_timeout(1_000)
        return (sum(received) - before) / sum(len(token(number)) for number in range(pace.tokens))


def _count_frames(page: Page) -> list[int]:
    """The sizes of what the page's websockets receive, as it comes; the page is loaded anew."""
    sizes: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda payload: sizes.append(len(payload))),
    )
    page.reload()
    page.get_by_test_id("stChatInputTextArea").wait_for()
    page.wait_for_timeout(1_000)
    return sizes
