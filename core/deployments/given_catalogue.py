"""The catalogue as written: every entry judged, then put together."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.deployments.addresses import Address, AddressRefused, AddressRules
from core.deployments.deployment import Api, Deployment, Endpoint, Kind, Operation, Prices
from core.deployments.parameters import CONTROLS
from core.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.settings import Settings

PROJECT_SCOPE: Final = "https://ai.azure.com/.default"
FIRST_CHAT_API: Final = "2023-03-15"
"""Older dated APIs know legacy completions only (Azure OpenAI REST reference, API versions)."""

_ARM_ID: Final = re.compile(
    r"/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.CognitiveServices"
    r"/accounts/[\w.-]+(/projects/[\w.-]+)?",
    re.IGNORECASE,
)


def _name(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value.strip()):
        raise ValueError("may have letters, digits, dots, dashes and underscores only, 64 at most")
    return value


def _api_version(value: object) -> object:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", str(value)):
        raise ValueError("is not an API version such as 2024-10-21")
    return str(value)


def _resource_id(value: object) -> object:
    if value and not _ARM_ID.fullmatch(str(value).strip()):
        raise ValueError("is not the full id of a Cognitive Services account")
    return value


def _scope(value: object) -> object:
    if not re.fullmatch(r"(https|api)://[\w./-]+/\.default", str(value).strip()):
        raise ValueError("is not a scope such as https://cognitiveservices.azure.com/.default")
    return value


def _tenant(value: object) -> object:
    """Only the id is unique: a domain has several names for one directory, and ``common`` is none at all."""
    text = str(value).strip().lower()
    if text and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise ValueError("is not the id of one directory")
    return text


def _price(value: object) -> object:
    return str(value) if isinstance(value, float) else value


def _operations(value: object) -> object:
    return [] if value == "auto" else [value] if isinstance(value, str) else value


def _parameters(value: object) -> object:
    unknown = [one for one in value if one not in CONTROLS] if isinstance(value, list) else []
    if unknown:
        raise ValueError(f"names {', '.join(map(str, unknown))}, which no answer can be asked with")
    return value


Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), BeforeValidator(_price)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class GivenPrices(_Given):
    """USD per million tokens."""

    input: Price
    output: Price


class GivenDeployment(_Given):
    """``[[endpoint.deployment]]``; ``operations`` left out or ``auto``, and ``parameters`` left out, are learned."""

    name: Annotated[str, BeforeValidator(_name)]
    label: Annotated[str, Field(max_length=80)] = ""
    model: Annotated[str, Field(max_length=80)] = ""
    operations: Annotated[tuple[Operation, ...], BeforeValidator(_operations)] = ()
    prices: GivenPrices | None = None
    parameters: Annotated[tuple[str, ...], BeforeValidator(_parameters)] | None = None


class GivenEndpoint(_Given):
    """``[[endpoint]]``."""

    name: Annotated[str, BeforeValidator(_name)]
    url: str
    kind: Kind | None = None
    api: Api | None = None
    api_version: Annotated[str, BeforeValidator(_api_version)] | None = None
    tenant: Annotated[str, BeforeValidator(_tenant)] = ""
    scope: Annotated[str, BeforeValidator(_scope)] | None = None
    region: Annotated[str, Field(max_length=40)] = ""
    resource_id: Annotated[str, BeforeValidator(_resource_id)] = ""
    deployment: Annotated[list[GivenDeployment], Field(min_length=1)]


class GivenCatalogue(_Given):
    """The whole file."""

    endpoint: list[GivenEndpoint] = []


_REMEDIES: Final = {
    "url": "Copy the endpoint from Keys and Endpoint of the resource, such as https://NAME.openai.azure.com.",
    "kind": "Use azure-openai or foundry, or leave it out.",
    "api": "Use v1, or dated with an api_version.",
    "api_version": "Copy it from the resource's API reference, such as 2024-10-21.",
    "operations": "Use responses, chat, completions, or leave it out to let the app find out.",
    "prices": 'Write { input = "0.25", output = "2.00" }, in USD per million tokens.',
    "input": 'Write a price in USD per million tokens, such as "0.25".',
    "output": 'Write a price in USD per million tokens, such as "2.00".',
    "parameters": f"Use any of {', '.join(CONTROLS)}, or leave it out to let the app find out.",
    "resource_id": "Copy the Resource ID (/subscriptions/…/accounts/NAME) from the resource's Properties.",
    "tenant": "Copy the Directory (tenant) ID, not a domain, common, organizations or consumers. Or leave it out.",
    "scope": "Leave it out, or use https://cognitiveservices.azure.com/.default.",
    "deployment": "Add [[endpoint.deployment]] with the name of a deployment under this endpoint.",
    "endpoint": "Write each endpoint as [[endpoint]], with [[endpoint.deployment]] below it.",
    "name": "Copy it from the portal.",
}


def combine(
    data: Mapping[str, Any],
    settings: Settings,
    *,
    source: str,
    on_loopback: bool,
    problems: list[SettingsProblem],
) -> list[Deployment]:
    """The deployments of ``data``, which has the shape of the file; what is wrong is added to ``problems``."""
    rules = AddressRules(settings.cloud, settings.authority_host, settings.allowed_endpoint_hosts, on_loopback)
    problems += _addresses(data, rules, source)
    try:
        given = GivenCatalogue.model_validate(dict(data))
    except ValidationError as error:
        problems += [
            _problem(dict(one), data, source) for one in error.errors(include_url=False, include_input=False)
        ]
        return []
    problems += _doubles(given, source)
    if not problems:
        problems += _apis(given, rules, source)
    if problems:
        return []
    return [deployment for one in given.endpoint for deployment in _deployments(one, settings, rules)]


def _addresses(data: Mapping[str, Any], rules: AddressRules, source: str) -> Iterator[SettingsProblem]:
    """Addresses are judged also where the rest of the file is wrong: all problems are told at once."""
    endpoints = data.get("endpoint", [])
    for position, one in enumerate(endpoints if isinstance(endpoints, list) else []):
        if isinstance(one, dict) and isinstance(one.get("url"), str):
            try:
                rules.read(one["url"])
            except AddressRefused as refused:
                yield SettingsProblem(
                    _place(("endpoint", position, "url"), data, source), refused.what, refused.remedy
                )


def _doubles(given: GivenCatalogue, source: str) -> Iterator[SettingsProblem]:
    names = Counter(one.name.lower() for one in given.endpoint)
    for name in sorted(name for name, times in names.items() if times > 1):
        yield SettingsProblem(f"{source}: endpoint {name}", "is there twice.", "Give each endpoint its own name.")
    for one in given.endpoint:
        deployments = Counter(deployment.name.lower() for deployment in one.deployment)
        for name in sorted(name for name, times in deployments.items() if times > 1):
            yield SettingsProblem(
                f"{source}: endpoint {one.name}, deployment {name}", "is there twice.", "Remove one of the two."
            )


def _apis(given: GivenCatalogue, rules: AddressRules, source: str) -> Iterator[SettingsProblem]:
    for one in given.endpoint:
        place = f"{source}: endpoint {one.name}: api_version"
        if one.api == "v1" and one.api_version:
            yield SettingsProblem(place, "does not go with api = v1.", 'Remove it, or write api = "dated".')
        if one.api == "dated" and not (one.api_version or rules.read(one.url).api_version):
            yield SettingsProblem(place, "is missing: the dated API needs one.", _REMEDIES["api_version"])


def _deployments(given: GivenEndpoint, settings: Settings, rules: AddressRules) -> Iterator[Deployment]:
    address = rules.read(given.url)
    endpoint = _endpoint(given, address, settings)
    for one in given.deployment:
        prices = Prices(one.prices.input, one.prices.output) if one.prices else None
        operations = tuple(dict.fromkeys(one.operations)) or _operations_to_try(endpoint)
        label = one.label or one.name
        yield Deployment(one.name, label, one.model, operations, prices, endpoint, one.parameters)


def _endpoint(given: GivenEndpoint, address: Address, settings: Settings) -> Endpoint:
    api = given.api or ("dated" if given.api_version else "v1")
    return Endpoint(
        name=given.name,
        url=address.url,
        kind=given.kind or ("foundry" if address.is_foundry else "azure-openai"),
        api=api,
        api_version=(given.api_version or address.api_version) if api == "dated" else None,
        tenant=given.tenant or settings.tenant_id,
        scope=given.scope or (PROJECT_SCOPE if address.is_project else settings.scope),
        region=given.region,
        resource_id=given.resource_id,
    )


def _operations_to_try(endpoint: Endpoint) -> tuple[Operation, ...]:
    if endpoint.api_version is None:
        return tuple(Operation)
    if endpoint.api_version < FIRST_CHAT_API:
        return (Operation.COMPLETIONS,)
    return (Operation.CHAT, Operation.COMPLETIONS, Operation.RESPONSES)


def _problem(error: dict[str, Any], data: Mapping[str, Any], source: str) -> SettingsProblem:
    location = tuple(part for part in error["loc"] if part != "__root__")
    key = next((part for part in reversed(location) if isinstance(part, str)), "endpoint")
    place = _place(location, data, source)
    if error["type"] == "extra_forbidden":
        known = _known_keys(location)
        near = difflib.get_close_matches(key, known, n=1)
        remedy = f"Did you mean {near[0]}?" if near else f"Remove it; known are {', '.join(known)}."
        return SettingsProblem(place, "is not known.", remedy)
    what = {"missing": "is missing.", "too_short": "is missing."}.get(
        error["type"], str(error["msg"]).removeprefix("Value error, ")
    )
    return SettingsProblem(place, what, _REMEDIES.get(key, "The README says what it takes."))


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    if "prices" in location:
        return list(GivenPrices.model_fields)
    if "deployment" in location[:-1]:
        return list(GivenDeployment.model_fields)
    return list(GivenEndpoint.model_fields if "endpoint" in location[:-1] else GivenCatalogue.model_fields)


def _place(location: tuple[int | str, ...], data: object, source: str) -> str:
    """Say where in words: endpoints and deployments by their names, not by their positions."""
    words: list[str] = []
    for part in location:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            name = data.get("name") if isinstance(data, dict) else None
            if words:
                words[-1] += f" {name if isinstance(name, str) else part + 1}"
        else:
            data = data.get(part) if isinstance(data, dict) else None
            words.append(part)
    return f"{source}: {', '.join(words)}"
