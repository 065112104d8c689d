from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from hypothesis import given
from hypothesis import strategies as st

from core.deployments.as_code import Language, as_code, quoted
from core.deployments.deployment import Deployment, Operation
from core.deployments.lessons import Lessons
from core.deployments.parameters import Call, Message, Parameters
from tests.support.openai_calls import BALANCED, LEGACY, RESPONSES_ONLY, access_token
from tests.unit.deployments.asking import PROMPT, deployment_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.deployments.catalogue import Catalogue
    from core.emulator.emulator import Emulator

URL = "https://contoso.openai.azure.com"
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("\"'\\$`{}\n\r\t\x00\x85\u2028\u202e\U000e0041\nJSON\n")
)
WRITTEN = re.compile(r"\\U([0-9a-f]{8})")
SET = Parameters(temperature=0.5, max_output_tokens=50)


def call_of(deployment: Deployment, prompt: str = PROMPT, system: str = "") -> Call:
    return Call(deployment, system, (Message("user", prompt),), SET)


def code(language: Language, *operations: Operation, prompt: str = PROMPT, api_version: str | None = None) -> str:
    deployment = deployment_at(URL, *operations, api_version=api_version)
    return as_code(call_of(deployment, prompt, "Be brief."), Lessons(), language)


def python_body(program: str) -> dict[str, Any]:
    """What the program passes to ``create``."""
    calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
    create = next(one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "create")
    return {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in create.keywords}


@given(TEXTS)
def test_the_prompt_in_python_is_the_prompt(prompt: str) -> None:
    program = code(Language.PYTHON, Operation.CHAT, prompt=f"{prompt}.")
    assert python_body(program) == {
        "model": "gpt-lab",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{prompt}."}],
        "temperature": 0.5,
        "max_completion_tokens": 50,
    }


@given(TEXTS)
def test_the_prompt_in_csharp_is_the_prompt(prompt: str) -> None:
    as_json = WRITTEN.sub(lambda it: json.dumps(chr(int(it[1], 16)))[1:-1], quoted(prompt))
    assert json.loads(as_json) == prompt
    assert quoted(f"{prompt}.") in code(Language.CSHARP, Operation.CHAT, prompt=f"{prompt}.")


@given(TEXTS)
def test_a_literal_shows_all_that_it_holds_on_one_line(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\U000e0041]", quoted(text))


@given(TEXTS)
def test_the_prompt_for_curl_is_the_prompt(prompt: str) -> None:
    program = code(Language.CURL, Operation.RESPONSES, prompt=f"{prompt}.")
    _, _, rest = program.partition("<<'JSON'\n")
    lines = rest.split("\n")
    body = "\n".join(lines[: lines.index("JSON")])
    assert json.loads(body)["input"][0]["content"] == f"{prompt}."


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("api_version", [None, "2024-10-21"])
def test_no_program_holds_a_token_or_a_key(language: Language, operation: Operation, api_version: str | None) -> None:
    program = code(language, operation, api_version=api_version)
    assert "eyJ" not in program
    assert not re.search("api-key|AzureKeyCredential|ApiKeyCredential", program)
    assert "cognitiveservices.azure.com/.default" in program


@pytest.mark.parametrize(
    ("operation", "api_version", "url"),
    [
        (Operation.CHAT, None, f"{URL}/openai/v1/chat/completions"),
        (Operation.RESPONSES, None, f"{URL}/openai/v1/responses"),
        (Operation.CHAT, "2024-10-21", f"{URL}/openai/deployments/gpt-lab/chat/completions?api-version=2024-10-21"),
        (Operation.RESPONSES, "2025-04-01-preview", f"{URL}/openai/responses?api-version=2025-04-01-preview"),
        (Operation.COMPLETIONS, "2024-10-21", f"{URL}/openai/deployments/gpt-lab/completions?api-version=2024-10-21"),
    ],
)
def test_plain_http_goes_where_the_app_goes(operation: Operation, api_version: str | None, url: str) -> None:
    assert url in code(Language.CURL, operation, api_version=api_version)
    if (operation, api_version) != (Operation.CHAT, None):
        assert url in code(Language.CSHARP, operation, api_version=api_version)


def test_csharp_uses_the_official_client_for_chat_on_the_v1_api() -> None:
    program = code(Language.CSHARP, Operation.CHAT)
    for part in (
        'new BearerTokenPolicy(new DefaultAzureCredential(), "https://cognitiveservices.azure.com/.default")',
        f'new Uri("{URL}/openai/v1/")',
        'new ChatClient("gpt-lab", token, options)',
        '["max_completion_tokens"] = 50',
        '["messages"] = new object[] { new Dictionary<string, object> { ["role"] = "system",',
    ):
        assert part in program


@pytest.mark.parametrize("language", [Language.PYTHON, Language.CSHARP])
def test_another_cloud_signs_in_where_its_people_are(language: Language) -> None:
    here = deployment_at("https://contoso.openai.azure.us")
    assert "login.microsoftonline.us" in as_code(call_of(here), Lessons(), language)


def test_a_resource_of_another_directory_says_where_to_sign_in() -> None:
    here = deployment_at(URL)
    there = replace(here, endpoint=replace(here.endpoint, tenant="fabrikam.example"))
    for language in Language:
        assert "az login --tenant fabrikam.example" in as_code(call_of(there), Lessons(), language)
        hostile = replace(here, endpoint=replace(here.endpoint, tenant="x\nrm -rf /"))
        assert "rm -rf" not in as_code(call_of(hostile), Lessons(), language)


@pytest.fixture
def ask(catalogue: Catalogue) -> Callable[[str, Language], str]:
    """The program for a deployment of the emulator."""

    def program(name: str, language: Language) -> str:
        deployment = next(one for one in catalogue if one.name == name)
        return as_code(call_of(deployment), Lessons(), language)

    return program


@pytest.mark.parametrize("name", [BALANCED, RESPONSES_ONLY, LEGACY])
def test_the_python_program_runs_and_prints_the_answer(
    name: str,
    ask: Callable[[str, Language], str],
    shared_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Fake:
        def get_token(self, *scopes: str, **_more: object) -> AccessToken:
            assert scopes == ("https://cognitiveservices.azure.com/.default",)
            return AccessToken(access_token(shared_emulator), 2**40)

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Fake)
    printed = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(printed):
        exec(compile(ask(name, Language.PYTHON), "program", "exec"), names)  # noqa: S102 - it is what is tested
    names["client"].close()
    assert len(printed.getvalue().strip()) > 10


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", [BALANCED, RESPONSES_ONLY, LEGACY])
def test_the_program_for_curl_runs_and_prints_the_answer(
    name: str, ask: Callable[[str, Language], str], shared_emulator: Emulator
) -> None:
    az = f"az() {{ echo {access_token(shared_emulator)}; }}\n"
    done = subprocess.run(
        ["bash", "-eu"],  # noqa: S607 - the shell that people have
        input=az + ask(name, Language.CURL),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["model"]
