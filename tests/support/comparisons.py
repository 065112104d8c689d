"""Comparisons that never ran, for tests of what is made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.runs.comparison import Cell, Comparison
from core.runs.comparison_plan import Arm, Plan
from core.storage.records import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

BEGAN: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNER: Final = ("tenant-one", "person-one")
READER: Final = ("tenant-one", "person-two")
PROMPT: Final = "Write a tagline for an ice cream brand:"
ARMS: Final = (
    Arm("sweden/gpt-lab", PROMPT, "GPT lab"),
    Arm("eastus/gpt-far", PROMPT, "GPT far", "app"),
    Arm("eastus/gpt-slow", PROMPT, "GPT slow"),
)


def run(arm: Arm, number: int = 0, **changes: Any) -> RunRecord:  # noqa: ANN401 - any field
    """A complete answer of ``arm`` in a round."""
    endpoint, _, name = arm.deployment_id.partition("/")
    usual = RunRecord(
        id=f"run-{name}-{number}",
        conversation_id="comparison-one",
        turn_id="",
        deployment_id=arm.deployment_id,
        deployment_label=arm.label,
        endpoint_name=endpoint,
        model=f"{name}-2026-01-01",
        region=f"{endpoint}central",
        identity="business.user@contoso.example" if arm.identity_kind == "user" else "Keyless itself",
        identity_kind=arm.identity_kind,
        system=arm.system,
        parameters=arm.parameters.as_dict(),
        state=RunState.COMPLETE,
        started_at=BEGAN + timedelta(minutes=number),
        text=f"Answer {number} of {name}.",
        finish_reason="stop",
        first_token_seconds=0.25 + number / 10,
        total_seconds=1.5 + number / 10,
        input_tokens=12,
        output_tokens=40 + number,
        reasoning_tokens=None,
        cost_usd=Decimal("0.000415"),
        request_id=f"request-{name}-{number}",
    )
    return replace(usual, **changes)


def comparison(
    *,
    repeats: int = 2,
    is_blind: bool = False,
    arms: tuple[Arm, ...] = ARMS,
    make: Callable[[Arm, int], RunRecord] = run,
    **changes: Any,  # noqa: ANN401 - any field
) -> Comparison:
    """A finished comparison whose answers ``make`` gives."""
    usual = Comparison(
        id="comparison-one",
        owner=OWNER,
        title="Ice cream",
        plan=Plan(arms, repeats, is_blind),
        tags=("taglines",),
        is_shared=True,
        previous_id="",
        created_at=BEGAN,
        updated_at=BEGAN + timedelta(minutes=repeats),
        cells=tuple(
            Cell(number, position, make(arm, number))
            for number in range(repeats)
            for position, arm in enumerate(arms)
        ),
    )
    return replace(usual, **changes)
