from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def test_an_app_is_served_with_its_lifespan_and_gone_afterwards() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        seen.append("started")
        yield
        seen.append("ended")

    before = threading.active_count()
    with serving(Starlette(routes=[Route("/", hello)], lifespan=lifespan)) as url:
        assert httpx2.get(url).text == "hello"
        assert seen == ["started"]
    assert seen == ["started", "ended"]
    assert threading.active_count() == before
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_an_app_that_cannot_start_is_reported() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if not app.routes:
            raise OSError("no disk")
        yield

    with pytest.raises(RuntimeError, match="did not start"), serving(Starlette(lifespan=lifespan)):
        pass
