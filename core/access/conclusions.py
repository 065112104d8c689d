"""From what a deployment said, and what the token says, to what each step's finding is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.access.findings import (
    AUDIENCE,
    CHECKS,
    DEPLOYMENT,
    HEADROOM,
    OPERATIONS,
    REACHABLE,
    ROLE,
    SIGNED_IN,
    STREAMS,
    TENANT,
    TOKEN,
    Examination,
    Finding,
    Outcome,
    check_of,
    finding_of,
)
from core.deployments.probing import Probed
from core.deployments.role_missing import resource_name, sentence_start
from core.deployments.turned_away import CLOCK_IS, SET_THE_CLOCK, clock_skew
from core.errors import KeylessError, RequestRefused
from core.errors.who import RUNS_THE_APP, YOU

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from core.access.billing import Billed
    from core.deployments.deployment import Deployment, Operation
    from core.deployments.events import Headroom
    from core.identity.app_credential import Attempt

_ON_THE_WAY: Final = (
    SIGNED_IN,
    TOKEN,
    REACHABLE,
    AUDIENCE,
    TENANT,
    ROLE,
    DEPLOYMENT,
    HEADROOM,
    OPERATIONS,
    STREAMS,
)
"""The order in which a call meets the steps: whoever is turned back at one has passed those before it."""

_OPEN: Final = {
    SIGNED_IN: "Whether you are signed in",
    TOKEN: "Whether there is a token",
    AUDIENCE: "Whether the token is for this resource",
    TENANT: "Whether the token is of the right directory",
    REACHABLE: "Whether the resource can be reached",
    ROLE: "Whether the role is there",
    DEPLOYMENT: "Whether the deployment exists",
    OPERATIONS: "Which operations it takes",
    STREAMS: "Whether it streams",
    HEADROOM: "How much of its quota is left",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was heard about one deployment for one identity; ``failure`` ended the asking before the deployment.

    ``tried`` says what became of each of the app's credentials; ``answers`` holds, by operation, what the deployment
    said.
    """

    deployment: Deployment
    identity: str
    identity_kind: Literal["user", "app"]
    object_id: str
    at: datetime
    tried: tuple[Attempt, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    failure: KeylessError | None = None
    answers: Mapping[Operation, Probed | KeylessError] = field(default_factory=dict)
    headroom: Headroom | None = None
    billed: Billed | None = None

    @property
    def probed(self) -> list[Probed]:
        """What the operations that it takes said."""
        return [answer for answer in self.answers.values() if isinstance(answer, Probed)]

    @property
    def trouble(self) -> KeylessError | None:
        """What stands in the way; an operation that is not taken does not, while another one is."""
        refusals = [answer for answer in self.answers.values() if isinstance(answer, KeylessError)]
        grave = [refusal for refusal in refusals if not isinstance(refusal, RequestRefused)]
        if self.failure is not None or grave:
            return self.failure or grave[0]
        return refusals[0] if refusals and not self.probed else None


def conclude(evidence: Evidence) -> Examination:
    """Every step's finding, with the claims of the token."""
    return Examination(
        evidence.deployment.id,
        evidence.identity,
        evidence.identity_kind,
        evidence.object_id,
        tuple(_finding(check, evidence) for check in CHECKS),
        evidence.claims,
        evidence.at,
        evidence.tried,
    )


def _finding(check: str, evidence: Evidence) -> Finding:
    trouble = evidence.trouble
    if trouble is not None and check == check_of(trouble):
        return finding_of(trouble, evidence.at)
    if check in {STREAMS, HEADROOM}:
        return _streams(evidence) if check == STREAMS else _headroom(evidence)
    if not _is_passed(check, evidence):
        return _open(check, evidence)
    if check == OPERATIONS:
        return _operations(evidence)
    if check == TOKEN and (skew := _skew(evidence)):
        return _skewed(skew, evidence)
    return Finding(check, Outcome.WORKS, _works(check, evidence), evidence.at, detail=_detail(check, evidence))


def _is_passed(check: str, evidence: Evidence) -> bool:
    trouble = evidence.trouble
    if trouble is None or (evidence.probed and check not in {OPERATIONS, STREAMS}):
        return True
    if _ON_THE_WAY.index(check) < _ON_THE_WAY.index(check_of(trouble)):
        return True
    return check in {AUDIENCE, TENANT} and _token_says_so(check, evidence)


def _token_says_so(check: str, evidence: Evidence) -> bool:
    """Whether the token's own words answer the question; the service has the last word where it was reached."""
    endpoint, claims = evidence.deployment.endpoint, evidence.claims
    if check == AUDIENCE:
        return claims.get("aud", "").rstrip("/") == endpoint.scope.removesuffix("/.default").rstrip("/")
    return bool(endpoint.tenant) and claims.get("tid") == endpoint.tenant


def _works(check: str, evidence: Evidence) -> str:
    endpoint, claims = evidence.deployment.endpoint, evidence.claims
    is_app = evidence.identity_kind == "app"
    return {
        SIGNED_IN: f"The app calls as {evidence.identity}; nobody has to be signed in for that."
        if is_app
        else f"You are signed in as {evidence.identity}.",
        TOKEN: f"A token was given by {evidence.identity}." if is_app else "The app can get a token on your behalf.",
        AUDIENCE: f"The token is for {claims['aud']}." if "aud" in claims else "The token is for this resource.",
        TENANT: f"The token is of the resource's directory, {claims['tid']}."
        if "tid" in claims
        else "The token is of the resource's directory.",
        REACHABLE: f"{urlsplit(endpoint.url).hostname} answers.",
        ROLE: f"{sentence_start(evidence.identity, is_app=is_app)} may use the resource {resource_name(endpoint)}.",
        DEPLOYMENT: f"The deployment {evidence.deployment.name} exists.",
    }[check]


def _detail(check: str, evidence: Evidence) -> str:
    if check == TOKEN:
        return _good_until(evidence.claims.get("exp", ""))
    if check == DEPLOYMENT and evidence.probed:
        return evidence.probed[0].numbers
    return ""


def _good_until(end: str) -> str:
    return f"good until {datetime.fromisoformat(end):%Y-%m-%d %H:%M} UTC" if end else ""


def _open(check: str, evidence: Evidence) -> Finding:
    trouble = evidence.trouble
    remedy = f"It shows once this is mended: {trouble.title}" if trouble else ""
    return Finding(check, Outcome.UNKNOWN, f"{_OPEN[check]} is not known yet.", evidence.at, remedy=remedy)


def _operations(evidence: Evidence) -> Finding:
    taken = [operation for operation, answer in evidence.answers.items() if isinstance(answer, Probed)]
    refused = {
        operation: answer for operation, answer in evidence.answers.items() if isinstance(answer, RequestRefused)
    }
    title = f"{evidence.deployment.label} takes {' and '.join(taken)}."
    if not refused:
        return Finding(OPERATIONS, Outcome.WORKS, title, evidence.at)
    refusal = next(iter(refused.values()))
    return Finding(
        OPERATIONS,
        Outcome.LOOK,
        f"{title} It does not take {' and '.join(refused)}, which its entry in the catalogue names.",
        evidence.at,
        remedy="Nothing to do for you: calls use what it takes. The catalogue's entry can be corrected.",
        who=RUNS_THE_APP,
        cause=refusal.cause,
        detail=refusal.detail,
        reference=refusal.reference,
    )


def _streams(evidence: Evidence) -> Finding:
    billed = evidence.billed
    if billed is None:
        remedy = "A test with a few tokens shows it; that costs a little, so it is made only when you ask for it."
        title = f"{_OPEN[STREAMS]} was not asked."
        return (
            Finding(STREAMS, Outcome.NOT_ASKED, title, evidence.at, remedy=remedy)
            if evidence.trouble is None
            else _open(STREAMS, evidence)
        )
    if billed.failure is not None:
        return finding_of(billed.failure, billed.at, STREAMS)
    return Finding(
        STREAMS,
        Outcome.WORKS,
        f"{evidence.deployment.label} streams: it answered after {billed.first_seconds:.1f} s.",
        billed.at,
        detail=billed.detail,
    )


def _headroom(evidence: Evidence) -> Finding:
    left = evidence.headroom
    if left is None:
        title = f"{_OPEN[HEADROOM]} is not known: the deployment tells it with an answer."
        outcome = Outcome.UNKNOWN if evidence.trouble else Outcome.NOT_ASKED
        return Finding(HEADROOM, outcome, title, evidence.at)
    counts = {"requests": left.remaining_requests, "tokens": left.remaining_tokens}
    told = " and ".join(f"{count:,} {what}" for what, count in counts.items() if count is not None)
    if 0 in counts.values():
        return Finding(
            HEADROOM,
            Outcome.LOOK,
            f"The quota of this minute is used up: {told} are left.",
            evidence.at,
            remedy="Wait a minute, or choose another deployment.",
            who=YOU,
            cause="quota",
        )
    return Finding(HEADROOM, Outcome.WORKS, f"{told} are left in this minute.", evidence.at)


def _skew(evidence: Evidence) -> str | None:
    return clock_skew(evidence.probed[0].date, evidence.at) if evidence.probed else None


def _skewed(skew: str, evidence: Evidence) -> Finding:
    return Finding(
        TOKEN,
        Outcome.LOOK,
        f"{CLOCK_IS} {skew} the service's; tokens may be refused.",
        evidence.at,
        remedy=SET_THE_CLOCK,
        who=RUNS_THE_APP,
        cause="clock-skew",
        detail=_detail(TOKEN, evidence),
    )
