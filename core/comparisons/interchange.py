"""A comparison as exact JSON, and back.

The file is an object with ``"format": "keyless-comparison"`` and ``"version": 1``. It is ASCII without ``<``, ``>``
and ``&``, so that it may stand in a page's script; moments are ISO 8601 in UTC, every id and every amount of money is
text, which JavaScript does not round, and what is unknown is null.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from core.comparisons.read_json import BROKEN, Reader, read_json
from core.errors import KeylessError
from core.runs.comparison import Cell, Comparison
from core.runs.comparison_plan import plan_from
from core.storage.records import RunError, RunRecord, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.runs.comparison_plan import Plan

FORMAT: Final = "keyless-comparison"
VERSION: Final = 1
JSON_MIME: Final = "application/json"
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def comparison_as_json(comparison: Comparison, **more: object) -> bytes:
    """The file; ``more`` is told beside the comparison and not read back. Whether it goes on is not told."""
    data = {
        "format": FORMAT,
        "version": VERSION,
        **more,
        "comparison": {
            "id": comparison.id,
            "owner": {"tenant_id": comparison.owner[0], "object_id": comparison.owner[1]},
            "title": comparison.title,
            "plan": comparison.plan.as_dict(),
            "tags": comparison.tags,
            "is_shared": comparison.is_shared,
            "previous_id": comparison.previous_id,
            "created_at": comparison.created_at,
            "updated_at": comparison.updated_at,
            "notices": comparison.notices,
        },
        "answers": [
            {"round": cell.round, "arm": cell.arm, **_as_dict(cell.run, leave_out="conversation_id")}
            for cell in comparison.cells
        ],
    }
    return safe_json(data)


def safe_json(data: Mapping[str, Any]) -> bytes:
    """JSON that is safe in any place; what it cannot say (infinite, none) is null."""
    text = json.dumps(_plain(data), allow_nan=False, indent=1)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text.encode("ascii")


def comparison_from_json(data: bytes | str) -> Comparison:
    """The comparison of an export; columns that were withheld have no answers in it.

    Raises:
        KeylessError: It is none, was changed, is too large, or hides the names; says which.
    """
    file = Reader(read_json(data))
    if file.values.get("format") != FORMAT:
        raise KeylessError(
            "This file is no comparison.", "Choose a file that was exported from a comparison as JSON."
        )
    if file.values.get("version") != VERSION:
        raise KeylessError(
            "This comparison was exported by another version of the app.",
            "Ask whoever exported it for a file of this version.",
        )
    if file.values.get("names_hidden"):
        raise KeylessError(
            "This export hides the names, so it is not all of a comparison.",
            "Judge all answers or show the names, then export it again.",
        )
    try:
        return _comparison(file)
    except KeylessError:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError):
        raise KeylessError(*BROKEN) from None


def _comparison(file: Reader) -> Comparison:
    about = file.inside("comparison")
    owner = about.inside("owner")
    comparison_id = about.text("id")
    plan = _plan(about.inside("plan"))
    cells = tuple(_cell(answer, comparison_id) for answer in file.several("answers"))
    places = [(cell.round, cell.arm) for cell in cells]
    if places != sorted(set(places)) or any(
        not (0 <= number < plan.repeats and 0 <= arm < len(plan.arms)) for number, arm in places
    ):
        raise ValueError
    return Comparison(
        id=comparison_id,
        owner=(owner.text("tenant_id"), owner.text("object_id")),
        title=about.text("title"),
        plan=plan,
        tags=about.texts("tags"),
        is_shared=about.flag("is_shared"),
        previous_id=about.text("previous_id"),
        created_at=about.moment("created_at"),
        updated_at=about.moment("updated_at"),
        cells=cells,
        notices=about.texts("notices"),
    )


def _plan(told: Reader) -> Plan:
    told.count("repeats")
    told.flag("is_blind")
    for arm in told.several("arms"):
        arm.scalars("parameters")
    return plan_from(told.values)


def _cell(answer: Reader, comparison_id: str) -> Cell:
    kind = answer.text("identity_kind")
    if kind not in {"user", "app"}:
        raise ValueError
    run = RunRecord(
        id=answer.text("id"),
        conversation_id=comparison_id,
        turn_id=answer.text("turn_id"),
        deployment_id=answer.text("deployment_id"),
        deployment_label=answer.text("deployment_label"),
        endpoint_name=answer.text("endpoint_name"),
        model=answer.text("model"),
        region=answer.text("region"),
        identity=answer.text("identity"),
        identity_kind="user" if kind == "user" else "app",
        system=answer.text("system"),
        parameters=answer.scalars("parameters"),
        state=RunState(answer.text("state")),
        started_at=answer.moment("started_at"),
        text=answer.text("text"),
        finish_reason=answer.text("finish_reason"),
        first_token_seconds=answer.number("first_token_seconds"),
        total_seconds=answer.number("total_seconds"),
        input_tokens=answer.count("input_tokens"),
        output_tokens=answer.count("output_tokens"),
        reasoning_tokens=answer.count("reasoning_tokens"),
        usage_estimated=answer.flag("usage_estimated"),
        cost_usd=answer.money("cost_usd"),
        request_id=answer.text("request_id"),
        notices=answer.texts("notices"),
        error=None if answer.values["error"] is None else _error(answer.inside("error")),
    )
    number, arm = answer.count("round"), answer.count("arm")
    if number is None or arm is None:
        raise TypeError
    return Cell(number, arm, run)


def _error(error: Reader) -> RunError:
    return RunError(
        title=error.text("title"),
        remedy=error.text("remedy"),
        command=error.text("command"),
        reference=error.text("reference"),
        retryable=error.flag("retryable"),
        kind=error.text("kind"),
        retry_at=None if error.values["retry_at"] is None else error.moment("retry_at"),
        who=error.text("who"),
        cause=error.text("cause"),
    )


def _as_dict(record: RunRecord | RunError, *, leave_out: str = "") -> dict[str, object]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name != leave_out}


def _plain(value: object) -> object:  # noqa: PLR0911 - one for each kind of value
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return f"{value:f}" if value.is_finite() else None
        case datetime():
            return value.astimezone(UTC).isoformat()
        case RunError():
            return _plain(_as_dict(value))
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
