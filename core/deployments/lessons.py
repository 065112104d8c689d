"""What deployments were learned to refuse: parameters, operations, API versions."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from core.deployments.parameters import LABELS
from core.deployments.request_body import API_VERSION, CONTROL_OF, USAGE, WHOLE_OPERATION
from core.errors import StorageError
from core.storage.lessons import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.deployments.deployment import Deployment

__all__ = ["Lesson", "Lessons", "LessonsKept"]


class LessonsKept(Protocol):
    """Where lessons outlive the process; ``core.storage`` has one. Its methods may block."""

    def all(self) -> Iterable[Lesson]:
        """Every lesson."""

    def add(self, lesson: Lesson) -> None:
        """Keep one."""

    def forget(self, deployment_id: str) -> None:
        """Keep none of a deployment any more."""


class Lessons:
    """All lessons in memory, and in ``kept`` if there is one, which is read here and then only written.

    Raises:
        StorageError: ``kept`` cannot be read.
    """

    def __init__(self, kept: LessonsKept | None = None) -> None:
        self._kept = kept
        self._keeping = threading.Lock()
        self._lessons = {_key(lesson): lesson for lesson in (kept.all() if kept else ())}

    def all(self) -> list[Lesson]:
        """Every lesson."""
        return list(self._lessons.values())

    def of(self, deployment: Deployment, operation: str, parameter: str) -> Lesson | None:
        """What was learned about a parameter, or None."""
        return self._lessons.get((deployment.id, operation, parameter))

    def about(self, deployment: Deployment) -> Lessons:
        """A copy of what is known about one deployment, kept nowhere."""
        copy = Lessons()
        for lesson in self.all():
            if lesson.deployment_id == deployment.id:
                copy.add(lesson)
        return copy

    def add(self, lesson: Lesson) -> None:
        """Know it until the process ends."""
        self._lessons[_key(lesson)] = lesson

    def learn(self, lesson: Lesson) -> None:
        """Know it from now on, and write it down in the background; needs a running event loop."""
        self.add(lesson)
        if self._kept is not None:
            asyncio.get_running_loop().run_in_executor(None, self._keep, self._kept, lesson)

    def of_deployment(self, deployment: Deployment) -> tuple[str, ...]:
        """What was learned about a deployment and is in force, in sentences for people."""
        lessons = sorted((one for one in self.all() if one.deployment_id == deployment.id), key=_key)
        return tuple(sentence for lesson in lessons if (sentence := self._in_words(lesson, deployment)))

    def forget(self, deployment: Deployment) -> None:
        """Forget what was learned about a deployment, such as when its model was changed. May block.

        Raises:
            StorageError: The store did not forget it, so nothing is forgotten.
        """
        with self._keeping:
            if self._kept is not None:
                self._kept.forget(deployment.id)
            for lesson in self.all():
                if lesson.deployment_id == deployment.id:
                    self._lessons.pop(_key(lesson), None)

    def _keep(self, kept: LessonsKept, lesson: Lesson) -> None:
        # Not kept, it is learned anew after the next start: one refused request, nothing lost.
        with self._keeping, contextlib.suppress(StorageError):
            if self._lessons.get(_key(lesson)) is lesson:
                kept.add(lesson)

    def _in_words(self, lesson: Lesson, deployment: Deployment) -> str:
        operation, parameter = lesson.operation, lesson.parameter
        if parameter == API_VERSION:
            version = deployment.endpoint.api_version
            said = f"The v1 API is used instead of the API version {version}: the endpoint does not take that."
            return said if version else ""
        if parameter == WHOLE_OPERATION:
            return f"The operation {operation} is not used: this deployment does not take it."
        if parameter == USAGE:
            return f"Token counts of {operation} are estimated: this deployment does not take the request for them."
        label = LABELS.get(CONTROL_OF.get(parameter, ""), parameter)
        if lesson.action == "drop":
            return f"{label} is left out of {operation}: this deployment does not take it."
        if self.of(deployment, operation, lesson.replacement):
            return ""  # The other name is refused as well, and the lesson about that says so.
        return f"{label} is sent to {operation} as {lesson.replacement}: this deployment knows it by that name."


def _key(lesson: Lesson) -> tuple[str, str, str]:
    return lesson.deployment_id, lesson.operation, lesson.parameter
