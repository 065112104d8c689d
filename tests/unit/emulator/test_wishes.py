"""Lines that keep to what a prompt wishes, and that change a line that stands in it."""

from __future__ import annotations

import json

import pytest

from core.emulator.deployments import DEPLOYMENTS, Deployment
from core.emulator.prompt import Prompt, Turn
from core.emulator.writer import Writer

SCHEMA = {"type": "object", "properties": {"taglines": {"type": "array", "items": {"type": "string"}}}}
ICE_CREAM = "<brief>\nWrite a tagline for an ice cream brand:\n{}\n</brief>"


def lines(
    text: str, deployment: Deployment = DEPLOYMENTS[0], *, seed: int = 0, system: str = "", **more: object
) -> list[str]:
    prompt = Prompt((Turn("user", text),), system, **({"schema": SCHEMA} | more))  # type: ignore[arg-type]
    found: list[str] = json.loads(Writer(seed).write(deployment, prompt)[0])["taglines"]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_limits_are_mostly_kept(seed: int) -> None:
    wish = 'Length: at most 40 characters each\nEach one has to contain: "scoop"\nNever use: "brand", "deserve"'
    found = lines("Write 8 taglines.\n\n" + ICE_CREAM.format(wish), seed=seed)
    assert len(found) == 8
    assert all("scoop" in line.lower() and "brand" not in line for line in found)
    assert sum(len(line) <= 40 and "deserve" not in line for line in found) >= 6
    few_words = lines("Write 4 taglines.\n\n" + ICE_CREAM.format("Length: at most 5 words each"), seed=seed)
    assert all(len(line.split()) <= 5 for line in few_words)


@pytest.mark.parametrize("language", ["English", "French", "German", "Spanish", "Portuguese", "Italian", "Dutch"])
def test_a_short_limit_is_mostly_kept_in_every_language_that_is_written(language: str) -> None:
    wish = f"Language: {language}\nLength: at most 30 characters each"
    for seed in range(5):
        found = lines("Write 10 taglines.\n\n" + ICE_CREAM.format(wish), seed=seed)
        assert len(found) == len(set(found)) == 10
        assert sum(len(line) <= 30 for line in found) >= 9, found
    four = "Write 4 taglines.\n\n" + ICE_CREAM.format(wish)
    assert len({line for deployment in DEPLOYMENTS[:4] for line in lines(four, deployment)}) >= 8


def test_json_is_given_when_the_prompt_asks_for_it_in_words() -> None:
    asked = 'Answer with JSON only, in this form: {"taglines": ["first", "second"]}'
    assert len(lines("Write 6 taglines for an ice cream brand.", system=asked, schema=None)) == 6
    assert len(lines(f"{asked}\n\nWrite 6 taglines for an ice cream brand.", schema=None)) == 6


def test_lines_that_exist_are_not_written_again() -> None:
    first = lines("Write 8 taglines.\n\n" + ICE_CREAM.format(""))
    listed = "\n".join(f"- {line}" for line in first)
    again = lines("Write 8 taglines.\n\n" + ICE_CREAM.format("") + f"\n\n<existing>\n{listed}\n</existing>")
    assert not set(first) & set(again)


@pytest.mark.parametrize("line", ["Come for the ice cream, stay for smiles.", "Say yes to all of this ice cream."])
def test_a_line_is_shortened_to_one_that_says_something(line: str) -> None:
    asked = "Write one shorter version of this tagline.\n\n<tagline>\n{}\n</tagline>\n\n" + ICE_CREAM
    (shorter,) = lines(asked.format(line, ""))
    assert len(shorter) < len(line)
    assert "ice cream" in shorter.lower()


def test_a_line_is_written_in_another_language() -> None:
    asked = "Write this tagline in {}: freely.\n\n<tagline>\nSay yes.\n</tagline>\n\n" + ICE_CREAM.format("")
    written = {tuple(lines(asked.replace("{}", language))) for language in ("French", "German", "Spanish")}
    assert len(written) == 3
    assert all(len(found) == 1 for found in written)


@pytest.mark.timeout(10)
def test_a_prompt_full_of_marks_is_answered_at_once() -> None:
    assert lines("Write 2 taglines for a kite school." + "<tagline>\n" * 50_000)
