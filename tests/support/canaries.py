"""Secrets that pass by, remembered so that a test can look for them where they must not be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SENT: Final = ("code", "code_verifier", "client_secret", "client_assertion", "refresh_token")
ANSWERED: Final = ("access_token", "refresh_token", "id_token")
_SHORTEST: Final = 12


class Canaries:
    """What must not be found: ``values``."""

    def __init__(self) -> None:
        self.values: set[str] = set()

    def add(self, *values: object) -> None:
        """Remember texts; shorter ones could be found anywhere."""
        self.values |= {value for value in values if isinstance(value, str) and len(value) >= _SHORTEST}

    def found_in(self, *texts: str) -> list[str]:
        """The beginnings of those that are there."""
        return sorted({value[:10] for value in self.values for text in texts if value in text})


class Overheard:
    """ASGI middleware in front of an Entra: hears every code, verifier, secret and token."""

    def __init__(self, app: ASGIApp, canaries: Canaries) -> None:
        self._app = app
        self._canaries = canaries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and listen."""
        asked, answered = bytearray(), bytearray()

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            for name, value in message.get("headers", []):
                if name.lower() == b"location":
                    query = parse_qs(urlsplit(value.decode("latin-1")).query)
                    self._canaries.add(*query.get("code", []))
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, hear, say)
        form = parse_qs(asked.decode("latin-1"))
        self._canaries.add(*(value for name in SENT for value in form.get(name, [])))
        try:
            told = json.loads(answered)
        except ValueError:
            return
        if isinstance(told, dict):
            self._canaries.add(*(told.get(name) for name in ANSWERED))
