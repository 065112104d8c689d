"""What was found out about one step on the way to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.deployments.busy import wait_in_words
from core.errors import (
    DeploymentMissing,
    KeylessError,
    PromptFiltered,
    RateLimited,
    RequestRefused,
    RoleMissing,
    TokenError,
    TokenRefused,
    Unreachable,
    WrongTenant,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Literal

    from core.identity.app_credential import Attempt

SIGNED_IN: Final = "signed-in"
TOKEN: Final = "token"  # noqa: S105 - the name of a step
AUDIENCE: Final = "audience"
TENANT: Final = "tenant"
REACHABLE: Final = "reachable"
ROLE: Final = "role"
DEPLOYMENT: Final = "deployment"
OPERATIONS: Final = "operations"
STREAMS: Final = "streams"
HEADROOM: Final = "headroom"

CHECKS: Final = (
    SIGNED_IN,
    TOKEN,
    AUDIENCE,
    TENANT,
    REACHABLE,
    ROLE,
    DEPLOYMENT,
    OPERATIONS,
    STREAMS,
    HEADROOM,
)
"""Every step, in the order in which people read them."""

_CHECK_OF: Final[dict[type[KeylessError], str]] = {
    TokenError: TOKEN,
    TokenRefused: AUDIENCE,
    WrongTenant: TENANT,
    RoleMissing: ROLE,
    DeploymentMissing: DEPLOYMENT,
    RequestRefused: OPERATIONS,
    PromptFiltered: OPERATIONS,
    RateLimited: HEADROOM,
    KeylessError: REACHABLE,
}


class Outcome(StrEnum):
    """How a step stands; ``LOOK`` passes by itself, or matters only sometimes."""

    WORKS = "works"
    NEEDS_ACTION = "needs action"
    LOOK = "look at this"
    UNKNOWN = "not known"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step. ``check`` is one of ``CHECKS``; ``who`` can do what ``remedy`` says, ``command`` carries it out.

    ``cause`` is the code of what is behind it; ``detail`` is for the support (status, numbers), without any token;
    ``reference`` is the number that goes with a failure. Whatever does not apply is "".
    """

    check: str
    outcome: Outcome
    title: str
    at: datetime
    remedy: str = ""
    who: str = ""
    command: str = ""
    cause: str = ""
    detail: str = ""
    reference: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether there is something to do, or to wait for."""
        return self.outcome in {Outcome.NEEDS_ACTION, Outcome.LOOK}


@dataclass(frozen=True, slots=True)
class Examination:
    """All steps for one identity and one deployment.

    ``findings`` are in the order of ``CHECKS``, one each; ``claims`` is the summary of the token's claims, {} without
    a token; ``tried`` is what became of each of the app's credentials, () for a person.
    """

    deployment_id: str
    identity: str
    identity_kind: Literal["user", "app"]
    object_id: str
    findings: tuple[Finding, ...]
    claims: Mapping[str, str]
    checked_at: datetime
    tried: tuple[Attempt, ...] = ()

    def find(self, check: str) -> Finding:
        """The finding of one step."""
        return next(finding for finding in self.findings if finding.check == check)

    @property
    def problem(self) -> Finding | None:
        """What to act on first: what needs action before what passes by itself."""
        troubles = sorted(self.findings, key=lambda finding: finding.outcome is not Outcome.NEEDS_ACTION)
        return next((finding for finding in troubles if finding.is_trouble), None)

    @property
    def outcome(self) -> Outcome:
        """How the deployment stands."""
        return self.problem.outcome if self.problem else Outcome.WORKS

    @property
    def is_usable(self) -> bool:
        """Whether the deployment lets this identity in; it may be busy, or take less than its entry says."""
        return self.find(DEPLOYMENT).outcome is Outcome.WORKS and self.outcome is not Outcome.NEEDS_ACTION


def check_of(error: KeylessError) -> str:
    """At which step an error stands in the way."""
    if isinstance(error, TokenError) and error.cause == "signed-out":
        return SIGNED_IN
    if isinstance(error, TokenRefused) and error.cause == "clock-skew":
        return TOKEN
    return next(_CHECK_OF[kind] for kind in type(error).__mro__ if kind in _CHECK_OF)


def finding_of(error: KeylessError, at: datetime, check: str = "") -> Finding:
    """An error as a finding, in the error's own words; ``check`` is the step if it is not the usual one."""
    passes = error.retryable and not isinstance(error, Unreachable)
    wait = wait_in_words(error.retry_after_seconds) if isinstance(error, RateLimited) else ""
    return Finding(
        check or check_of(error),
        Outcome.LOOK if passes else Outcome.NEEDS_ACTION,
        error.title,
        at,
        remedy=f"{wait} {error.remedy}".strip(),
        who=error.who,
        command=error.command,
        cause=error.cause,
        detail=error.detail,
        reference=error.reference,
    )
