"""What the service's content filter said: about which side, which category, how severe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from core.errors import PromptFiltered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.deployments.refusal import Refusal

NOTES: Final = "content_filters"
"""Where Responses say it: a list of notes, each with its side."""

_SPELLINGS: Final = ("content_filter_results", "content_filter_result")
"""Azure writes the one or the other, for the same thing."""

_SEVERITIES: Final = frozenset({"low", "medium", "high"})
_ODD: Final = re.compile(r"[^A-Za-z0-9 -]+")
_LONGEST_NAME: Final = 40


def filtered(refusal: Refusal) -> PromptFiltered:
    """Say which side was filtered and why; the inner error, where there is one, is always about the prompt."""
    notes = [(True, results_of(refusal.inner)), *notes_by_side(refusal.filters)]
    of_prompt = tuple(word for is_prompt, results in notes if is_prompt for word in objections(results))
    of_answer = tuple(word for is_prompt, results in notes if not is_prompt for word in objections(results))
    if of_answer and not of_prompt:
        return PromptFiltered(
            f"The content filter stopped the answer: {', '.join(of_answer)}.",
            "Ask in another way and send it again.",
            detail=refusal.detail,
        )
    title = f"The content filter refused this prompt: {', '.join(of_prompt)}." if of_prompt else ""
    return PromptFiltered(title, detail=refusal.detail)


def results_of(annotated: object) -> dict[str, Any]:
    """The filter's results about whatever carries them, by category; empty without any."""
    if not isinstance(annotated, dict):
        return {}
    return next((annotated[name] for name in _SPELLINGS if isinstance(annotated.get(name), dict)), {})


def objections(results: Mapping[str, Any]) -> tuple[str, ...]:
    """What was filtered, in words such as ``violence (medium severity)``."""
    return tuple(_in_words(category, result) for category, result in results.items() if _is_filtered(result))


def notes_by_side(notes: object) -> Iterator[tuple[bool, dict[str, Any]]]:
    """The results of each note of a Responses reply; the first value says whether it is about the prompt."""
    for note in notes if isinstance(notes, list) else ():
        if isinstance(note, dict):
            yield note.get("source_type") == "prompt", results_of(note)


def _is_filtered(result: object) -> bool:
    if isinstance(result, list):
        return any(_is_filtered(one) for one in result)
    return isinstance(result, dict) and result.get("filtered") is True


def _in_words(category: object, result: object) -> str:
    name = _ODD.sub(" ", str(category)).strip()[:_LONGEST_NAME] or "a category without a name"
    severity = result.get("severity") if isinstance(result, dict) else None
    is_said = isinstance(severity, str) and severity in _SEVERITIES
    return f"{name} ({severity} severity)" if is_said else name
