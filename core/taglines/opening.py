"""Opening the room of taglines: its stores, what makes cards, and what a person can do with boards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.storage.board_generations import BoardGenerations
from core.storage.board_polls import BoardPolls
from core.storage.board_runs import BoardRuns
from core.storage.board_sharing import BoardShares
from core.storage.boards import BoardStore
from core.taglines.changing import Changing
from core.taglines.desk import Taglines
from core.taglines.generating import Generating
from core.taglines.producing import Producing
from core.taglines.rehearsal import Rehearsal
from core.taglines.sharing import Sharing
from core.taglines.voting import Voting

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.access.desk import AccessDesk
    from core.deployments.catalogue import Catalogue
    from core.deployments.headroom import Headrooms
    from core.identity.session_tokens import SessionTokens
    from core.runs.core_loop import CoreLoop
    from core.runs.live_runs import LiveRuns
    from core.storage.audit import AuditLog
    from core.storage.engine import Database


def open_taglines(  # noqa: PLR0913 - the room's parts meet here
    database: Database,
    live: LiveRuns,
    core_loop: CoreLoop,
    *,
    access: AccessDesk,
    audit: AuditLog,
    catalogue: Catalogue,
    headrooms: Headrooms,
    session_tokens: SessionTokens | None,
    clock: Callable[[], datetime],
) -> Taglines:
    """Boards on this database; answers that processes long gone left running are marked as interrupted."""
    boards, runs = BoardStore(database, clock), BoardRuns(database)
    runs.interrupt_orphans()
    changing, generating = Changing(boards), Generating(live, core_loop, catalogue, clock)
    producing = Producing(boards, runs, BoardGenerations(database, clock), changing, generating, clock=clock)
    rehearsal = Rehearsal(
        boards,
        runs,
        generating,
        access=access,
        live=live,
        catalogue=catalogue,
        headrooms=headrooms,
        session_tokens=session_tokens,
        clock=clock,
    )
    return Taglines(
        boards,
        changing,
        producing,
        sharing=Sharing(boards, BoardShares(database, clock), audit),
        voting=Voting(boards, BoardPolls(database, clock)),
        rehearsal=rehearsal,
        clock=clock,
    )
