"""Learning from a refusal: send one parameter less or by its other name, or ask for another operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.deployments.lessons import Lesson, Lessons
from core.deployments.parameters import ANSWER_SCHEMA, LABELS
from core.deployments.request_body import (
    API_VERSION,
    CONTROL_OF,
    EVERY_OPERATION,
    WHOLE_OPERATION,
    Request,
    build,
)
from core.deployments.sentences import DEPLOYMENT_MISSING

if TYPE_CHECKING:
    from core.deployments.parameters import Call
    from core.deployments.refusal import Refusal

_OTHER_NAME: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_NOT_FOUND: Final = 404
_ONE_VALUE: Final = "unsupported_value"
_NOT_TAKEN: Final = frozenset({"unsupported_parameter", "unknown_parameter", _ONE_VALUE})
_NOT_TAKEN_IN_WORDS: Final = re.compile(
    r"unsupported parameter|unrecognized request argument|unknown parameter|extra inputs are not permitted",
    re.IGNORECASE,
)
_API_VERSION_NOT_TAKEN_IN_WORDS: Final = re.compile(
    r"api[ -]version\b.*\b(not supported|unsupported|invalid|not valid)", re.IGNORECASE
)
_OUR_SCHEMA: Final = "invalid_json_schema"
"""The deployment takes schemas, but not this one."""

_CHOICES: Final = frozenset({"reasoning_effort", "verbosity"})
"""Controls with several values, of which a deployment may refuse one and take another."""


class Plan:
    """How one call is asked for, attempt by attempt.

    What is changed on the way is in force at once for this call; it is learned for later calls only when the call was
    accepted so (``accepted``), because a wrong address looks like an operation that does not exist.
    """

    def __init__(self, call: Call, lessons: Lessons) -> None:
        self._call = call
        self._lessons = lessons
        self._here = lessons.about(call.deployment)
        self._to_learn: list[Lesson] = []
        self._refused_wires: set[str] = set()
        self.request: Request = build(call, self._here)
        """What to send now."""

    def notices(self) -> list[str]:
        """What people set and is not sent, because the deployment is known to refuse it."""
        return [self._not_taken(control) for control in self.request.left_out]

    def adapt(self, refusal: Refusal) -> str | None:
        """Change the request after a refusal, and say how ("" where it concerns nobody); None: nothing to change."""
        notice = self._adapt_parameter(refusal)
        if notice is None:
            notice = self._adapt_api_version(refusal)
        if notice is None:
            notice = self._adapt_operation(refusal)
        if notice is not None:
            self.request = build(self._call, self._here)
        return notice

    def accepted(self) -> None:
        """The deployment took the request: keep what was learned."""
        for lesson in self._to_learn:
            self._lessons.learn(lesson)
        self._to_learn.clear()

    def _adapt_parameter(self, refusal: Refusal) -> str | None:
        wire = self._refused_wire(refusal)
        if wire is None:
            return None
        self._refused_wires.add(wire)
        control = CONTROL_OF.get(wire, "")
        other = _OTHER_NAME.get(wire, "") if refusal.code != _ONE_VALUE else ""
        if other and other not in self._refused_wires:
            self._change(self.request.operation, wire, rename_to=other)
            return (
                f"{self._call.deployment.label} knows the maximum of output tokens by another name; it was sent so."
            )
        is_about_the_value = (control in _CHOICES and refusal.code == _ONE_VALUE) or refusal.code == _OUR_SCHEMA
        self._change(self.request.operation, wire, is_learned=not is_about_the_value)
        return self._not_taken(control) if control else ""

    def _refused_wire(self, refusal: Refusal) -> str | None:
        """The parameter of the request that is not taken as it is, or None."""
        if refusal.status not in {400, 422}:
            return None
        is_not_taken = refusal.code in _NOT_TAKEN or _NOT_TAKEN_IN_WORDS.search(refusal.message) is not None
        for wire in sorted(self.request.wires):
            # What is said of a schema differs from model to model, and whatever it is: the answer can do without.
            if _names(refusal, wire) and (is_not_taken or CONTROL_OF.get(wire) == ANSWER_SCHEMA):
                return wire
        return None

    def _adapt_api_version(self, refusal: Refusal) -> str | None:
        version = self.request.api_version
        if version is None or refusal.status not in {400, _NOT_FOUND}:
            return None
        if refusal.code != "UnsupportedApiVersion" and not _API_VERSION_NOT_TAKEN_IN_WORDS.search(refusal.message):
            return None
        self._change(EVERY_OPERATION, API_VERSION)
        return f"The endpoint does not take the API version {version}; its v1 API was used instead."

    def _adapt_operation(self, refusal: Refusal) -> str | None:
        is_unknown = refusal.status == _NOT_FOUND and not refusal.is_page and refusal.code not in DEPLOYMENT_MISSING
        if not is_unknown and refusal.code != "OperationNotSupported":
            return None
        deployment, refused = self._call.deployment, self.request.operation
        others = [
            one
            for one in deployment.operations
            if one != refused and not self._here.of(deployment, one, WHOLE_OPERATION)
        ]
        if not others:
            return None
        self._change(refused, WHOLE_OPERATION)
        return f"{deployment.label} does not take {refused}; {others[0]} was used instead."

    def _change(self, operation: str, parameter: str, *, rename_to: str = "", is_learned: bool = True) -> None:
        lesson = Lesson(self._call.deployment.id, operation, parameter, "rename" if rename_to else "drop", rename_to)
        self._here.add(lesson)
        if is_learned:
            self._to_learn.append(lesson)

    def _not_taken(self, control: str) -> str:
        return f"{LABELS[control]} was left out: {self._call.deployment.label} does not take it."


def _names(refusal: Refusal, wire: str) -> bool:
    named = refusal.parameter
    if named:
        return wire == named or wire.startswith(f"{named}.") or named.startswith(f"{wire}.")
    return re.search(rf"(?<![\w.]){re.escape(wire)}(?![\w])", refusal.message) is not None
