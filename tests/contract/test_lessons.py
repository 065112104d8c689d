from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from core.storage.lessons import Lesson

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
