"""Blocking calls of a vendor's library with an end: reading a reply that drips outlives every time-out of a read."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Bounded:
    """Runs calls one after another, each for so long at most.

    A call that takes longer is left to itself; while it goes on, further ones fail at once instead of piling up.

    Args:
        seconds: For one call.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._abandoned: Future[object] | None = None

    def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``, or what it raises.

        Raises:
            TimeoutError: It took too long, or an earlier one still does.
        """
        if self._abandoned is not None and not self._abandoned.done():
            raise TimeoutError("an earlier request has not been answered yet")
        future: Future[T] = Future()
        threading.Thread(target=_settle, args=(future, work), name="bounded", daemon=True).start()
        try:
            return future.result(self._seconds)
        except TimeoutError:
            if future.done():
                raise
            self._abandoned = future  # type: ignore[assignment]  # only asked whether it is done
            raise TimeoutError(f"gave no answer within {self._seconds:g} seconds") from None
        finally:
            # A failure refers to this frame; without the way back it goes at once, and its connection with it.
            del future


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(error)
    finally:
        del future, work
