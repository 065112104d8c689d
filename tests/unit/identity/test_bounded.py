from __future__ import annotations

import threading

import pytest

from core.identity.bounded import Bounded


def test_a_result_and_an_exception_come_through() -> None:
    bounded = Bounded(10)
    assert bounded.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        bounded.run(lambda: 1 // 0)


def test_a_time_out_of_the_work_itself_keeps_its_words() -> None:
    def work() -> None:
        raise TimeoutError("its own words")

    with pytest.raises(TimeoutError, match="its own words"):
        Bounded(10).run(work)


def test_what_takes_too_long_is_left_alone_and_nothing_piles_up_behind_it() -> None:
    bounded, released, ended = Bounded(0.05), threading.Event(), threading.Event()

    def work() -> None:
        released.wait(10)
        ended.set()

    with pytest.raises(TimeoutError, match=r"within 0\.05 seconds"):
        bounded.run(work)
    with pytest.raises(TimeoutError, match="earlier request"):
        bounded.run(lambda: pytest.fail("must not run"))
    released.set()
    assert ended.wait(10)
    while threading.active_count() > 1 and any(thread.name == "bounded" for thread in threading.enumerate()):
        next(thread for thread in threading.enumerate() if thread.name == "bounded").join(10)
    assert bounded.run(lambda: "again") == "again"
