"""A run as it begins, whatever it belongs to."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from core.storage.records import RunRecord, RunState

if TYPE_CHECKING:
    from datetime import datetime

    from core.deployments.parameters import Call
    from core.identity.access_token import TokenSource


def new_id() -> str:
    """An id of a run, or of what runs belong to: the same for nothing else."""
    return secrets.token_urlsafe(12)


def begun(  # noqa: PLR0913 - what is asked, by whom, and where it belongs
    call: Call,
    tokens: TokenSource,
    *,
    conversation_id: str,
    turn_id: str,
    started_at: datetime,
    notices: tuple[str, ...] = (),
) -> RunRecord:
    """The record of a call that is about to be made; where it belongs is as in ``RunRecord``."""
    deployment = call.deployment
    return RunRecord(
        id=new_id(),
        conversation_id=conversation_id,
        turn_id=turn_id,
        deployment_id=deployment.id,
        deployment_label=deployment.label,
        endpoint_name=deployment.endpoint.name,
        model=deployment.model,
        region=deployment.endpoint.region,
        identity=tokens.identity,
        identity_kind=tokens.identity_kind,
        system=call.system,
        parameters=call.parameters.as_dict(),
        state=RunState.RUNNING,
        started_at=started_at,
        notices=notices,
    )
