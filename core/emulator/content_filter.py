"""Content-filter annotations in the shapes of Azure OpenAI."""

from __future__ import annotations

from typing import Any, Final

Annotation = dict[str, Any]

_SEVERITIES: Final[Annotation] = {
    name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")
}

SAFE_PROMPT: Final[Annotation] = {**_SEVERITIES, "jailbreak": {"filtered": False, "detected": False}}
SAFE_ANSWER: Final[Annotation] = {
    **_SEVERITIES,
    "protected_material_code": {"filtered": False, "detected": False},
    "protected_material_text": {"filtered": False, "detected": False},
}
FILTERED_PROMPT: Final[Annotation] = {**SAFE_PROMPT, "violence": {"filtered": True, "severity": "medium"}}
FILTERED_ANSWER: Final[Annotation] = {**SAFE_ANSWER, "violence": {"filtered": True, "severity": "medium"}}
FILTER_DOWN: Final[Annotation] = {
    "error": {"code": "content_filter_error", "message": "The contents are not filtered"},
}
