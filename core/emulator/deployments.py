"""The simulated deployments of both resources, each with a temperament of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from core.emulator.directory import FABRIKAM, FOUNDRY, FURTHER_RESOURCES, Directory

Operation = Literal["responses", "chat", "completions"]
Style = Literal["balanced", "brisk", "lavish", "thoughtful", "technical", "plain", "warm", "poetic"]

SCOPE = "https://cognitiveservices.azure.com/.default"
PROJECT_SCOPE = "https://ai.azure.com/.default"
PROJECT = "/api/projects/taglines"
DATED_API_VERSION = "2024-10-21"


@dataclass(frozen=True)
class Deployment:
    """One simulated deployment.

    Attributes:
        name: What callers put into ``model`` or the path.
        label: What people read.
        model: The base model it claims to be, as answers name it.
        resource: Name of the resource that holds it.
        operations: The operations it takes, preferred one first.
        input_price: USD per million tokens read.
        output_price: USD per million tokens written.
        first_token_seconds: Time to the first token at pace 1.
        tokens_per_second: Speed after it at pace 1.
        style: The manner of the writer.
        ideas: How many lines it offers where a prompt leaves the number open.
        is_reasoning: Refuses sampling parameters and spends hidden tokens.
        is_busy: Refuses about every other call with 429.
        requests_per_minute: Quota.
        tokens_per_minute: Quota.
    """

    name: str
    label: str
    model: str
    resource: str
    operations: tuple[Operation, ...]
    input_price: str
    output_price: str
    first_token_seconds: float
    tokens_per_second: float
    style: Style
    ideas: int = 1
    is_reasoning: bool = False
    is_busy: bool = False
    requests_per_minute: int = 6_000
    tokens_per_minute: int = 6_000_000


SWEDEN, EAST_US = "contoso-sweden", "contoso-eastus"

DEPLOYMENTS: tuple[Deployment, ...] = (
    Deployment(
        "gpt-5-2-sweden",
        "GPT-5.2 (Sweden)",
        "gpt-5.2-chat-2026-02-10",
        SWEDEN,
        ("responses", "chat"),
        "1.25",
        "10.00",
        first_token_seconds=0.35,
        tokens_per_second=60,
        style="balanced",
    ),
    Deployment(
        "gpt-5-2-mini-sweden",
        "GPT-5.2 mini (Sweden, fast)",
        "gpt-5.2-mini-2026-02-10",
        SWEDEN,
        ("responses", "chat"),
        "0.25",
        "2.00",
        first_token_seconds=0.15,
        tokens_per_second=120,
        style="brisk",
    ),
    Deployment(
        "o4-reasoning-sweden",
        "o4 (Sweden, thinks first)",
        "o4-2025-11-20",
        SWEDEN,
        ("responses", "chat"),
        "2.00",
        "8.00",
        first_token_seconds=0.9,
        tokens_per_second=45,
        style="thoughtful",
        is_reasoning=True,
    ),
    Deployment(
        "gpt-5-2-codex-sweden",
        "GPT-5.2 Codex (Sweden, Responses only)",
        "gpt-5.2-codex-2026-03-05",
        SWEDEN,
        ("responses",),
        "1.25",
        "10.00",
        first_token_seconds=0.5,
        tokens_per_second=80,
        style="technical",
    ),
    Deployment(
        "gpt-4-1-eastus",
        "GPT-4.1 (East US 2, detailed)",
        "gpt-4.1-2025-04-14",
        EAST_US,
        ("chat",),
        "2.00",
        "8.00",
        first_token_seconds=0.6,
        tokens_per_second=70,
        style="lavish",
        ideas=3,
    ),
    Deployment(
        "gpt-35-instruct-eastus",
        "GPT-3.5 Instruct (East US 2, completions)",
        "gpt-3.5-turbo-instruct-0914",
        EAST_US,
        ("completions",),
        "1.50",
        "2.00",
        first_token_seconds=0.25,
        tokens_per_second=90,
        style="plain",
    ),
    Deployment(
        "gpt-4o-busy-eastus",
        "GPT-4o (East US 2, often busy)",
        "gpt-4o-2024-11-20",
        EAST_US,
        ("chat",),
        "2.50",
        "10.00",
        first_token_seconds=0.45,
        tokens_per_second=50,
        style="warm",
        is_busy=True,
    ),
    Deployment(
        "mistral-poetic-eastus",
        "Mistral Large (East US 2, poetic, two languages)",
        "mistral-large-2507",
        EAST_US,
        ("chat",),
        "2.00",
        "6.00",
        first_token_seconds=0.75,
        tokens_per_second=25,
        style="poetic",
    ),
)


FURTHER: tuple[Deployment, ...] = (
    replace(DEPLOYMENTS[0], name="gpt-5-2-foundry", label="GPT-5.2 (a Foundry project)", resource=FOUNDRY.name),
    replace(DEPLOYMENTS[0], name="gpt-5-2-fabrikam", label="GPT-5.2 (Fabrikam)", resource=FABRIKAM.name),
)
"""Deployments that the catalogue of the demo leaves out: in a project, and in another directory."""


def deployment_of(resource: str, name: str) -> Deployment | None:
    """Find a deployment by its exact name on one resource."""
    return next((d for d in (*DEPLOYMENTS, *FURTHER) if d.resource == resource and d.name == name), None)


def catalogue(base_url: str, directory: Directory, *, further: bool = False) -> dict[str, Any]:
    """Describe both resources and their deployments in the shape of the deployments TOML file.

    Args:
        base_url: Address under which the emulator's routes are mounted, their prefix included.
        directory: Holds the resources, with region and ARM id.
        further: Whether the Foundry project and the resource of the other tenant stand in it too.

    Returns:
        ``{"endpoint": [{"name", "url", "kind", "api", "region", "resource_id", "tenant", "scope", "deployment":
        [{"name", "label", "model", "operations", "prices", "parameters"}]}]}``; prices in USD per million tokens, as
        text. One resource speaks the v1 API, the other one the dated API and names its ``api_version``.
    """
    endpoints = []
    for resource in (*directory.resources, *(FURTHER_RESOURCES if further else ())):
        is_project = resource.kind == "foundry"
        api = {"api": "v1"} if resource.name != EAST_US else {"api": "dated", "api_version": DATED_API_VERSION}
        endpoints.append(
            {
                "name": resource.name,
                "url": f"{base_url.rstrip('/')}/resources/{resource.name}{PROJECT if is_project else ''}",
                "kind": resource.kind,
                **api,
                "region": resource.region_name,
                "resource_id": resource.resource_id,
                "tenant": resource.tenant_id,
                "scope": PROJECT_SCOPE if is_project else SCOPE,
                "deployment": [_entry(d) for d in (*DEPLOYMENTS, *FURTHER) if d.resource == resource.name],
            },
        )
    return {"endpoint": endpoints}


def _entry(deployment: Deployment) -> dict[str, Any]:
    return {
        "name": deployment.name,
        "label": deployment.label,
        "model": deployment.model,
        "operations": list(deployment.operations),
        "prices": {"input": deployment.input_price, "output": deployment.output_price},
        "parameters": ["max_output_tokens", "reasoning_effort"]
        if deployment.is_reasoning
        else ["temperature", "top_p", "max_output_tokens"],
    }


def base_models() -> dict[str, Any]:
    """List base models as ``/openai/v1/models`` does: what could be deployed, never what is deployed."""
    names = sorted({deployment.model for deployment in DEPLOYMENTS})
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": 1_750_000_000, "owned_by": "azure"} for name in names],
    }
