"""Opening the room of comparisons: its stores, what carries them, and what a person can do with them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from core.deployments.warming import get_ready
from core.runs.carrying import Carrying
from core.runs.comparing import Comparing
from core.storage.comparisons import ComparisonStore
from core.storage.votes import VoteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.deployments.catalogue import Catalogue
    from core.deployments.client import Clients
    from core.runs.core_loop import CoreLoop
    from core.runs.live_runs import LiveRuns
    from core.storage.engine import Database
    from core.storage.sessions import SessionStore


def open_comparing(  # noqa: PLR0913 - the room's parts meet here
    database: Database,
    runs: LiveRuns,
    core_loop: CoreLoop,
    *,
    clients: Clients,
    catalogue: Catalogue,
    sessions: SessionStore,
    clock: Callable[[], datetime],
) -> Comparing:
    """Comparisons on this database; answers that processes long gone left running are marked as interrupted."""
    store = ComparisonStore(database, clock)
    store.interrupt_orphans()

    def is_signed_in(session_id: str) -> bool:
        return sessions.by_id(session_id) is not None

    carrying = Carrying(store, runs, core_loop, functools.partial(get_ready, clients), is_signed_in, clock)
    return Comparing(store, VoteStore(database), runs, carrying, catalogue, clock)
