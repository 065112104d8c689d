"""What was measured, kept as JSON, and the one table with ratios and targets that is made of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One line: ``reached``, in ``unit``, is to be ``most`` at most; ``measured`` says what it is made of."""

    what: str
    measured: str
    reached: float
    unit: str
    most: float | None = None

    def __str__(self) -> str:
        target = "" if self.most is None else f"<= {self.most:g} {self.unit}"
        verdict = "" if self.most is None else "yes" if self.reached <= self.most else "**no**"
        return f"| {self.what} | {self.measured} | {self.reached:.2f} {self.unit} | {target} | {verdict} |"


def keep(part: str, measured: dict[str, Any]) -> None:
    """Write what one part measured, with the time of day."""
    RESULTS.mkdir(exist_ok=True)
    whole = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", **measured}
    (RESULTS / f"{part}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def write_table() -> None:
    """Write and print the table of everything that has been kept."""
    kept = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(RESULTS.glob("*.json"))}
    lines = ["| what | measured | reached | target | met |", "|---|---|---|---|---|"]
    lines += [str(row) for part, measured in kept.items() for row in ROWS[part](measured)]
    text = "\n".join(lines) + "\n"
    (RESULTS / "table.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _answers(measured: dict[str, Any]) -> Iterator[Row]:
    ours, theirs, raw = (measured["medians"][name] for name in ("Keyless", "tutorial", "raw page"))

    def all_three(measure: str) -> str:
        return f"{ours[measure]:.0f} ms; tutorial {theirs[measure]:.0f}, raw {raw[measure]:.0f}"

    def against_tutorial(what: str, measure: str, most: float | None = None) -> Row:
        return Row(f"{what}, to the tutorial's", all_three(measure), ours[measure] / theirs[measure], "x", most)

    def beyond_raw(what: str, measure: str, most: float | None = None) -> Row:
        return Row(f"{what}, beyond the raw page's", all_three(measure), ours[measure] - raw[measure], "ms", most)

    yield against_tutorial("added TTFT", "added_ttft", 0.5)
    yield against_tutorial("- of it from the key to the model", "to_the_model")
    yield against_tutorial("- of it from the model to the page", "first_token")
    yield beyond_raw("last-token lag", "last_token", 17)
    yield beyond_raw("token lag p50", "token_lag_p50")
    yield beyond_raw("token lag p95", "token_lag_p95")
    yield against_tutorial("server CPU of one answer", "server_cpu")


def _bytes(measured: dict[str, Any]) -> Iterator[Row]:
    for tokens, ours in measured["Keyless"].items():
        what = f"bytes to the browser for each byte of an answer of {tokens} tokens"
        yield Row(what, f"tutorial {measured['tutorial'][tokens]:.0f}", ours, "x", 10)


def _starts(measured: dict[str, Any]) -> Iterator[Row]:
    medians = measured["medians"]
    livez, readyz = medians["livez_seconds"], medians["readyz_seconds"]
    yield Row("cold start to the first 200 of /livez", f"/readyz {readyz:.1f} s", livez, "s", 1)
    first, second, *_ = medians["pages"]
    what = "first page of the first visitor, to the second visitor's"
    yield Row(what, f"{first:.0f} ms; second {second:.0f}", first / second, "x", 1.2)
    first, second, *_ = medians["added_ttfts"]
    yield Row(
        "added TTFT of the first question, to the second's",
        f"{first:.0f} ms; second {second:.0f}",
        first / second,
        "x",
    )


def _tokens(measured: dict[str, Any]) -> Iterator[Row]:
    warm = measured["warm_token_milliseconds"]
    yield Row("warm token, session look-up included", f"p50; p95 {warm['p95']:.2f} ms", warm["p50"], "ms", 1)
    still_good = f"{measured['tokens']} tokens, {measured['calls']} calls"
    yield Row("requests to Entra while the token is good", still_good, measured["requests_to_entra"], "", 0)
    yield Row("TLS contexts made by calls", f"{measured['calls']} calls", measured["tls_contexts"], "", 0)


def _columns(measured: dict[str, Any]) -> Iterator[Row]:
    several = f"{measured['columns']} deployments"
    seconds = f"{measured['together_seconds']:.2f} s; one alone {measured['alone_seconds']:.2f}"
    yield Row(f"{several} compared, to one asked alone", seconds, measured["to_one"], "x", 1.1)
    yield Row(f"{several} compared, to the longest answer among them", "", measured["to_the_longest"], "x", 1.05)


def _sessions(measured: dict[str, Any]) -> Iterator[Row]:
    ours, theirs = (measured["medians"][name] for name in ("Keyless", "tutorial"))
    for size in ours:

        def against_tutorial(what: str, measure: str, most: float | None = None, size: str = size) -> Row:
            mine, other = ours[size][measure], theirs[size][measure]
            return Row(
                f"{size} sessions: {what}, to the tutorial's",
                f"{mine:.0f} ms; tutorial {other:.0f}",
                mine / other,
                "x",
                most,
            )

        yield against_tutorial("server CPU of 1000 tokens", "server_cpu", 0.4)
        yield against_tutorial("added TTFT p50", "added_ttft_p50")
        yield against_tutorial("added TTFT p95", "added_ttft_p95")
        yield against_tutorial("completion lag p95", "completion_lag_p95")
    idle = {name: held / 1e6 for name, held in measured["idle_bytes"].items()}
    yield Row("memory of an idle session", f"tutorial {idle['tutorial']:.2f} MB", idle["Keyless"], "MB", 0.5)


ROWS: Final = {
    "answers": _answers,
    "bytes": _bytes,
    "columns": _columns,
    "sessions": _sessions,
    "starts": _starts,
    "tokens": _tokens,
}
