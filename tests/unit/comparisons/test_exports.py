from __future__ import annotations

import csv
import io
import json
import re
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from python_calamine import CalamineWorkbook

from core.comparisons.exports import Format, export, export_name
from core.comparisons.figures import RUN_HEADER
from core.comparisons.interchange import comparison_from_json
from core.comparisons.reading import reading
from core.documents.cells import text_of_cell
from core.errors import KeylessError
from core.runs.comparison import Verdict, Vote
from core.storage.records import RunError, RunState
from tests.support.comparisons import ARMS, BEGAN, OWNER, READER, comparison, run
from tests.unit.comparisons.test_reading import NOW, everything, examined, nobody

if TYPE_CHECKING:
    from core.comparisons.reading import Reading
    from core.runs.comparison import Comparison
    from core.runs.comparison_plan import Arm
    from core.storage.records import RunRecord

TELLING = (
    "GPT lab",
    "GPT far",
    "GPT slow",
    "gpt-",
    "sweden",
    "eastus",
    "0.000415",
    "business.user",
    "Keyless itself",
)


def own(one: Comparison) -> Reading:
    return reading(one, OWNER, nobody, NOW)


def text_of(one: Reading, kind: Format) -> str:
    data = export(one, kind, written_at=NOW).data
    if kind is not Format.EXCEL:
        return data.decode("utf-8-sig")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return "\n".join(str(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def csv_rows(one: Reading) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(one, Format.CSV), newline=""), strict=True))


@pytest.mark.parametrize("kind", Format)
def test_every_export_has_every_answer_with_its_figures(kind: Format) -> None:
    told = text_of(own(comparison()), kind)
    for part in (
        *("Answer 0 of gpt-lab.", "Answer 1 of gpt-slow.", "GPT far", "gpt-lab-2026-01-01", "swedencentral", "2026"),
        *("business.user@contoso.example", "Keyless itself", "Write a tagline for an ice cream brand", "0.0004"),
    ):
        assert part in re.sub(r"[\\\u2060]", "", told), part


def test_a_csv_export_has_one_row_for_each_answer_and_says_what_is_estimated_and_unknown() -> None:
    def make(arm: Arm, number: int) -> RunRecord:
        return run(arm, number, usage_estimated=arm is ARMS[1], cost_usd=None if arm is ARMS[2] else Decimal("0.1"))

    rows = csv_rows(own(comparison(make=make)))
    assert len(rows) == 6
    assert list(rows[0]) == list(RUN_HEADER)
    assert [row["Tokens are"] for row in rows[:3]] == ["reported", "estimated", "reported"]
    assert [row["Cost is"] for row in rows[1:3]] == ["an estimate from the catalogue's prices", "unknown"]
    assert [row["Cost (USD)"] for row in rows[1:3]] == ["0.1", ""]
    assert (rows[0]["First token (s)"], rows[0]["Reasoning tokens"], rows[0]["Round"]) == ("0.25", "", "1")


@pytest.mark.parametrize("kind", [Format.MARKDOWN, Format.HTML])
def test_a_document_says_what_is_estimated(kind: Format) -> None:
    def make(arm: Arm, number: int) -> RunRecord:
        return run(arm, number, usage_estimated=True)

    told = text_of(own(comparison(make=make)), kind)
    assert "12 tokens (estimated)" in told
    assert "(estimate)" in told


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "a;\n=1", "'x", '","b"\r\n', "\ufeff=1", "漢字🍨\u202e"])
def test_an_answer_comes_back_from_a_csv_export_to_the_letter(text: str) -> None:
    rows = csv_rows(own(comparison(make=lambda arm, number: run(arm, number, text=text))))
    assert {text_of_cell(row["Answer"]) for row in rows} == {text}
    assert not any(row["Answer"].startswith(("=", "\ufeff")) for row in rows)


def test_a_workbook_has_a_summary_the_runs_and_the_plan_with_real_numbers() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(own(comparison()), Format.EXCEL, written_at=NOW).data))
    assert book.sheet_names == ["Summary", "Runs", "Plan"]
    header, *rows = book.get_sheet_by_name("Summary").to_python()
    assert len(rows) == 3
    assert rows[0][header.index("First token (seconds), median")] == pytest.approx(0.3)
    assert rows[0][header.index("Complete")] == 2
    runs = book.get_sheet_by_name("Runs").to_python()
    assert runs[1][RUN_HEADER.index("Started (UTC)")] == BEGAN.replace(tzinfo=None)


def test_a_json_export_is_the_comparison() -> None:
    assert comparison_from_json(export(own(comparison()), Format.JSON, written_at=NOW).data) == comparison()


@pytest.mark.parametrize("kind", Format)
def test_a_withheld_column_is_named_with_the_reason_and_without_any_result(kind: Format) -> None:
    def known(asked: str) -> object:
        return examined(asked) if asked != "sweden/gpt-lab" else None

    told = text_of(reading(comparison(), READER, known, NOW), kind)  # type: ignore[arg-type]
    assert "GPT lab" in told
    assert "not checked in the last five minutes" in " ".join(told.split()).replace("\\", "")
    assert not re.search(r"of gpt-lab|gpt-lab-2026|run-gpt-lab|request-gpt-lab|swedencentral", told)
    assert "Answer 0 of gpt-far." in told.replace("\\", "")


@pytest.mark.parametrize("kind", Format)
def test_an_export_of_a_blind_comparison_not_yet_decided_tells_no_name_and_no_figure(kind: Format) -> None:
    one = comparison(is_blind=True, make=lambda arm, number: run(arm, number, text=f"Text {number}{arm.label[-1]}"))
    told = text_of(reading(one, OWNER, nobody, NOW), kind)
    assert "Text 0w" in told
    assert not [word for word in TELLING if word in told]


def test_letters_are_mixed_in_an_export_of_a_blind_comparison() -> None:
    one = comparison(is_blind=True, repeats=20)
    answers = json.loads(text_of(reading(one, OWNER, nobody, NOW), Format.JSON))["answers"]
    firsts = {answer["text"].split(" of ")[1] for answer in answers if answer["letter"] == "A"}
    assert len(firsts) == 3


def test_an_export_that_hides_names_is_no_comparison_to_read_again() -> None:
    data = export(own(comparison(is_blind=True)), Format.JSON, written_at=NOW).data
    with pytest.raises(KeylessError, match="hides the names"):
        comparison_from_json(data)


def test_names_are_in_the_export_once_all_was_judged() -> None:
    one = comparison(is_blind=True)
    pairs = [(number, *pair) for number in range(2) for pair in combinations(range(3), 2)]
    votes = [Vote(one.id, *pair, Verdict.LEFT, NOW) for pair in pairs]
    assert "GPT lab" in text_of(reading(one, READER, everything, NOW, votes), Format.CSV)


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("is_blind", [True, False])
def test_hostile_texts_do_nothing_in_any_export(kind: Format, is_blind: bool) -> None:  # noqa: FBT001 - a parameter
    hostile = "=1+1</script><script>alert(1)</script>![x](https://canary.example/x)\u2028\x00\ud800\n```\n<!-- "
    arms = tuple(replace(arm, label=f"{arm.label} {hostile}", prompt=hostile, system=hostile) for arm in ARMS)
    error = RunError(hostile, hostile, hostile, hostile, retryable=False, kind="CallError")

    def make(arm: Arm, number: int) -> RunRecord:
        return run(arm, number, text=hostile, model=hostile, region=hostile, error=error, notices=(hostile,))

    one = comparison(arms=arms, make=make, title=hostile, tags=(hostile,), notices=(hostile,), is_blind=is_blind)
    told = text_of(own(one), kind)
    if kind in {Format.HTML, Format.JSON}:
        assert "<script>" not in told
        assert "<img" not in told
    if kind is Format.MARKDOWN:
        viewer = MarkdownIt("commonmark", {"html": True}).enable("table")
        tokens = [inner for token in viewer.parse(told) for inner in (token, *(token.children or ()))]
        assert not {token.type for token in tokens} & {"image", "html_block", "html_inline"}
    assert re.fullmatch(r"comparison(-[a-z0-9]+)*\.[a-z]+", export_name(own(one), kind)[0])


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("kind", Format)
def test_an_answer_that_did_not_end_complete_is_told_as_what_it_is(kind: Format, state: RunState) -> None:
    def make(arm: Arm, number: int) -> RunRecord:
        nothing = {"total_seconds": None, "input_tokens": None, "output_tokens": None, "cost_usd": None}
        return run(arm, number, state=state, text="", first_token_seconds=None, model="", region="", **nothing)

    assert state in text_of(own(comparison(make=make, cells=comparison(make=make).cells[:2])), kind)


def test_the_largest_comparison_is_exported_in_seconds() -> None:
    arms = tuple(replace(ARMS[0], label=f"Column {number}") for number in range(16))
    one = own(comparison(arms=arms, repeats=50, make=lambda arm, number: run(arm, number, text="word " * 400)))
    for kind in Format:
        began = time.perf_counter()
        export(one, kind, written_at=NOW + timedelta(seconds=1))
        assert time.perf_counter() - began < 20, kind


def test_what_the_differences_mean_stands_in_the_documents() -> None:
    def make(arm: Arm, number: int) -> RunRecord:
        seconds = {ARMS[0]: 0.25, ARMS[1]: 0.45 + number / 100, ARMS[2]: 0.2 if number % 2 else 0.31}
        return run(arm, number, first_token_seconds=seconds[arm])

    for kind in (Format.MARKDOWN, Format.HTML):
        told = text_of(own(comparison(repeats=8, make=make)), kind)
        assert "GPT lab starts 235 ms sooner than GPT far" in told
        assert "No difference in first token shown between GPT lab and GPT slow in 8 rounds" in told
