"""Answers that are good for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")

KEPT_FOR: Final = timedelta(minutes=5)
LIMIT: Final = 5_000


class Kept(Generic[K, V]):
    """Remembers values for ``KEPT_FOR``, the latest ``LIMIT`` of them. Written by one thread, read by any."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._values: dict[K, tuple[datetime, V]] = {}

    def get(self, key: K) -> V | None:
        """The value, or None when there is none that is still good."""
        at, value = self._values.get(key, (None, None))
        return value if at is not None and timedelta() <= self._clock() - at < KEPT_FOR else None

    def put(self, key: K, value: V) -> None:
        """Remember a value from now on."""
        self._values.pop(key, None)
        while len(self._values) >= LIMIT:
            del self._values[next(iter(self._values))]
        self._values[key] = self._clock(), value
