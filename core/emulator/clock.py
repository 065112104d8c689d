"""The emulator's time: real time, moved forward by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Seconds since the epoch, as a callable that can be advanced.

    Args:
        base: Where time comes from before anything is added.
    """

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._advanced_seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self._base() + self._advanced_seconds

    def advance(self, seconds: float) -> None:
        """Move time forward for everything in the emulator: tokens, codes, quotas."""
        self._advanced_seconds += seconds
