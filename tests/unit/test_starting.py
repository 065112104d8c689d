"""How those who wait for the services hear of them."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from core.errors import KeylessError
from core.starting import Starting
from tests.support.front import web_settings


def test_a_failed_start_is_told_in_the_same_few_lines_however_often_it_is_asked_for() -> None:
    starting = Starting(web_settings(), port=lambda: None)
    starting._settle(KeylessError())

    def depth() -> int:
        with pytest.raises(KeylessError) as told:
            asyncio.run(starting.services())
        return len(traceback.extract_tb(told.value.__traceback__))

    first = depth()
    assert [depth() for _ in range(3)] == [first] * 3
