"""The one-time link that opens the app on a laptop without Entra."""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from core.web.paths import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable


class LocalLink:
    """A link with a 256-bit secret, good for one browser; the next one is announced when it was used.

    Args:
        announce: Called with each new link, on the thread that used the last one.
    """

    def __init__(self, announce: Callable[[str], object]) -> None:
        self._announce = announce
        self._lock = threading.Lock()
        self._origin = ""
        self._secret = ""

    def open_at(self, origin: str) -> None:
        """Make the first link, for an origin without a slash at its end, and announce it."""
        with self._lock:
            self._origin = origin
            link = self._renew()
        self._announce(link)

    def redeem(self, given: str) -> bool:
        """Whether ``given`` is the link's secret; it then is used up."""
        with self._lock:
            if not self._secret or not hmac.compare_digest(given.encode(), self._secret.encode()):
                return False
            link = self._renew()
        self._announce(link)
        return True

    def _renew(self) -> str:
        self._secret = secrets.token_urlsafe(32)
        return f"{self._origin}{LOCAL}?{urlencode({'link': self._secret})}"
