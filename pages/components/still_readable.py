"""Whether what somebody watches for long is still theirs to read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from core.errors import NotFound, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS: Final = 2.0
"""How often a right is looked up: what was taken back is out of sight about as soon."""


class StillReadable:
    """Asked at every frame, looks only now and then.

    Args:
        read: Raises ``NotFound`` when it is not theirs to read any more.
        clock: Seconds from any start, never going back.
    """

    def __init__(self, read: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._looked_at = clock()

    def look(self) -> bool:
        """Whether it may be read, as far as is known."""
        if self._clock() < self._looked_at + LOOK_SECONDS:
            return True
        self._looked_at = self._clock()
        try:
            self._read()
        except NotFound:
            return False
        except StorageError:
            # A database that does not answer takes no right away; the next look is soon.
            return True
        return True
