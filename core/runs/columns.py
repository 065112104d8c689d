"""The columns of a comparison, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.deployments.parameters import Call, Message
from core.errors import KeylessError, NotFound
from core.runs.beginning import begun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.identity.access_token import TokenSource
    from core.runs.comparison_plan import Arm, Plan
    from core.storage.records import RunRecord


@dataclass(frozen=True, slots=True)
class Column:
    """An arm with what it needs to be asked."""

    arm: Arm
    deployment: Deployment
    tokens: TokenSource

    @property
    def caller(self) -> tuple[str, str]:
        """Which kind of identity calls which endpoint: columns that have this in common are refused together."""
        return self.tokens.identity_kind, self.deployment.endpoint.name

    def call(self) -> Call:
        """What is sent."""
        arm = self.arm
        return Call(self.deployment, arm.system.strip(), (Message("user", arm.prompt),), arm.parameters)

    def record(self, comparison_id: str, cell: str, started_at: datetime, notices: tuple[str, ...]) -> RunRecord:
        """The run as it begins."""
        return begun(
            self.call(),
            self.tokens,
            conversation_id=comparison_id,
            turn_id=cell,
            started_at=started_at,
            notices=notices,
        )


def columns_of(
    plan: Plan, wanted: Iterable[int], catalogue: Catalogue, identities: Sequence[TokenSource]
) -> dict[int, Column]:
    """These columns, by number; those whose deployment the catalogue has no more are left out.

    Raises:
        KeylessError: One calls with an identity that is not among ``identities``.
    """
    by_kind = {tokens.identity_kind: tokens for tokens in reversed(identities)}
    columns = {}
    for number in sorted(wanted):
        arm = plan.arms[number]
        tokens = by_kind.get(arm.identity_kind)
        if tokens is None:
            whom = "the app" if arm.identity_kind == "app" else "yourself"
            raise KeylessError(f"You cannot call as {whom} here.", f"Choose another identity for {arm.label}.")
        deployment = _deployment(catalogue, arm)
        if deployment:
            columns[number] = Column(arm, deployment, tokens)
    return columns


def _deployment(catalogue: Catalogue, arm: Arm) -> Deployment | None:
    try:
        return catalogue.find(arm.deployment_id)
    except NotFound:
        return None
