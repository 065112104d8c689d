"""What a deployment takes is learned from it or said by the catalogue: no rule goes by a model's name."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
A_MODEL: Final = re.compile(
    r"gpt-?\d|\bgpt-|\bo[134]\b|davinci|mistral|codex|llama|claude|deepseek|\bphi-", re.IGNORECASE
)
SOURCES: Final = sorted(
    path
    for place in ("core", "pages", "app.py")
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    if "emulator" not in path.relative_to(ROOT).parts
)


def literals(source: str) -> Iterator[str]:
    """Every text in the code that is no docstring."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_no_code_outside_the_emulator_names_a_model() -> None:
    assert len(SOURCES) > 50
    named = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for path in SOURCES
        for text in literals(path.read_text(encoding="utf-8"))
        if A_MODEL.search(text)
    ]
    assert named == []


@pytest.mark.parametrize(
    "rule",
    ['if model.startswith("gpt-5"): pass', 'X = {"o1", "o3-mini"}', 'f"davinci{x}"', 'm == "Mistral-Large"'],
)
def test_such_a_rule_would_be_found(rule: str) -> None:
    assert any(A_MODEL.search(text) for text in literals(rule))


def test_the_docstring_of_a_function_may_name_one() -> None:
    assert not any(A_MODEL.search(text) for text in literals('def f():\n    """Such as gpt-5."""\n'))
