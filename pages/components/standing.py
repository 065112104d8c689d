"""How a deployment stands at this moment, for everybody: left alone, busy, or how much of its quota is left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from babel.numbers import format_percent

from core.runs.breaker import BreakerState
from pages.components.reader import clock_time, reader_locale

if TYPE_CHECKING:
    from core.deployments.deployment import Deployment
    from core.services import Services

_LITTLE_LEFT: Final = 0.2


def standing_badge(services: Services, deployment: Deployment) -> str:
    """What its last answers to anybody said, as a badge; "" while nothing is known."""
    breaker = services.live.breakers.all().get(deployment.id)
    if breaker is not None and breaker.open_until is not None:
        if breaker.state(datetime.now(UTC)) is BreakerState.OPEN:
            return f":orange-badge[:material/power_off: Left alone until {clock_time(breaker.open_until)}]"
        return ":orange-badge[:material/power_off: Tried with the next prompt]"
    busy_until = services.headrooms.busy_until(deployment.id)
    if busy_until is not None:
        return f":orange-badge[:material/hourglass: Busy until {clock_time(busy_until)}]"
    headroom = services.headrooms.of(deployment.id)
    if headroom is None or headroom.share_left is None:
        return ""
    color = "orange" if headroom.share_left < _LITTLE_LEFT else "gray"
    return f":{color}-badge[{format_percent(headroom.share_left, locale=reader_locale())} of quota left]"


def failing(services: Services, deployment: Deployment) -> str:
    """What its latest failures were, when it has failed since it last answered anybody; else ""."""
    breaker = services.live.breakers.all().get(deployment.id)
    if breaker is None or not breaker.failures:
        return ""
    times = "once" if breaker.failures == 1 else f"{breaker.failures} times in a row"
    return f"It has failed {times} for people of this app. The last failure: {breaker.last_failure}"
