"""What the gate and its routes share: settings, the public address, the way to everything behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.errors import KeylessError
from core.machine import tabs_that_fit
from core.settings import SignInMode
from core.web import cookies
from core.web.files_told import FilesTold
from core.web.local_link import LocalLink
from core.web.origin import PublicOrigin
from core.web.seats import Seats
from core.web.watch import SessionWatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope

    from core.settings import Settings
    from core.web.doors import Doors, Session, Sessions

START_SECONDS: Final = 30.0
GLANCE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the ``session``, or None; and whether a cookie of ours came that opens nothing."""

    session: Session | None
    is_stale: bool = False


class Entrance:
    """The shared state of everything in front of Streamlit.

    Args:
        settings: What the process runs with.
        doors: Waits until the services are up and gives them; raises when they could not start; may be cancelled.
        announce: Called with each new one-time link, where a link opens the app; prints it.
    """

    def __init__(
        self,
        settings: Settings,
        doors: Callable[[], Awaitable[Doors]],
        announce: Callable[[str], object] = print,
    ) -> None:
        self.settings = settings
        self.origin = PublicOrigin(settings.public_url)
        self.watch = SessionWatch(self._sessions)
        self.seats = Seats(tabs_that_fit())
        self.files_told = FilesTold()
        self.local_link: LocalLink | None = None
        self._doors = doors
        if settings.sign_in is SignInMode.LOCAL and not settings.demo:
            self.local_link = LocalLink(announce)
            self.origin.when_known(self.local_link.open_at)

    @property
    def this_computer_only(self) -> bool:
        """Whether no other computer may ever be answered: demo mode, or a one-time link instead of Entra."""
        return self.settings.demo or self.settings.sign_in is SignInMode.LOCAL

    async def doors(self) -> Doors:
        """Everything behind the gate, once it is up.

        Raises:
            KeylessError: It did not start, or takes too long.
        """
        try:
            return await asyncio.wait_for(self._doors(), START_SECONDS)
        except TimeoutError:
            raise KeylessError(
                "Keyless is starting.", "Wait a moment and load the page again.", retryable=True
            ) from None

    async def opened(self) -> Doors | None:
        """Everything behind the gate when it is up already, else None."""
        try:
            return await asyncio.wait_for(self._doors(), GLANCE_SECONDS)
        except (TimeoutError, KeylessError):
            return None

    async def visitor(self, scope: Scope) -> Visitor:
        """Who asks, by the cookie. Two cookies of our name are as good as none.

        Raises:
            KeylessError: The store cannot be asked.
        """
        found = cookies.values(scope, cookies.session_name(secure=self.origin.secure))
        if not found:
            return Visitor(None)
        if len(found) > 1 or not cookies.is_well_formed(found[0]):
            return Visitor(None, is_stale=True)
        session = await self.watch.find(found[0])
        return Visitor(session, is_stale=session is None)

    async def _sessions(self) -> Sessions:
        return (await self.doors()).sessions
