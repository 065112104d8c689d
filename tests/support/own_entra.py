"""The emulator as an Entra of one's own over https, its resources on loopback, and a catalogue that names them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.emulator.directory import CLIENT_ID, TENANT_ID
from tests.support.canaries import Canaries, Overheard
from tests.support.identity import entra_over_https
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from core.emulator.emulator import Emulator


@dataclass(frozen=True)
class OwnEntra:
    """Where it all is.

    Attributes:
        emulator: Plays everything.
        folder: Holds the certificate and the catalogue.
        host: ``host:port`` of the authority.
        resources_url: Where its other parts are, resources and managed identity.
        canaries: Every secret that went through the authority.
    """

    emulator: Emulator
    folder: Path
    host: str
    resources_url: str
    canaries: Canaries

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed the authority's own."""
        return self.folder / "ca.pem"

    @property
    def authority(self) -> dict[str, str]:
        """Variables that lead the app to this Entra."""
        return {
            "KEYLESS_AUTHORITY_HOST": self.host,
            "KEYLESS_INSTANCE_DISCOVERY": "false",
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    @property
    def web_app(self) -> dict[str, str]:
        """Variables with which people of this tenant sign in and call its deployments."""
        catalogue = self.folder / "deployments.toml"
        catalogue.write_text(as_toml(self.emulator.catalogue(self.resources_url)), encoding="utf-8")
        return {
            **self.authority,
            "KEYLESS_TENANT_ID": TENANT_ID,
            "KEYLESS_CLIENT_ID": CLIENT_ID,
            "KEYLESS_CATALOGUE": str(catalogue),
        }


@contextlib.contextmanager
def own_entra(emulator: Emulator, folder: Path) -> Iterator[OwnEntra]:
    """Serve ``emulator`` so until the block ends; certificate and catalogue are kept in ``folder``."""
    canaries = Canaries()
    with (
        entra_over_https(emulator, folder / "ca.pem", [Middleware(Overheard, canaries=canaries)]) as host,
        serving(Starlette(routes=emulator.routes("/emulator"))) as base_url,
    ):
        yield OwnEntra(emulator, folder, host, f"{base_url}/emulator", canaries)


def as_toml(catalogue: Mapping[str, Any]) -> str:
    """A catalogue in the shape of the deployments file, as that file."""
    lines: list[str] = []
    for endpoint in catalogue["endpoint"]:
        lines += ["[[endpoint]]", *_pairs(endpoint)]
        for deployment in endpoint["deployment"]:
            lines += ["[[endpoint.deployment]]", *_pairs(deployment)]
    return "\n".join(lines)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in table.items() if name != "deployment"]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(_pairs(value)) + " }"
    # Texts and lists of texts are written alike in JSON and TOML.
    return json.dumps(value, ensure_ascii=False)
