"""An exported comparison that somebody changed, opened on the page: drawn harmlessly, or refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.comparisons.interchange import comparison_as_json
from core.storage.records import RunError, RunRecord, RunState
from tests.pages.conftest import said
from tests.support.comparisons import comparison, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

    from core.runs.comparison_plan import Arm

MARKS = ":red[PWN] ![x](https://canary.example/i) [here](https://canary.example) **b**"
MEANT = {"format", "version", "created_at", "updated_at", "started_at", "state", "identity_kind", "retry_at"}
MONEY = "cost_usd"


def failing(arm: Arm, number: int) -> RunRecord:
    if arm.label != "GPT far":
        return run(arm, number, notices=("Said beside it.",))
    error = RunError(
        "Title", "Remedy", "command", "reference", retryable=True, kind="RateLimited", who="who", cause="cause"
    )
    return replace(run(arm, number), state=RunState.FAILED, text="", error=error)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every value of a file that is no object and no list, with its place."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield path, value
        return
    for key, each in inside:
        yield from leaves(each, (*path, key))


def changed(text: str = "", money: str = "") -> bytes:
    """The file with ``text`` in the place of every text, or ``money`` of every amount."""
    file = json.loads(comparison_as_json(comparison(make=failing, notices=("Said.",))))
    for number, (path, value) in enumerate(leaves(file)):
        *above, name = path
        place = file
        for key in above:
            place = place[key]
        if name == MONEY and value and money:
            place[name] = money
        elif isinstance(value, str) and text and name not in MEANT | {MONEY}:
            place[name] = f"{text}{number}" if name == "label" else text
    return json.dumps(file).encode()


def opened(app: AppTest, file: bytes) -> str:
    """What the page says once the file was opened."""
    app.run()
    app.switch_page("compare.py").run()
    app.file_uploader(key="compare-file").upload("comparison.json", file, "application/json").run()
    assert not app.exception
    return said(app)


def test_no_text_of_a_file_acts_on_the_page(app: AppTest) -> None:
    told = opened(app, changed(MARKS))
    assert "Opened from a file" in told
    assert ":red[PWN" not in told.replace("\\:red", "")
    assert "![x](" not in told
    assert "[here](https" not in told.replace("\\[here", "")


@pytest.mark.parametrize("text", ["\x00", "\u202e\u2028", "__\n\n# h", "<img src=x onerror=alert(1)>", "</script>"])
def test_any_text_of_a_file_is_drawn(app: AppTest, text: str) -> None:
    assert "Opened from a file" in opened(app, changed(text))


@pytest.mark.parametrize("file", [changed("a\ud800"), changed(money="9" * 23), changed(money="9" * 23 + ".1")])
def test_what_cannot_be_drawn_is_refused_in_a_sentence(app: AppTest, file: bytes) -> None:
    opened(app, file)
    assert "cannot be read" in app.error[0].proto.title


def test_the_largest_amounts_are_drawn(app: AppTest) -> None:
    assert "Opened from a file" in opened(app, changed(money="9" * 14 + "." + "9" * 30))
