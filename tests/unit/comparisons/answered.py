"""Comparisons whose answers are given, to be read and reckoned with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from core.deployments.parameters import Parameters
from core.runs.comparison import Cell, Comparison, Verdict, Vote, VoteInContext
from core.runs.comparison_plan import MOST_DEPLOYMENTS, Arm, Plan
from core.storage.records import RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ANNA = ("tenant", "anna")
BERT = ("tenant", "bert")


def answer(  # noqa: PLR0917 - the numbers of an answer
    first_token_seconds: float | None = 0.5,
    total_seconds: float | None = 2.5,
    output_tokens: int | None = 101,
    reasoning_tokens: int | None = None,
    cost_usd: str | None = "0.0012",
    text: str = "Melt with joy",
    state: RunState = RunState.COMPLETE,
    *,
    usage_estimated: bool = False,
) -> RunRecord:
    return RunRecord(
        id="run",
        conversation_id="comparison-1",
        turn_id="",
        deployment_id="fast",
        deployment_label="Fast",
        endpoint_name="lab",
        model="gpt-fast",
        region="swedencentral",
        identity="anna@contoso.example",
        identity_kind="user",
        system="",
        parameters={},
        state=state,
        started_at=NOW,
        text=text,
        first_token_seconds=first_token_seconds,
        total_seconds=total_seconds,
        input_tokens=12,
        output_tokens=output_tokens,
        reasoning_tokens=reasoning_tokens,
        usage_estimated=usage_estimated,
        cost_usd=Decimal(cost_usd) if cost_usd is not None else None,
    )


def arms(count: int) -> tuple[Arm, ...]:
    """Columns of eight deployments, then of the same ones set differently."""
    return tuple(
        Arm(
            f"deployment-{number % MOST_DEPLOYMENTS}",
            "Write a tagline",
            f"Model {number}",
            parameters=Parameters(temperature=float(number // MOST_DEPLOYMENTS) or None),
        )
        for number in range(count)
    )


def compared(
    columns: Sequence[Sequence[RunRecord | None]],
    *,
    is_blind: bool = False,
    is_running: bool = False,
    comparison_id: str = "comparison-1",
) -> Comparison:
    """``columns`` holds the answers of each column by round; None was not begun."""
    cells = [
        Cell(number, arm, run)
        for number in range(len(columns[0]))
        for arm, column in enumerate(columns)
        if (run := column[number]) is not None
    ]
    plan = Plan(arms(len(columns)), len(columns[0]), is_blind=is_blind)
    return Comparison(
        comparison_id,
        ANNA,
        "Taglines",
        plan,
        tags=(),
        is_shared=False,
        previous_id="",
        created_at=NOW,
        updated_at=NOW,
        cells=tuple(cells),
        is_running=is_running,
    )


def first_tokens(*columns: Sequence[float | None]) -> Comparison:
    """A comparison in which only the seconds to the first token matter; None was stopped."""
    return compared(
        [
            [answer(seconds) if seconds is not None else answer(state=RunState.CANCELLED) for seconds in column]
            for column in columns
        ]
    )


def vote(number: int, first_arm: int, second_arm: int, verdict: Verdict = Verdict.LEFT) -> Vote:
    return Vote("comparison-1", number, first_arm, second_arm, verdict, NOW)


def voted(  # noqa: PLR0917 - what a vote is about
    first: Arm,
    second: Arm,
    verdict: Verdict,
    times: int = 1,
    tags: tuple[str, ...] = (),
    comparison_id: str = "comparison-1",
) -> list[VoteInContext]:
    return [
        VoteInContext(
            Vote(comparison_id, number, 0, 1, verdict, NOW + timedelta(seconds=number)), tags, first, second
        )
        for number in range(times)
    ]
