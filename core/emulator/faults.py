"""Faults on demand: by name, for a deployment or for the one request that asks for it in a header."""

from __future__ import annotations

import threading

HEADER = "x-emulator-fault"


class Faults:
    """Which fault each deployment has at the moment. Safe to change from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[str, tuple[str, int | None]] = {}

    def set(self, deployment: str, name: str, times: int | None = None) -> None:
        """Give a deployment a fault for its next ``times`` calls, or until it is cleared."""
        with self._lock:
            self._set[deployment] = (name, times)

    def clear(self, deployment: str | None = None) -> None:
        """Take the fault from one deployment, or from all."""
        with self._lock:
            if deployment is None:
                self._set.clear()
            else:
                self._set.pop(deployment, None)
