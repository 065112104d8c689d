"""The test that costs something: the shortest answer that a deployment can give."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.deployments.calling import call
from core.deployments.costs import cost
from core.deployments.events import Finished, Opened, TextDelta, Usage
from core.deployments.parameters import Call, Message, Parameters
from core.errors import KeylessError, UnexpectedReply

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from core.deployments.client import Clients
    from core.deployments.deployment import Deployment
    from core.deployments.lessons import Lessons
    from core.deployments.tokens import Tokens

FEWEST_TOKENS: Final = 16
"""The Responses API takes no smaller maximum."""

_PROMPT: Final = "Say OK."
_READ_TOKENS_AT_MOST: Final = 24


@dataclass(frozen=True, slots=True)
class Billed:
    """How the test went: ``failure`` is None when an answer came, ``first_seconds`` after the asking."""

    at: datetime
    failure: KeylessError | None = None
    first_seconds: float = 0.0
    detail: str = ""


def most_it_costs(deployment: Deployment) -> Decimal | None:
    """What the test costs at most, in USD; None when the deployment's prices are unknown."""
    return cost(deployment.prices, Usage(_READ_TOKENS_AT_MOST, FEWEST_TOKENS))


async def bill(  # noqa: PLR0913 - what a call needs, and two limits by name
    clients: Clients,
    deployment: Deployment,
    tokens: Tokens,
    lessons: Lessons,
    *,
    at: datetime,
    seconds: float,
) -> Billed:
    """Ask for the shortest answer and see it stream. Raises nothing; takes ``seconds`` at most."""
    asked = Call(deployment, "", (Message("user", _PROMPT),), Parameters(max_output_tokens=FEWEST_TOKENS))
    began, first, facts = time.monotonic(), None, []
    calling = call(clients, asked, tokens, lessons=lessons, deadline_seconds=seconds)
    try:
        async with contextlib.aclosing(calling):
            async for event in calling:
                if first is None and isinstance(event, TextDelta | Finished):
                    first = time.monotonic() - began
                if isinstance(event, Opened):
                    facts += [f"apim-request-id={event.request_id}", f"region={event.region}"]
                if isinstance(event, Finished) and event.usage:
                    facts.append(f"{event.usage.input_tokens} tokens in, {event.usage.output_tokens} out")
    except KeylessError as error:
        return Billed(at, error)
    if first is None:
        return Billed(at, UnexpectedReply())
    return Billed(at, None, first, " ".join(facts))
