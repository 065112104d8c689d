"""What the access page asks for: everything of this room that lives on the core loop, from the page's own thread."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NotInTime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from core.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from core.access.doctor import Doctor
    from core.access.findings import Examination
    from core.access.proof import KeylessProof, Proving
    from core.access.recheck import Recheck, Rechecks
    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.deployments.tokens import Tokens
    from core.runs.core_loop import CoreLoop

T = TypeVar("T")

LONGEST_SECONDS: Final = 30.0
"""The doctor ends by itself long before; this is for a loop that hangs."""


class AccessDesk:
    """The doctor, the proof and the re-checks for threads that may wait. Nothing here raises for what it finds out.

    Every method raises ``TimedOut`` when the core loop does not answer.
    """

    def __init__(
        self, core_loop: CoreLoop, catalogue: Catalogue, doctor: Doctor, proving: Proving, rechecks: Rechecks
    ) -> None:
        self._core_loop = core_loop
        self._catalogue = catalogue
        self._doctor = doctor
        self._proving = proving
        self._rechecks = rechecks

    def access_map(self, tokens: Tokens, *, fresh: bool = False) -> dict[str, Examination]:
        """Every deployment of the catalogue by id; answers of the last five minutes are good unless ``fresh``."""
        return self._wait(self._doctor.access_map(tokens, self._catalogue, fresh=fresh))

    def examine(self, tokens: Tokens, deployment: Deployment) -> Examination:
        """One deployment anew, free of charge; ``kept`` then knows."""
        return self._wait(self._doctor.examine(tokens, deployment, fresh=True))

    def bill(self, tokens: Tokens, deployment: Deployment) -> None:
        """Ask one deployment for the shortest answer, which costs something; ``access_map`` then knows."""
        self._wait(self._doctor.examine(tokens, deployment, billing=True))

    def kept(self, tokens: Tokens, deployment: Deployment) -> Examination | None:
        """What is known of the last five minutes, without asking."""
        return self._doctor.kept(tokens, deployment)

    def proof(self, tokens: Tokens) -> KeylessProof:
        """That no key is used."""
        return self._wait(self._proving.proof(tokens))

    def begin_recheck(self, tokens: Tokens, deployment: Deployment) -> None:
        """Look for a role that was given until it works; nothing happens while too many others look for theirs."""
        self._wait(self._rechecks.begin(tokens, deployment))

    def recheck(self, tokens: Tokens, deployment: Deployment) -> Recheck | None:
        """The latest re-check, going on or ended."""
        return self._rechecks.find(tokens, deployment)

    def stop_recheck(self, tokens: Tokens, deployment: Deployment) -> None:
        """Look no more."""
        self._wait(self._rechecks.stop(tokens, deployment))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._core_loop.submit(work).result(LONGEST_SECONDS)
        except NotInTime:
            raise TimedOut("The check did not end in time.", "Check again in a minute.") from None
