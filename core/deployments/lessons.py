"""What deployments were learned to refuse: parameters, operations, API versions."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

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


class Lessons:
    """All lessons in memory, and in ``kept`` if there is one, which is read here and then only written.

    Raises:
        StorageError: ``kept`` cannot be read.
    """

    def __init__(self, kept: LessonsKept | None = None) -> None:
        self._kept = kept
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

    @staticmethod
    def _keep(kept: LessonsKept, lesson: Lesson) -> None:
        # Not kept, it is learned anew after the next start: one refused request, nothing lost.
        with contextlib.suppress(StorageError):
            kept.add(lesson)


def _key(lesson: Lesson) -> tuple[str, str, str]:
    return lesson.deployment_id, lesson.operation, lesson.parameter
