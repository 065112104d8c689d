"""What the README promises is what the code does."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import tomllib
from pathlib import Path
from typing import Final

import pytest

from core import errors
from core.deployments.given_catalogue import GivenDeployment, GivenEndpoint
from core.settings.given import GivenSettings
from core.settings.reading import KEY_LIKE
from tests.support.app_process import start_commands

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
CI: Final = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
SEED_VARIABLES: Final = {"AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT", "OPENAI_API_VERSION"}


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    return README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """The first column of the first table."""
    table = re.search(r"^\|.*\|\n\|[-| ]+\|\n((?:\|.*\|\n?)+)", text, re.MULTILINE)
    assert table, "there is no table"
    return [row.split("|")[1].strip() for row in table[1].splitlines()]


def code_blocks(text: str) -> list[str]:
    return re.findall(r"```(?:sh|toml)\n(.*?)```", text, re.DOTALL)


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    rows = [row.strip("`") for row in first_column(section("Settings"))]
    assert len(rows) == len(set(rows))
    assert set(rows) == {f"KEYLESS_{field.upper()}" for field in GivenSettings.model_fields} | SEED_VARIABLES


def test_the_variables_that_the_readme_says_are_refused_are_refused() -> None:
    paragraph = section("Settings").partition("**No key is accepted.**")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([A-Z_]+)`", paragraph))
    assert len(named) > 5
    assert named <= set(KEY_LIKE)


def test_the_pages_table_names_every_page_with_its_address() -> None:
    script = ast.parse((ROOT / "pages" / "navigation.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(script) if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page"]
    given = [{word.arg: ast.literal_eval(word.value) for word in call.keywords} for call in calls]
    pages = {f"{page['title']} (`/{page.get('url_path', '')}`)" for page in given}
    assert pages
    assert set(first_column(section("What people see"))) == pages


def test_the_first_command_starts_the_app_as_the_tests_do() -> None:
    first, *_ = code_blocks(section("Run it"))
    make, install, start = (shlex.split(part) for part in first.split("&&"))
    assert make == ["python3", "-m", "venv", ".venv"]
    assert install == [".venv/bin/pip", "install", "-r", "requirements.txt"]
    assert start[0] == ".venv/bin/streamlit"
    assert ["streamlit", *start[1:]] == start_commands()["streamlit run"][2:]
    for line in (shlex.join(make), "-r requirements.txt"):
        assert line in CI


def test_the_second_command_is_the_one_that_ci_runs_last() -> None:
    _, second, *_ = code_blocks(section("Run it"))
    assert second.strip() == CI.strip().splitlines()[-1]


def test_the_other_start_commands_are_the_ones_that_are_tested() -> None:
    for command, (_, *arguments) in start_commands().items():
        if command != "streamlit run":
            words = arguments[1:] if arguments[0] == "-m" else ["python", *arguments]
            assert f"`.venv/bin/{' '.join(words)}`" in README


def test_everything_pinned_has_an_exact_version() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert any(pin.startswith("pytest==") for pin in pins)
    assert [pin for pin in pins if not re.match(r"[\w.\[\]-]+==[\w.]+(;.*)?$", pin)] == []


def test_the_catalogue_shown_is_one_and_shows_every_key() -> None:
    example = code_blocks(section("The catalogue: which deployments there are"))[0]
    shown = re.sub(r"^# (\w+ = )", r"\1", example, flags=re.MULTILINE)
    (endpoint,) = tomllib.loads(shown)["endpoint"]
    (deployment,) = endpoint["deployment"]
    assert set(endpoint) == set(GivenEndpoint.model_fields)
    assert set(deployment) == set(GivenDeployment.model_fields)


def test_the_rooms_table_names_every_room_of_core() -> None:
    rooms = {f"core/{room.name}" for room in (ROOT / "core").iterdir() if (room / "__init__.py").is_file()}
    rows = {row.strip("`") for row in first_column(section("How it is built"))}
    assert rooms <= rows
    assert all((ROOT / row).exists() for row in rows)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:core|pages|tests|\.ci|\.streamlit)/[\w./-]*)`", README)))
)
def test_every_path_that_the_readme_names_is_there(path: str) -> None:
    people_write_it = {".streamlit/keyless.toml", ".streamlit/deployments.toml"}
    assert path in people_write_it or (ROOT / path).exists()


def test_the_tree_of_errors_in_its_docstring_is_the_tree_of_classes() -> None:
    told: dict[str, str] = {}
    above: list[str] = []
    for line in str(errors.__doc__).splitlines():
        entry = re.match(r"(?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:  |$| [a-zA-Z]*)", line)
        if entry is None or not (entry["lead"] or line == "KeylessError"):
            continue
        depth = len(entry["lead"]) // 4
        above[depth:] = [entry["name"]]
        told[entry["name"]] = above[depth - 1] if depth else "Exception"
    classes = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, Exception)]
    assert told == {found.__name__: found.__base__.__name__ for found in classes if found.__base__}
    assert all(found.__doc__ for found in classes)
