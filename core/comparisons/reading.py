"""What a person may see of a comparison. Pages and exports both read it here, so nothing comes out another way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from core.access.findings import DEPLOYMENT, ROLE, Outcome
from core.access.kept import KEPT_FOR
from core.comparisons.blind import blind_row
from core.errors import NotFound
from core.runs.comparison import is_decided
from core.storage.records import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from core.access.findings import Examination
    from core.comparisons.blind import BlindAnswer
    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.deployments.tokens import Tokens
    from core.runs.comparison import Comparison, Vote
    from core.storage.records import Owner


class Desk(Protocol):
    """Knows what identities were lately found to be able to use: ``AccessDesk`` is one."""

    def kept(self, tokens: Tokens, deployment: Deployment) -> Examination | None:
        """The last examination, while it is good."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A column of which this reader sees no answers.

    ``title`` says why, ``remedy`` what to do, ``command`` carries it out or is ""; ``can_check`` tells that a free
    check of ``deployment_id`` (``AccessDesk.examine``) may change it.
    """

    arm: int
    deployment_id: str
    title: str
    remedy: str
    command: str = ""
    who: str = ""
    can_check: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A comparison as one person may see it.

    Attributes:
        comparison: Without the answers of columns that are withheld.
        reader: Whose view it is.
        withheld: Those columns, in their order.
        hides_names: Whether the reader still compares blindly. What is drawn or exported then comes from
            ``blind_rows``, and nothing but the plan's prompts from ``comparison``.
    """

    comparison: Comparison
    reader: Owner
    withheld: tuple[Withheld, ...]
    hides_names: bool

    def is_withheld(self, arm: int) -> Withheld | None:
        """Why a column is withheld, or None."""
        return next((one for one in self.withheld if one.arm == arm), None)

    def blind_rows(self) -> tuple[tuple[BlindAnswer, ...], ...]:
        """For each round its answers by letter; empty for a round that has not ended."""
        return tuple(
            blind_row(self.comparison, self.reader, number) for number in range(self.comparison.plan.repeats)
        )


def reading(
    comparison: Comparison,
    reader: Owner,
    find: Callable[[str], Examination | None],
    now: datetime,
    votes: Iterable[Vote] = (),
) -> Reading:
    """What ``reader`` may see of ``comparison``.

    The owner sees all answers. Anybody else sees those of a column only while they were found to be able to use its
    deployment themself, not more than five minutes ago. Names are hidden from both in a blind comparison until they
    have judged every pair, or gave up blindness.

    Args:
        comparison: All of it.
        reader: Tenant id and object id of the reader.
        find: By deployment id, what was last found out for the reader, or ``NotFound``; see ``findings_of``.
        now: The time of day.
        votes: The reader's own.
    """
    votes = tuple(votes)
    withheld = () if reader == comparison.owner else tuple(_withheld(comparison, find, now))
    hidden = {one.arm for one in withheld}
    seen = replace(comparison, cells=tuple(cell for cell in comparison.cells if cell.arm not in hidden))
    # Of all answers, also of the withheld: after a check they will have to be judged blindly too.
    complete = ((cell.round, cell.arm) for cell in comparison.cells if cell.run.state is RunState.COMPLETE)
    hides_names = comparison.plan.is_blind and not is_decided(complete, votes, goes_on=comparison.goes_on)
    return Reading(seen, reader, withheld, hides_names)


def findings_of(desk: Desk, catalogue: Catalogue, tokens: Tokens) -> Callable[[str], Examination | None]:
    """By deployment id, what is known of the last five minutes for the identity that a person usually calls with.

    Where that is their own, the app's identity opens nothing for them: everybody would see everything.

    What it returns raises ``NotFound`` for a deployment that the catalogue does not have.
    """

    def find(deployment_id: str) -> Examination | None:
        return desk.kept(tokens, catalogue.find(deployment_id))

    return find


def may_use(examination: Examination) -> bool:
    """Whether the deployment lets this identity in, even if it is busy now."""
    return all(examination.find(check).outcome is Outcome.WORKS for check in (ROLE, DEPLOYMENT))


_UNCHECKED: Final = (
    "Its answers are shown to people who may use this deployment themselves. Whether you may was not checked in the "
    "last five minutes."
)
_GONE: Final = "This deployment is not in the catalogue any more, so whether you may use it cannot be checked."
_REFUSED: Final = "Its answers are shown to people who may use this deployment themselves."


def _withheld(comparison: Comparison, find: Callable[[str], Examination | None], now: datetime) -> Iterable[Withheld]:
    for number, arm in enumerate(comparison.plan.arms):
        try:
            known = find(arm.deployment_id)
        except NotFound:
            remedy = "Ask whoever shared this comparison."
            yield Withheld(number, arm.deployment_id, _GONE, remedy, can_check=False)
            continue
        if known is None or known.deployment_id != arm.deployment_id or not _is_fresh(known, now):
            yield Withheld(number, arm.deployment_id, _UNCHECKED, "Check it; that is free of charge.")
        elif not may_use(known):
            problem = known.problem or known.find(ROLE)
            yield Withheld(
                number,
                arm.deployment_id,
                f"{_REFUSED} {problem.title}",
                problem.remedy or "Check again in a minute.",
                problem.command,
                problem.who,
            )


def _is_fresh(known: Examination, now: datetime) -> bool:
    return abs(now - known.checked_at) <= KEPT_FOR
