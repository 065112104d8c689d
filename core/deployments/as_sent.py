"""The latest requests as they were sent, reduced to what shows that no key goes with them."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT: Final = 50

_KEY_NAMES: Final = ("api-key", "ocp-apim-subscription-key", "x-api-key", "subscription-key")
"""Where Azure OpenAI, and gateways before it, take a key: as a header or, by the same name, in the URL."""

_TOKEN: Final = re.compile(r"Bearer eyJ[\w-]+(\.[\w-]*){2,4}")
"""A signed or encrypted token (RFC 7519). The v1 API takes a plain key as bearer too; that is none."""

_OPERATION: Final = re.compile(r"/(responses|chat/completions|completions)$")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request: where to, what for, and what it carried. Nothing of the content, the token or the deployment.

    ``operation`` is ``responses``, ``chat/completions``, ``completions``, or "" for anything else; ``had_bearer``
    says that a token went with it, ``had_api_key`` that a key did.
    """

    host: str
    operation: str
    had_bearer: bool
    had_api_key: bool
    at: datetime


class AsSent:
    """Remembers the latest requests. Written by one event loop, read from any thread."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._requests: deque[SentRequest] = deque(maxlen=KEPT)

    def note(self, method: str, host: str, path: str, query: str, headers: Mapping[str, str]) -> None:
        """Remember a request. ``headers`` are found whatever their case, as httpx2 has them.

        A bare HEAD, which opens a connection and asks for nothing, proves nothing and is not remembered.
        """
        operation = _OPERATION.search(path)
        names = {part.partition("=")[0].lower() for part in query.split("&")}
        had_api_key = any(name in headers or name in names for name in _KEY_NAMES)
        if method == "HEAD" and not had_api_key and "authorization" not in headers:
            return
        self._requests.append(
            SentRequest(
                host,
                operation[1] if operation else "",
                had_bearer=_TOKEN.fullmatch(headers.get("authorization", "")) is not None,
                had_api_key=had_api_key,
                at=self._clock(),
            )
        )

    def latest(self) -> tuple[SentRequest, ...]:
        """The latest requests, the newest first."""
        return tuple(self._requests.copy())[::-1]
