"""What changed between a comparison and the one it repeats: what was asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.comparisons.figures import CALLED_AS
from core.comparisons.measures import TOLD, endings
from core.comparisons.spread import spreads
from core.deployments.parameters import LABELS
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.comparisons.measures import Measure
    from core.comparisons.reading import Reading
    from core.runs.comparison import Comparison
    from core.runs.comparison_plan import Arm, Plan

_AS_DEPLOYED: Final = "as deployed"


@dataclass(frozen=True, slots=True)
class Medians:
    """The medians of one measure before and now; None where nothing was measured."""

    measure: Measure
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class ArmChange:
    """What came of a column that both have. ``arm`` is its number now; ``sentences`` say what is not a median."""

    arm: int
    label: str
    medians: tuple[Medians, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """All that changed. Sentences are plain text with the columns' names as they are.

    ``asked`` tells what of the plan differs, () when nothing; ``results`` are the columns that both have, without
    those that the reader may not see in either.
    """

    asked: tuple[str, ...]
    results: tuple[ArmChange, ...]


def changes(before: Reading, after: Reading) -> Changes:
    """What changed from ``before`` to ``after``; no results while either hides its names."""
    pairs = _pairs(before.comparison.plan, after.comparison.plan)
    asked = tuple(_asked(before.comparison.plan, after.comparison.plan, pairs))
    if before.hides_names or after.hides_names:
        return Changes(asked, ())
    shown = [pair for pair in pairs if not (before.is_withheld(pair[0]) or after.is_withheld(pair[1]))]
    return Changes(asked, tuple(_result(before.comparison, after.comparison, *pair) for pair in shown))


def _pairs(before: Plan, after: Plan) -> list[tuple[int, int]]:
    """Columns that are the same in both, by name, else by deployment and identity; by their number now."""
    pairs: dict[int, int] = {}
    for is_same in (_same_name, _same_deployment):
        for number, arm in enumerate(after.arms):
            free = (
                place for place, old in enumerate(before.arms) if place not in pairs.values() and is_same(old, arm)
            )
            if number not in pairs and (found := next(free, None)) is not None:
                pairs[number] = found
    return [(pairs[number], number) for number in sorted(pairs)]


def _same_name(old: Arm, new: Arm) -> bool:
    return old.label == new.label


def _same_deployment(old: Arm, new: Arm) -> bool:
    return (old.deployment_id, old.identity_kind) == (new.deployment_id, new.identity_kind)


def _asked(before: Plan, after: Plan, pairs: list[tuple[int, int]]) -> Iterator[str]:
    kept_before, kept_after = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    yield from (f"{arm.label} is new." for number, arm in enumerate(after.arms) if number not in kept_after)
    yield from (
        f"{arm.label} is not asked any more." for number, arm in enumerate(before.arms) if number not in kept_before
    )
    arms = [(before.arms[old], after.arms[new]) for old, new in pairs]
    for name, what in (("prompt", "prompt"), ("system", "system message")):
        changed = [new.label for old, new in arms if getattr(old, name) != getattr(new, name)]
        if changed:
            where = "every column" if len(changed) == len(after.arms) else ", ".join(changed)
            yield f"Another {what} in {where}."
    for old, new in arms:
        yield from _arm_changes(old, new)
    if before.repeats != after.repeats:
        yield f"Asked {_times(after.repeats)}, {_times(before.repeats)} before."
    if before.is_blind != after.is_blind:
        yield "Compared blindly now." if after.is_blind else "Not compared blindly any more."


def _arm_changes(old: Arm, new: Arm) -> Iterator[str]:
    if old.label != new.label:
        yield f"{new.label} was called {old.label}."
    if old.deployment_id != new.deployment_id:
        yield f"{new.label}: the deployment is {new.deployment_id}, {old.deployment_id} before."
    if old.identity_kind != new.identity_kind:
        yield f"{new.label} is called as {CALLED_AS[new.identity_kind]}, as {CALLED_AS[old.identity_kind]} before."
    now, then = new.parameters.as_dict(), old.parameters.as_dict()
    for name in LABELS:
        if now.get(name) != then.get(name):
            yield f"{new.label}: {LABELS[name]} {now.get(name, _AS_DEPLOYED)}, {then.get(name, _AS_DEPLOYED)} before."


def _result(before: Comparison, after: Comparison, old: int, new: int) -> ArmChange:
    medians = []
    for measure in TOLD:
        then, now = spreads(before, measure)[old], spreads(after, measure)[new]
        medians.append(Medians(measure, then.median, now.median))
    sentences = (_models(before, after, old, new), _failing(before, after, old, new))
    return ArmChange(new, after.plan.arms[new].label, tuple(medians), tuple(filter(None, sentences)))


def _models(before: Comparison, after: Comparison, old: int, new: int) -> str:
    then, now = _models_of(before, old), _models_of(after, new)
    return f"Answered by {', '.join(now)}, by {', '.join(then)} before." if now and then and now != then else ""


def _models_of(comparison: Comparison, arm: int) -> list[str]:
    return sorted({cell.run.model for cell in comparison.cells if cell.arm == arm and cell.run.model})


def _failing(before: Comparison, after: Comparison, old: int, new: int) -> str:
    then, now = _failed(before, old), _failed(after, new)
    if bool(then[0]) is bool(now[0]) or not then[1] or not now[1]:
        return ""
    return (
        f"{now[0]} of {now[1]} answers failed or were filtered; none before."
        if now[0]
        else f"No answer failed; {then[0]} of {then[1]} before."
    )


def _failed(comparison: Comparison, arm: int) -> tuple[int, int]:
    """How many answers failed or were filtered, and how many have ended."""
    ended = endings(comparison, arm)
    return ended.get(RunState.FAILED, 0) + ended.get(RunState.FILTERED, 0), sum(ended.values()) - ended.get(
        RunState.RUNNING, 0
    )


def _times(repeats: int) -> str:
    return "once" if repeats == 1 else f"{repeats} times"
