"""Many people at once: tabs without browsers, of Keyless and of the tutorial's app in turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from core.services import running
from core.settings import read_settings
from tests.benchmarks.browsing import Pace
from tests.benchmarks.servers import Server, counts, keyless, keyless_variables, stub, tutorial
from tests.benchmarks.tab import Seen, Tab, tab
from tests.support.app_process import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

CROWDS: Final = (50, 100)
ROUNDS_FOR_ONE: Final = 4
"""A round takes a minute and holds as many answers as these many people give."""

PACE: Final = Pace(tokens=200, a_second=50, after_milliseconds=500)
SPREAD_SECONDS: Final = 4.0
"""All have asked before the first answer ends."""

WARM: Final = 5
REST_SECONDS: Final = 1.5
ANSWER_SECONDS: Final = 180.0


@dataclass(frozen=True)
class Crowd:
    """What one round of one crowd saw; milliseconds. Added: without what the stub took itself."""

    added_ttft_p50: float
    added_ttft_p95: float
    completion_lag_p50: float
    completion_lag_p95: float
    server_cpu: float
    """Of 1000 tokens, pages drawn before and after the answer included."""


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Medians of all rounds by server and size of the crowd, every round, and bytes of memory of an idle session."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(stub())
        for name in ("tutorial", "keyless"):
            (folder / name).mkdir()
        cookies = _signed_in(folder / "keyless", upstream, max(CROWDS))
        people = {
            stack.enter_context(tutorial(folder / "tutorial", upstream)): [""] * max(CROWDS),
            stack.enter_context(keyless(folder / "keyless", upstream)): cookies,
        }
        return asyncio.run(_measure(upstream, people, max(1, rounds // ROUNDS_FOR_ONE)))


async def _measure(upstream: Server, people: dict[Server, list[str]], rounds: int) -> dict[str, Any]:
    idle = {}
    for server, cookies in people.items():
        await _ask(upstream, server, cookies[:WARM], "warm")
        idle[server.name] = await _idle_bytes(server, cookies)
    seen: dict[str, dict[int, list[Crowd]]] = {server.name: {size: [] for size in CROWDS} for server in people}
    for number in range(rounds):
        for size in CROWDS:
            for server, cookies in people.items():
                seen[server.name][size].append(await _ask(upstream, server, cookies[:size], f"{number} of {size}"))
    return {
        "idle_bytes": idle,
        "medians": {name: {size: _medians(by_size[size]) for size in CROWDS} for name, by_size in seen.items()},
        "rounds": {
            name: {size: [asdict(one) for one in by_size[size]] for size in CROWDS} for name, by_size in seen.items()
        },
    }


def _medians(crowds: Sequence[Crowd]) -> dict[str, float]:
    rows = [asdict(crowd) for crowd in crowds]
    return {measure: statistics.median(row[measure] for row in rows) for measure in rows[0]}


def _signed_in(folder: Path, upstream: Server, count: int) -> list[str]:
    """Sign so many people in before the app starts; the cookies of their browsers."""
    environ = environment(folder, keyless_variables(folder, upstream))
    cookies = [f"session-of-benchmark-{number:04d}" for number in range(count)]
    with mock.patch.dict(os.environ, environ), running(read_settings(environ, folder), upstream.url) as services:
        for cookie in cookies:
            services.sessions.create(
                cookie=cookie,
                tenant_id="benchmark",
                object_id=cookie,
                username=f"{cookie}@example.com",
                name=cookie,
                token_cache=None,
            )
    return cookies


async def _idle_bytes(server: Server, cookies: Sequence[str]) -> float:
    """What one open page costs on which nobody has asked anything yet."""
    before = server.memory_bytes()
    async with _open(server, cookies):
        await asyncio.sleep(REST_SECONDS)
        return (server.memory_bytes() - before) / len(cookies)


async def _ask(upstream: Server, server: Server, cookies: Sequence[str], occasion: str) -> Crowd:
    """Let everybody ask once, one after the other within some seconds."""
    prompts = [f"{PACE.prompt}: person {number}, round {occasion}, {server.name}" for number in range(len(cookies))]
    async with _open(server, cookies) as tabs:
        await asyncio.sleep(REST_SECONDS)
        cpu = server.cpu_seconds()
        async with asyncio.timeout(ANSWER_SECONDS):
            answers = await asyncio.gather(
                *(
                    _ask_after(SPREAD_SECONDS * number / len(tabs), one, prompt)
                    for number, (one, prompt) in enumerate(zip(tabs, prompts, strict=True))
                )
            )
        cpu = server.cpu_seconds() - cpu
    return _crowd(counts(upstream), dict(zip(prompts, answers, strict=True)), cpu)


async def _ask_after(seconds: float, asking: Tab, prompt: str) -> Seen:
    await asyncio.sleep(seconds)
    return await asking.ask(prompt, PACE.tokens)


@contextlib.asynccontextmanager
async def _open(server: Server, cookies: Sequence[str]) -> AsyncIterator[list[Tab]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(tab(server.url, cookie)) for cookie in cookies]


def _crowd(told: dict[str, Any], answers: dict[str, Seen], cpu_seconds: float) -> Crowd:
    added, lags = [], []
    for prompt, seen in answers.items():
        left = told["sent_at"][prompt]
        added.append((told["asked_at"][prompt] - seen.asked_at + seen.first_at - left[0]) * 1000)
        lags.append((seen.last_at - left[-1]) * 1000)
    return Crowd(
        added_ttft_p50=statistics.median(added),
        added_ttft_p95=statistics.quantiles(added, n=20)[-1],
        completion_lag_p50=statistics.median(lags),
        completion_lag_p95=statistics.quantiles(lags, n=20)[-1],
        server_cpu=cpu_seconds * 1000 / (len(answers) * PACE.tokens) * 1000,
    )
