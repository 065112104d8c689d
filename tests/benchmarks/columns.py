"""Eight deployments asked together, against one of them asked alone."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from core.identity.user import local_user
from core.runs.comparison_plan import Plan, side_by_side
from core.services import running
from core.settings import read_settings
from tests.benchmarks.servers import keyless_variables, stub

if TYPE_CHECKING:
    from pathlib import Path

    from core.identity.access_token import TokenSource
    from core.services import Services

COLUMNS: Final = 8
PROMPT: Final = "100 tokens at 50 a second after 200 ms"
WAIT_SECONDS: Final = 60.0
DEPLOYMENT: Final = """
[[endpoint.deployment]]
name = "stub-{number}"
label = "Stub {number}"
model = "stub"
operations = ["chat"]
"""


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Seconds from the call to the last word, one deployment and eight of them in turn, medians of all rounds."""
    with stub() as upstream:
        environ = dict(keyless_variables(folder, upstream))
        with (folder / "deployments.toml").open("a", encoding="utf-8") as catalogue:
            catalogue.writelines(DEPLOYMENT.format(number=number) for number in range(1, COLUMNS))
        with mock.patch.dict(os.environ, environ), running(read_settings(environ, folder), upstream.url) as services:
            assert services.app_tokens is not None
            session_id = _session(services)
            _alone(services, session_id, services.app_tokens)
            measured = [
                (
                    _alone(services, session_id, services.app_tokens),
                    *_together(services, session_id, services.app_tokens),
                )
                for _ in range(rounds)
            ]
    alone, together, longest = (list(column) for column in zip(*measured, strict=True))
    return {
        "rounds": rounds,
        "columns": COLUMNS,
        "alone_seconds": statistics.median(alone),
        "together_seconds": statistics.median(together),
        "to_one": statistics.median(both / one for both, one in zip(together, alone, strict=True)),
        "to_the_longest": statistics.median(both / most for both, most in zip(together, longest, strict=True)),
    }


def _session(services: Services) -> str:
    user = local_user()
    session = services.sessions.create(
        cookie="benchmark",
        tenant_id=user.tenant_id,
        object_id=user.object_id,
        username=user.username,
        name=user.name,
        token_cache=None,
    )
    return session.id


def _alone(services: Services, session_id: str, tokens: TokenSource) -> float:
    deployment = next(iter(services.catalogue))
    begun = time.perf_counter()
    run = services.prompting.ask(
        local_user(), session_id, tokens, conversation_id=None, prompt=PROMPT, deployment_id=deployment.id
    )
    run.ended.result(WAIT_SECONDS)
    assert run.view().error is None, run.view().error
    return time.perf_counter() - begun


def _together(services: Services, session_id: str, tokens: TokenSource) -> tuple[float, float]:
    """From the call to the last word of all columns, and the longest answer among them."""
    plan = Plan(side_by_side(list(services.catalogue), PROMPT, identity_kind="app"))
    begun = time.perf_counter()
    comparison_id = services.comparing.start(local_user(), session_id, [tokens], plan)
    live = services.comparing.live(local_user(), comparison_id)
    assert live is not None
    version = 0
    while len(live.runs()) < COLUMNS:
        version = live.wait_beyond(version, WAIT_SECONDS)
    runs = live.runs().values()
    wait([run.ended for run in runs], WAIT_SECONDS)
    total = time.perf_counter() - begun
    assert not any(run.view().error for run in runs)
    live.over.result(WAIT_SECONDS)
    return total, max(run.record().total_seconds or 0.0 for run in runs)
