"""How many messages one websocket may send."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES_PER_SECOND: Final = 20.0
BURST: Final = 40
WAITING_LIMIT: Final = 200


class TokenBucket:
    """Slows a busy websocket down, and gives up on one that does not stop.

    One client that sent 2,000 rerun messages at once froze the server for half a minute without this.

    Args:
        clock: Seconds from any start, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens = float(BURST)
        self._filled_at = clock()
        self._waited = 0

    def take(self) -> float | None:
        """Take one message; the seconds to wait before it counts, or None when the client has to go.

        A client has to go after 200 messages that had to wait, unless it paused meanwhile.
        """
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._filled_at) * MESSAGES_PER_SECOND) - 1
        self._filled_at = now
        if self._tokens >= 0:
            if self._tokens > BURST / 2:
                self._waited = 0
            return 0.0
        self._waited += 1
        return None if self._waited > WAITING_LIMIT else -self._tokens / MESSAGES_PER_SECOND
