from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from core.deployments.deployment import Operation
from core.deployments.lessons import Lessons
from core.deployments.request_body import API_VERSION, EVERY_OPERATION, WHOLE_OPERATION
from core.storage.lessons import Lesson
from tests.unit.deployments.asking import deployment_at

if TYPE_CHECKING:
    from core.storage.lessons import LessonStore

DROP = Lesson("nordic/thinker", "chat", "temperature", "drop")
RENAME = Lesson("nordic/thinker", "chat", "max_tokens", "rename", "max_completion_tokens")


def test_lessons_are_remembered(lessons: LessonStore) -> None:
    assert lessons.all() == []
    lessons.add(DROP)
    lessons.add(RENAME)
    assert lessons.all() == [RENAME, DROP]


def test_a_lesson_learned_anew_replaces_the_old_one(lessons: LessonStore) -> None:
    lessons.add(DROP)
    anew = Lesson(DROP.deployment_id, DROP.operation, DROP.parameter, "rename", "heat\x00")
    lessons.add(anew)
    assert [lesson.replacement for lesson in lessons.all()] == ["heat\ufffd"]


def test_the_same_lesson_learned_by_many_at_once_is_one(lessons: LessonStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lessons.add, [DROP] * 24))
    assert lessons.all() == [DROP]


def test_forgetting_concerns_one_deployment(lessons: LessonStore) -> None:
    other = Lesson("nordic/writer", "chat", "temperature", "drop")
    for lesson in (DROP, RENAME, other):
        lessons.add(lesson)
    lessons.forget("nordic/thinker")
    assert lessons.all() == [other]


async def test_what_deployments_refuse_is_told_and_forgotten_on_request_beyond_the_process(
    lessons: LessonStore,
) -> None:
    known = Lessons(lessons)
    dated = deployment_at("http://127.0.0.1:1", Operation.CHAT, api_version="2024-10-21")
    other = Lesson("nordic/writer", "chat", "temperature", "drop")
    for lesson in (
        Lesson(dated.id, Operation.CHAT, "temperature", "drop"),
        Lesson(dated.id, Operation.CHAT, WHOLE_OPERATION, "drop"),
        Lesson(dated.id, EVERY_OPERATION, API_VERSION, "drop"),
        other,
    ):
        known.learn(lesson)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(lessons.all()) == 4
    assert len(Lessons(lessons).of_deployment(dated)) == 3
    known.forget(dated)
    assert known.of_deployment(dated) == Lessons(lessons).of_deployment(dated) == ()
    assert known.all() == lessons.all() == [other]
