from __future__ import annotations

import pytest

from core.deployments.parameters import Message
from core.runs.messages import messages_of, title_of
from core.storage.records import RunState, Turn
from tests.unit.runs.scripted import record


def turn(prompt: str, *answers: tuple[str, RunState], superseded: bool = False) -> Turn:
    runs = tuple(record(str(number), text=text, state=state) for number, (text, state) in enumerate(answers))
    return Turn(prompt, 0, prompt, superseded, runs)


def test_each_prompt_is_followed_by_its_latest_answer() -> None:
    first = turn("One?", ("a", RunState.COMPLETE), ("b", RunState.COMPLETE))
    second = turn("Two?", ("c", RunState.CANCELLED))
    assert messages_of([first, second]) == (
        Message("user", "One?"),
        Message("assistant", "b"),
        Message("user", "Two?"),
        Message("assistant", "c"),
    )


@pytest.mark.parametrize(
    "left_out",
    [
        turn("Old?", ("a", RunState.COMPLETE), superseded=True),
        turn("Failed?", ("", RunState.FAILED)),
        turn("Empty?", (" \n", RunState.COMPLETE)),
        turn("Stopped at once?", ("", RunState.CANCELLED)),
        turn("Never answered?"),
    ],
)
def test_what_was_replaced_or_never_answered_is_left_out(left_out: Turn) -> None:
    assert messages_of([left_out]) == ()


def test_an_answer_counts_although_asking_again_failed() -> None:
    answered = turn("One?", ("a", RunState.COMPLETE), ("", RunState.FAILED))
    assert messages_of([answered])[1] == Message("assistant", "a")


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Write a tagline for an ice cream brand:", "Write a tagline for an ice cream brand:"),
        ("  two\n\nlines  ", "two lines"),
        ("word " * 20, f"{('word ' * 11).strip()}…"),
        ("x" * 200, f"{'x' * 59}…"),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_title_is_one_short_line_cut_between_words(prompt: str, title: str) -> None:
    assert title_of(prompt) == title
    assert len(title) <= 60
