"""How many tabs may be open at once: of one person, and of everybody in this process."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.web.doors import Session

TABS_OF_A_PERSON: Final = 25


class Seats:
    """Counts open tabs; one person's own never take the room of everybody else. For the event loop's thread only.

    Args:
        of_all: How many this process has room for.
        of_a_person: How many of these one person may take.
    """

    def __init__(self, of_all: int, of_a_person: int = TABS_OF_A_PERSON) -> None:
        self._of_all = of_all
        self._of_a_person = min(of_a_person, max(of_all // 2, 1))
        self._taken: Counter[tuple[str, str]] = Counter()

    @contextlib.contextmanager
    def taken(self, session: Session) -> Iterator[KeylessError | None]:
        """Take a seat for as long as the block runs; yields why there is none instead."""
        refusal = self.refusal(session)
        if refusal is not None:
            yield refusal
            return
        person = (session.tenant_id, session.object_id)
        self._taken[person] += 1
        try:
            yield None
        finally:
            self._taken[person] -= 1
            if not self._taken[person]:
                del self._taken[person]

    def refusal(self, session: Session) -> KeylessError | None:
        """Why one more tab of this person would be refused, or None."""
        if self._taken[session.tenant_id, session.object_id] >= self._of_a_person:
            return KeylessError(
                f"You have Keyless open in {self._of_a_person} tabs already.",
                "Close some of them, also in your other browsers, and try again. Nothing in them is lost.",
                retryable=True,
            )
        if self._taken.total() >= self._of_all:
            return KeylessError(
                "Too many people are using Keyless at the moment.",
                "Try again in some minutes. If it stays, ask whoever runs Keyless for another replica.",
                retryable=True,
            )
        return None
