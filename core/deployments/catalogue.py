"""Which deployments people may choose: read once from a TOML file, with all its problems told together."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

from core.deployments.deployment import Api, Deployment, Endpoint, Kind, Operation, Prices
from core.deployments.given_catalogue import combine
from core.errors import NotFound, SettingsError, SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from core.settings import SeedEndpoint, Settings

__all__ = ["Api", "Catalogue", "Deployment", "Endpoint", "Kind", "Operation", "Prices", "read_catalogue"]


class Catalogue:
    """All deployments, in the order in which they are offered."""

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self._by_id: Final = {deployment.id: deployment for deployment in deployments}

    def __iter__(self) -> Iterator[Deployment]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint that has a deployment, once."""
        return tuple(dict.fromkeys(deployment.endpoint for deployment in self))

    def find(self, deployment_id: str) -> Deployment:
        """The deployment with this id.

        Raises:
            NotFound: The catalogue has none.
        """
        try:
            return self._by_id[deployment_id]
        except KeyError:
            raise NotFound("This deployment is not in the catalogue.", "Choose another one from the list.") from None


def read_catalogue(settings: Settings, *, data: Mapping[str, Any] | None = None, on_loopback: bool) -> Catalogue:
    """Read the catalogue file and the endpoint that ``AZURE_OPENAI_*`` names.

    Args:
        settings: Say where the file is, in which cloud, and which other hosts are allowed.
        data: The file's content instead of the file, as demo mode has it.
        on_loopback: Whether the app is on loopback; only then endpoints may be loopback over plain http.

    Raises:
        SettingsError: naming every problem of the catalogue, each with its remedy.
    """
    problems: list[SettingsProblem] = []
    source = "the catalogue" if settings.catalogue_path is None else settings.catalogue_path.name
    if data is None:
        data = _from_file(settings.catalogue_path, problems) if settings.catalogue_path else {}
        if settings.seed_endpoint:
            seed = _seed(settings.seed_endpoint)
            data = {**data, "endpoint": [*_listed(data), seed]}
    deployments = combine(data, settings, source=source, on_loopback=on_loopback, problems=problems)
    if not deployments and not problems:
        problems.append(
            SettingsProblem(
                source,
                "names no deployment: there is nothing to call.",
                "Add an [[endpoint]] with an [[endpoint.deployment]] (the README shows one).",
            )
        )
    if problems:
        raise SettingsError(problems)
    return Catalogue(deployments)


def _from_file(path: Path, problems: list[SettingsProblem]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problems.append(
            SettingsProblem(path.name, f"cannot be read: {error.strerror}.", "Correct KEYLESS_CATALOGUE.")
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(SettingsProblem(path.name, f"is not TOML: {error}.", "Correct the file at this place."))
    return {}


def _listed(data: Mapping[str, Any]) -> list[Any]:
    endpoints = data.get("endpoint", [])
    return endpoints if isinstance(endpoints, list) else [endpoints]


def _seed(seed: SeedEndpoint) -> dict[str, Any]:
    """The seed's one endpoint in the shape of the file."""
    entry: dict[str, Any] = {
        "name": "azure-openai",
        "url": seed.url,
        "deployment": [{"name": seed.deployment}],
    }
    if seed.api_version:
        entry |= {"api": "dated", "api_version": seed.api_version}
    return entry
