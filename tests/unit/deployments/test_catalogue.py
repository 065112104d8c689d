from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from core.deployments.catalogue import Catalogue, Operation, read_catalogue
from core.deployments.lessons import Lessons
from core.deployments.request_body import fitting
from core.emulator.emulator import Emulator
from core.errors import NotFound, SettingsError, SettingsProblem
from core.settings import SeedEndpoint, Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path

RESOURCE_ID = (
    "/subscriptions/3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7/resourceGroups/g"
    "/providers/Microsoft.CognitiveServices/accounts/contoso-sweden"
)
FULL = """
[[endpoint]]
name = "contoso-sweden"
url = "https://contoso-sweden.openai.azure.com/openai/v1/"
region = "swedencentral"
resource_id = "RESOURCE_ID"

[[endpoint.deployment]]
name = "gpt-5-2"
label = "GPT-5.2 (Sweden)"
model = "gpt-5.2"
operations = ["responses", "chat"]
prices = { input = "1.25", output = 10 }

[[endpoint.deployment]]
name = "codex"
operations = "responses"
prices = { input = 0.1, output = 0.3 }

[[endpoint]]
name = "project"
url = "https://contoso.services.ai.azure.com/api/projects/taglines"

[[endpoint.deployment]]
name = "mistral"

[[endpoint]]
name = "old"
url = "https://contoso-old.openai.azure.com"
api = "dated"
api_version = "2022-12-01"
scope = "https://cognitiveservices.azure.com/.default"
tenant = "7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047"

[[endpoint.deployment]]
name = "davinci"
""".replace("RESOURCE_ID", RESOURCE_ID)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = read_settings({}, tmp_path)
    return replace(settings, demo=False, tenant_id="a-tenant", catalogue_path=tmp_path / "deployments.toml")


def write(settings: Settings, text: str) -> None:
    assert settings.catalogue_path is not None
    settings.catalogue_path.write_text(text, encoding="utf-8")


def problems(
    settings: Settings, text: str | None = None, *, data: dict[str, Any] | None = None, on_loopback: bool = True
) -> dict[str, SettingsProblem]:
    if text is not None:
        write(settings, text)
    with pytest.raises(SettingsError) as refused:
        read_catalogue(settings, data=data, on_loopback=on_loopback)
    return {problem.name: problem for problem in refused.value.problems}


def test_the_file_becomes_the_catalogue(settings: Settings) -> None:
    write(settings, FULL)
    catalogue = read_catalogue(settings, on_loopback=False)

    ids = ["contoso-sweden/gpt-5-2", "contoso-sweden/codex", "project/mistral", "old/davinci"]
    assert [deployment.id for deployment in catalogue] == ids
    assert [endpoint.name for endpoint in catalogue.endpoints] == ["contoso-sweden", "project", "old"]
    gpt, codex, mistral, davinci = catalogue
    assert gpt.label == "GPT-5.2 (Sweden)"
    assert gpt.operations == (Operation.RESPONSES, Operation.CHAT)
    assert gpt.prices is not None
    assert (gpt.prices.input_usd, gpt.prices.output_usd) == (Decimal("1.25"), Decimal(10))
    assert gpt.endpoint.url == "https://contoso-sweden.openai.azure.com"
    assert (gpt.endpoint.api, gpt.endpoint.api_version, gpt.endpoint.kind) == ("v1", None, "azure-openai")
    assert gpt.endpoint.tenant == "a-tenant"
    assert gpt.endpoint.resource_id == RESOURCE_ID
    assert gpt.endpoint.scope == "https://cognitiveservices.azure.com/.default"
    assert codex.label == "codex"
    assert codex.operations == (Operation.RESPONSES,)
    assert codex.prices is not None
    assert codex.prices.input_usd == Decimal("0.1")
    assert mistral.prices is None
    assert (mistral.endpoint.kind, mistral.endpoint.scope) == ("foundry", "https://ai.azure.com/.default")
    assert mistral.operations == (Operation.RESPONSES, Operation.CHAT, Operation.COMPLETIONS)
    assert davinci.endpoint.tenant == "7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047"
    assert davinci.operations == (Operation.COMPLETIONS,), "that API version knows nothing else"


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "contoso.onmicrosoft.com", "7c1e9a52"])
def test_a_directory_is_named_by_its_id_and_by_nothing_else(settings: Settings, tenant: str) -> None:
    found = problems(settings, FULL.replace("7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047", tenant))
    problem = found["deployments.toml: endpoint old, tenant"]
    assert problem.what == "is not the id of one directory"
    assert "Directory (tenant) ID" in problem.remedy
    assert "common" in problem.remedy


def test_a_directory_s_id_in_capitals_is_the_same_directory(settings: Settings) -> None:
    write(settings, FULL.replace("7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047", "7C1E9A52-40B3-4D8E-9F6A-2B5D1C83E047"))
    tenants = {deployment.endpoint.tenant for deployment in read_catalogue(settings, on_loopback=False)}
    assert tenants == {"a-tenant", "7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047"}


def test_a_deployment_is_found_by_its_id_and_nothing_else(settings: Settings) -> None:
    write(settings, FULL)
    catalogue = read_catalogue(settings, on_loopback=False)
    assert catalogue.find("project/mistral").name == "mistral"
    for wrong in ("mistral", "project/", "", "project/mistral "):
        with pytest.raises(NotFound):
            catalogue.find(wrong)


def test_the_emulators_catalogue_is_one(settings: Settings) -> None:
    data = Emulator(pace=0).catalogue("http://localhost:8501/emulator")
    catalogue = read_catalogue(settings, data=data, on_loopback=True)
    assert len(catalogue) == 8
    assert {endpoint.url for endpoint in catalogue.endpoints} == {
        "http://localhost:8501/emulator/resources/contoso-sweden",
        "http://localhost:8501/emulator/resources/contoso-eastus",
    }
    assert {endpoint.api for endpoint in catalogue.endpoints} == {"v1", "dated"}


def test_loopback_endpoints_end_when_the_app_leaves_loopback(settings: Settings) -> None:
    data = Emulator(pace=0).catalogue("http://localhost:8501/emulator")
    found = problems(settings, data=data, on_loopback=False)
    assert len(found) == 2
    assert all("loopback" in problem.what for problem in found.values())


@pytest.mark.parametrize(
    ("api_version", "operations"),
    [
        (None, (Operation.RESPONSES, Operation.CHAT, Operation.COMPLETIONS)),
        ("2022-12-01", (Operation.COMPLETIONS,)),
        ("2023-03-15-preview", (Operation.CHAT, Operation.COMPLETIONS, Operation.RESPONSES)),
        ("2024-10-21", (Operation.CHAT, Operation.COMPLETIONS, Operation.RESPONSES)),
    ],
)
def test_one_endpoint_from_variables_needs_no_file(
    settings: Settings, api_version: str | None, operations: tuple[Operation, ...]
) -> None:
    seed = SeedEndpoint("https://Contoso.openai.azure.com/", "text-davinci-003", api_version)
    catalogue = read_catalogue(replace(settings, catalogue_path=None, seed_endpoint=seed), on_loopback=True)
    (deployment,) = catalogue
    assert deployment.id == "azure-openai/text-davinci-003"
    assert deployment.endpoint.url == "https://contoso.openai.azure.com"
    assert deployment.endpoint.api_version == api_version
    assert deployment.operations == operations


def test_the_variables_endpoint_joins_the_file(settings: Settings) -> None:
    write(settings, FULL)
    seed = SeedEndpoint("https://more.openai.azure.com", "gpt", None)
    catalogue = read_catalogue(replace(settings, seed_endpoint=seed), on_loopback=False)
    assert len(catalogue) == 5


def test_all_problems_are_told_at_once_each_with_its_place_and_remedy(settings: Settings) -> None:
    found = problems(
        settings,
        """
        title = "mine"
        [[endpoint]]
        name = "a b"
        url = "http://contoso.openai.azure.com"
        kind = "openai"
        regoin = "swedencentral"
        scope = "https://graph.microsoft.com"
        resource_id = "contoso"
        tenant = "my tenant"
        [[endpoint.deployment]]
        label = "no name"
        operations = ["chat", "embeddings"]
        prices = { input = -1, output = "cheap", cached = "1" }
        [[endpoint]]
        name = "empty"
        url = "https://contoso.openai.azure.us"
        api_version = "yesterday"
        """,
    )
    assert set(found) == {
        "deployments.toml: title",
        "deployments.toml: endpoint a b, name",
        "deployments.toml: endpoint a b, url",
        "deployments.toml: endpoint a b, kind",
        "deployments.toml: endpoint a b, regoin",
        "deployments.toml: endpoint a b, scope",
        "deployments.toml: endpoint a b, resource_id",
        "deployments.toml: endpoint a b, tenant",
        "deployments.toml: endpoint a b, deployment 1, name",
        "deployments.toml: endpoint a b, deployment 1, operations 2",
        "deployments.toml: endpoint a b, deployment 1, prices, input",
        "deployments.toml: endpoint a b, deployment 1, prices, output",
        "deployments.toml: endpoint a b, deployment 1, prices, cached",
        "deployments.toml: endpoint empty, url",
        "deployments.toml: endpoint empty, api_version",
        "deployments.toml: endpoint empty, deployment",
    }
    assert found["deployments.toml: endpoint a b, regoin"].remedy == "Did you mean region?"
    assert "usgovernment" in found["deployments.toml: endpoint empty, url"].what
    assert all(problem.what and problem.remedy for problem in found.values())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "deployments.toml"),
        ("this is not TOML", "deployments.toml"),
        ('endpoint = "contoso"', "deployments.toml: endpoint"),
        ("endpoint = [1]", "deployments.toml: endpoint 1"),
        ("[endpoint]\nname = 'x'", "deployments.toml: endpoint"),
    ],
)
def test_a_file_without_endpoints_is_a_problem_not_a_crash(settings: Settings, text: str, named: str) -> None:
    assert named in problems(settings, text)


def test_doubles_are_named(settings: Settings) -> None:
    double = FULL.replace('name = "project"', 'name = "Old"').replace('name = "codex"', 'name = "GPT-5-2"')
    assert set(problems(settings, double)) == {
        "deployments.toml: endpoint old",
        "deployments.toml: endpoint contoso-sweden, deployment gpt-5-2",
    }


def test_a_dated_api_wants_a_version_and_the_v1_api_none(settings: Settings) -> None:
    dated = FULL.replace('api_version = "2022-12-01"', "")
    assert set(problems(settings, dated)) == {"deployments.toml: endpoint old: api_version"}
    both = FULL.replace('api = "dated"', 'api = "v1"')
    assert set(problems(settings, both)) == {"deployments.toml: endpoint old: api_version"}


def test_a_missing_or_unreadable_file_is_named(settings: Settings, tmp_path: Path) -> None:
    assert set(problems(settings)) == {"deployments.toml"}
    (tmp_path / "deployments.toml").write_bytes(b"\xff\xfe\x00")
    assert set(problems(settings)) == {"deployments.toml"}


def test_a_catalogue_knows_its_size_and_keeps_its_order(settings: Settings) -> None:
    write(settings, FULL)
    catalogue = read_catalogue(settings, on_loopback=False)
    assert len(catalogue) == len(list(catalogue)) == 4
    assert len(Catalogue([])) == 0


def test_parameters_that_the_file_names_are_the_ones_offered(settings: Settings) -> None:
    write(
        settings,
        FULL.replace('operations = "responses"\n', 'operations = "responses"\nparameters = ["temperature"]\n'),
    )
    catalogue = read_catalogue(settings, on_loopback=False)
    assert fitting(catalogue.find("contoso-sweden/codex"), Lessons()) == ("temperature",)
    assert "temperature" in fitting(catalogue.find("project/mistral"), Lessons())


def test_a_parameter_that_does_not_exist_is_told_with_those_that_do(settings: Settings) -> None:
    told = problems(settings, FULL.replace('name = "codex"\n', 'name = "codex"\nparameters = ["top_k"]\n'))
    ((place, problem),) = told.items()
    assert "parameters" in place
    assert "top_k" in problem.what
    assert "max_output_tokens" in problem.remedy
