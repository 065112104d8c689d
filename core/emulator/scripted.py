"""Endpoints whose next answers a test can dictate: any status and bytes, or none at all."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    headers: dict[str, str]


class Scripted:
    """What :meth:`answer_next` and :meth:`hang_next` dictate comes before what the endpoint itself would say."""

    def __init__(self) -> None:
        self._answers: defaultdict[str, deque[_Answer | None]] = defaultdict(deque)

    def answer_next(
        self,
        status: int = 200,
        body: bytes | str | Mapping[str, Any] | list[Any] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        endpoint: str = "token",
        times: int = 1,
    ) -> None:
        """Give this answer the next time(s) ``endpoint`` is asked; a mapping or list is sent as JSON."""
        if isinstance(body, str):
            kind, content = "text/html; charset=utf-8", body.encode()
        elif isinstance(body, bytes):
            kind, content = "application/octet-stream", body
        else:
            kind, content = "application/json; charset=utf-8", json.dumps(body).encode()
        self._answers[endpoint].extend([_Answer(status, content, {"content-type": kind, **(headers or {})})] * times)

    def hang_next(self, *, endpoint: str = "token", times: int = 1) -> None:
        """Never answer the next time(s) ``endpoint`` is asked; the request ends when the caller hangs up."""
        self._answers[endpoint].extend([None] * times)

    def forget_answers(self) -> None:
        """Drop every dictated answer that nobody asked for yet."""
        self._answers.clear()

    def scripted(self, endpoint: str, handler: Handler) -> Handler:
        """Wrap a handler so that dictated answers come first."""

        async def answer(request: Request) -> Response:
            waiting = self._answers[endpoint]
            if not waiting:
                return await handler(request)
            dictated = waiting.popleft()
            if dictated is None:
                while (await request.receive())["type"] != "http.disconnect":
                    pass
                return Response(status_code=499)
            return Response(dictated.body, dictated.status, dictated.headers)

        return answer
