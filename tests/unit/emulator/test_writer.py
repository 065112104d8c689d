from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.emulator import brief as briefs
from core.emulator.deployments import DEPLOYMENTS, Deployment, deployment_of
from core.emulator.prompt import Prompt, Turn, split
from core.emulator.writer import CLOSING, Writer

ICE_CREAM = "Write a tagline for an ice cream brand:"
UNSEEN = {
    "a slogan for a night train to Lisbon": {"night", "train", "lisbon"},
    "Write a tagline for a submarine repair workshop in Tromsø": {"submarine", "repair", "workshop", "tromsø"},
    "I need a catchy headline about edible cutlery": {"edible", "cutlery"},
    "Slogan for 'Moth & Lantern', a bookbinder for insomniacs": {"moth", "lantern", "bookbinder", "insomniacs"},
    "tagline: silent lawnmowers": {"silent", "lawnmowers"},
    "WRITE A SLOGAN FOR A KITE SCHOOL": {"kite", "school"},
    "Product: beeswax crayons\nAudience: left-handed painters\nGive me a motto.": {"beeswax", "crayons", "painters"},
}


def deployment(name: str) -> Deployment:
    return next(d for d in DEPLOYMENTS if d.name == name)


BALANCED = deployment("gpt-5-2-sweden")


def ask(*texts: str, **more: Any) -> Prompt:  # noqa: ANN401 - any field of a prompt
    roles = itertools.cycle(("user", "assistant"))
    return Prompt(tuple(Turn(role, text) for role, text in zip(roles, texts, strict=False)), **more)


def write(*texts: str, by: Deployment = BALANCED, seed: int = 0, **more: Any) -> str:  # noqa: ANN401 - any field of a prompt
    return Writer(seed).write(by, ask(*texts, **more))[0]


def first_line(answer: str) -> str:
    return next(line for line in answer.splitlines() if line.strip())


@pytest.mark.parametrize("d", DEPLOYMENTS, ids=lambda d: d.name)
@pytest.mark.parametrize("text", [ICE_CREAM, "Why is the sky blue?", "Hello", "", "🍦" * 3])
def test_every_answer_says_that_no_model_was_called(d: Deployment, text: str) -> None:
    answer = write(text, by=d)

    assert answer.rstrip().endswith(CLOSING) or answer.rstrip().endswith(CLOSING.strip("*"))


@pytest.mark.parametrize("brief", UNSEEN)
@pytest.mark.parametrize("d", DEPLOYMENTS, ids=lambda d: d.name)
def test_an_unseen_brief_yields_a_line_of_its_own_words(d: Deployment, brief: str) -> None:
    for seed in range(20):
        answer = write(brief, by=d, seed=seed, temperature=1.5)
        body = answer.split(CLOSING.strip("*"))[0].lower()
        line = re.sub(r"^## .*\n+", "", body)
        assert UNSEEN[brief] & set(re.findall(r"\w+", line)), answer
        assert "your idea" not in answer


def test_lines_are_presentable() -> None:
    plain = deployment_of("contoso-eastus", "gpt-35-instruct-eastus")
    assert plain
    for brief, seed in itertools.product([ICE_CREAM, *UNSEEN], range(60)):
        line = first_line(write(brief, by=plain, seed=seed, temperature=2.0))
        assert line[0].isupper(), line
        assert line.endswith((".", "!", "?")), line
        assert 2 <= len(line.split()) <= 16, line
        assert not re.search(r"[{}_]|\s\s|\s[.,!]|\.\.|\b(\w+) \1\b", line, re.IGNORECASE), line


def test_the_same_question_to_two_writers_of_one_seed_has_one_answer() -> None:
    assert write(ICE_CREAM) == write(ICE_CREAM)
    assert write(ICE_CREAM, temperature=0.0) == write(ICE_CREAM, temperature=0.0)


def test_seed_deployment_system_prompt_and_temperature_each_change_the_answer() -> None:
    """Each may coincide once; over several briefs none of them may."""
    texts = [ICE_CREAM, *UNSEEN]
    usual = [write(text) for text in texts]

    assert [write(text, seed=1) for text in texts] != usual
    assert [write(text, by=deployment("gpt-5-2-mini-sweden")) for text in texts] != usual
    assert [write(text, system="You sell to pirates.") for text in texts] != usual
    assert [write(text, temperature=0.1) for text in texts] != usual


def test_asking_again_gives_something_else_unless_temperature_is_0_or_a_seed_is_given() -> None:
    def answers(**more: Any) -> set[str]:  # noqa: ANN401 - any field of a prompt
        writer = Writer(0)
        return {writer.write(BALANCED, ask(ICE_CREAM, **more))[0] for _ in range(8)}

    assert len(answers()) > 4
    assert len(answers(temperature=0.0)) == 1
    assert len(answers(seed=5)) == 1


def test_temperature_widens_variety() -> None:
    def variety(temperature: float) -> int:
        writer = Writer(0)
        lines = {first_line(writer.write(BALANCED, ask(ICE_CREAM, temperature=temperature))[0]) for _ in range(60)}
        return len(lines)

    assert variety(0.0) < variety(0.1) < variety(1.2)


def test_the_deployments_differ_in_length_and_manner() -> None:
    by_style = {d.style: write(ICE_CREAM, by=d) for d in DEPLOYMENTS}

    assert len(by_style) == 8
    assert len(by_style["lavish"]) > 2 * len(by_style["balanced"])
    assert len(by_style["brisk"]) < len(by_style["balanced"])
    assert by_style["lavish"].startswith("## ")
    assert "*" not in by_style["plain"]
    assert len({d.first_token_seconds for d in DEPLOYMENTS}) == 8
    assert all(0.15 <= d.first_token_seconds <= 0.9 and 25 <= d.tokens_per_second <= 120 for d in DEPLOYMENTS)


@pytest.mark.parametrize(("wish", "count"), [("five taglines", 5), ("10 slogans", 10), ("three short headlines", 3)])
def test_as_many_lines_come_as_were_asked_for_and_all_differ(wish: str, count: int) -> None:
    answer = write(f"Give me {wish} for our new vegan bakery in Oslo")
    lines = re.findall(r"^\d+\. (.+)$", answer, re.MULTILINE)

    assert len(lines) == len(set(lines)) == count


def test_a_tone_and_a_language_are_heeded_from_prompt_or_system() -> None:
    assert first_line(write("Write a slogan in French for a clock museum")) != first_line(
        write("Write a slogan for a clock museum")
    )
    french = {
        first_line(write("Write a slogan for a clock museum", system="Answer in French", seed=s)) for s in range(9)
    }
    assert all(
        re.search("[éèêç\N{RIGHT SINGLE QUOTATION MARK}]| de | tout | et ", line, re.IGNORECASE) for line in french
    )
    funny = {first_line(write("Write a funny slogan for a clock museum", seed=s)) for s in range(9)}
    assert not funny & {first_line(write("Write a slogan for a clock museum", seed=s)) for s in range(9)}


def test_shorter_please_shortens_the_answer_before() -> None:
    before = "1. **Come for the ice cream, stay for smiles.**\n\nIt makes a promise.\n\n" + CLOSING
    shorter = first_line(write(ICE_CREAM, before, "Shorter please"))

    assert shorter == "Come for the ice cream."


@pytest.mark.parametrize("wish", ["Another one", "Make it funnier", "five more", "In German please"])
def test_other_wishes_keep_to_the_first_brief(wish: str) -> None:
    before = write(ICE_CREAM)
    after = write(ICE_CREAM, before, wish)

    assert "ice" in after.lower()
    assert first_line(after) != first_line(before)


def test_more_detail_says_more_than_before() -> None:
    before = write(ICE_CREAM)
    after = write(ICE_CREAM, before, "Explain that in more detail")

    assert first_line(before) in after
    assert len(after) > 2 * len(before)


def test_a_later_brief_is_a_new_one() -> None:
    answer = write(ICE_CREAM, write(ICE_CREAM), "Now write a tagline for a lighthouse hotel")

    assert "lighthouse" in answer.lower()
    assert "ice cream" not in answer.lower()


def test_a_summary_keeps_sentences_of_the_text() -> None:
    text = "The lighthouse opens in May. Tickets cost nine euros. The lighthouse has ninety steps. Dogs are welcome."
    answer = write(f"Summarise the following text: {text}")

    kept = [sentence for sentence in text.split(". ") if sentence.rstrip(".") in answer]
    assert 1 <= len(kept) < 4
    assert any("lighthouse" in sentence for sentence in kept)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Write an e-mail about moving the launch to June", "**Subject:** Moving the launch"),
        ("Give me tips on growing tomatoes", "- **"),
        ("Write a Python function that sorts invoices", "```python"),
        ("Why do lighthouses blink?", "lighthouses"),
    ],
)
def test_other_prompts_get_text_of_their_kind(text: str, sign: str) -> None:
    assert sign in write(text)


def test_a_number_of_words_is_respected() -> None:
    body = write("Write 500 words about lighthouses").removesuffix(CLOSING)

    assert len(body.split()) == 500


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"taglines": {"type": "array", "items": {"type": "string"}, "minItems": 5}}},
        {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}, "required": ["name"]},
        {"type": "array", "items": {"type": "integer", "minimum": 3, "maximum": 4}, "maxItems": 2},
        {"type": "object", "properties": {"mood": {"enum": ["a", "b"]}, "n": {"type": ["number", "null"]}}},
        {"type": "number", "minimum": 0.5, "multipleOf": 0.5, "maximum": 1.5},
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3},
        {"type": "boolean"},
        {"type": "null"},
        {"const": "fixed"},
        {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 400}]},
        {
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
            "$ref": "#/$defs/node",
        },
        {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
        {"type": "string", "format": "date"},
    ],
)
def test_json_fits_the_schema(schema: dict[str, Any]) -> None:
    for seed in range(5):
        jsonschema.validate(json.loads(write("Give me taglines for a kite school", schema=schema, seed=seed)), schema)


def test_lines_in_json_are_different_lines_about_the_brief() -> None:
    schema = {"type": "object", "properties": {"taglines": {"type": "array", "items": {"type": "string"}}}}
    lines = json.loads(write("Give me 6 taglines for a kite school", schema=schema))["taglines"]

    assert len(set(lines)) == 6
    assert all("kite" in line.lower() or "school" in line.lower() for line in lines)


@pytest.mark.parametrize("text", ["", "a", "ice  cream\n\n\tfor_all 🍦 日本語 e\u0301", " \n ", "x" * 100])
def test_pieces_joined_are_the_text_again(text: str) -> None:
    assert "".join(split(text)) == text


@pytest.mark.parametrize(
    "text",
    ["a " * 100_000, "tagline " * 30_000, " " * 300_000, "summarise: " + "The cat sat. " * 20_000, "for a " * 50_000],
)
@pytest.mark.timeout(10)
def test_very_long_prompts_are_answered_at_once(text: str) -> None:
    assert write(text)
    assert write("Hello", text, "shorter")


def test_a_brief_is_read_from_its_own_words() -> None:
    train = briefs.read("a slogan for a night train to Lisbon")

    assert (train.subject, train.place, train.direction) == ("night train", "Lisbon", "to")
    assert (train.thing, train.one) == ("the night train", "a night train")
    assert briefs.read(ICE_CREAM).one == "ice cream"
    assert briefs.read("Give me 5 taglines for Taxi, an app for cats").name == "Taxi"
    assert briefs.read("Write three taglines for scooters aimed at nurses").audience == "nurses"


def test_no_brief_of_these_tests_is_known_to_the_writer() -> None:
    """The words come from the prompt: nothing in the vocabulary holds a whole subject."""
    source = "".join(path.read_text() for path in Path(briefs.__file__).parent.glob("*.py")).lower()
    for subject in (
        "ice cream",
        "night train",
        "lisbon",
        "submarine",
        "cutlery",
        "bookbinder",
        "lawnmower",
        "crayon",
    ):
        assert subject not in source
