"""What a token that is still good costs, and what a call does not do."""

from __future__ import annotations

import asyncio
import ssl
import statistics
import time
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from core.emulator.directory import BUSINESS_USER
from core.emulator.emulator import Emulator
from tests.support.signed_in import services_on, sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from core.services import Services
    from core.storage.sessions import SessionRecord

WARM_TOKENS: Final = 2_000
CALLS: Final = 20
PROMPT: Final = "Write a tagline for an ice cream brand:"


def measure(folder: Path, _rounds: int) -> dict[str, Any]:
    """Milliseconds for a warm token; requests to Entra and TLS contexts made meanwhile, and during calls."""
    emulator = Emulator(pace=0)
    with services_on(emulator, folder) as services:
        session = sign_in(services, BUSINESS_USER)
        _ask(services, session)
        asked = len(emulator.entra.asked)
        with mock.patch.object(ssl.SSLContext, "__new__", side_effect=ssl.SSLContext.__new__) as contexts:
            milliseconds = asyncio.run(_time_tokens(services, session))
            for _ in range(CALLS):
                _ask(services, session)
            made = contexts.call_count
        requests = len(emulator.entra.asked) - asked
        answered = len(emulator.received)
    assert answered == CALLS + 1, f"{answered} calls were received"
    return {
        "warm_token_milliseconds": {
            "p50": statistics.median(milliseconds),
            "p95": statistics.quantiles(milliseconds, n=20)[-1],
        },
        "tokens": WARM_TOKENS,
        "calls": CALLS,
        "requests_to_entra": requests,
        "tls_contexts": made,
    }


async def _time_tokens(services: Services, session: SessionRecord) -> list[float]:
    scope = services.settings.scope
    taken = []
    for _ in range(WARM_TOKENS):
        begun = time.perf_counter()
        await services.tokens_for(session).token(scope)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _ask(services: Services, session: SessionRecord) -> None:
    run = services.prompting.ask(
        services.user_of(session),
        session.id,
        services.tokens_for(session),
        conversation_id=None,
        prompt=PROMPT,
        deployment_id=next(iter(services.catalogue)).id,
    )
    run.put_away.result(60)
    assert run.text, run.view()
