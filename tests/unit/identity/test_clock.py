"""A clock that is far from Entra's is said where whoever runs the app looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import KeylessError
from core.identity.entra_connection import EntraReply

if TYPE_CHECKING:
    from tests.support.identity import IdentityRoom


@pytest.mark.parametrize(("minutes", "said"), [(12, "12 minutes ahead of"), (-12, "12 minutes behind")])
def test_a_clock_far_from_entras_is_said_in_the_log_and_fails_its_check(
    room: IdentityRoom, caplog: pytest.LogCaptureFixture, minutes: float, said: str
) -> None:
    room.clock.advance(minutes=minutes)
    room.http.compare_clocks()
    assert f"This server's clock is {said} Entra's. Let the server set its clock" in caplog.text
    with pytest.raises(KeylessError, match=said):
        room.http.check_clock()
    room.clock.advance(minutes=-minutes)
    room.http.check()
    room.http.check_clock()


def test_a_clock_that_tokens_forgive_is_not_worth_a_word(
    room: IdentityRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room.clock.advance(minutes=4)
    room.http.compare_clocks()
    room.http.check_clock()
    assert caplog.text == ""


def test_a_document_that_was_kept_on_the_way_says_nothing_of_the_clock() -> None:
    yesterday = {"date": "Fri, 20 Nov 2026 12:00:00 GMT"}
    assert EntraReply(200, "{}", {**yesterday, "age": "86000"}).is_from_a_cache
    assert not EntraReply(200, "{}", {**yesterday, "age": "0"}).is_from_a_cache
    assert not EntraReply(200, "{}", yesterday).is_from_a_cache


def test_a_date_without_a_zone_is_taken_for_utc() -> None:
    date = EntraReply(200, "{}", {"date": "Fri, 20 Nov 2026 12:00:00 -0000"}).date
    assert date is not None
    assert date.utcoffset() is not None
