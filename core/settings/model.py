"""What the process runs with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.loopback import is_loopback
from core.settings.brand import Brand

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from core.clouds import Cloud


class SignInMode(StrEnum):
    """Who may open the app: people through Entra, or whoever has this laptop's one-time link."""

    ENTRA = "entra"
    LOCAL = "local"


class CallsAs(StrEnum):
    """Whose token calls a deployment: the signed-in person's, or the app's own."""

    USER = "user"
    APP = "app"


@dataclass(frozen=True, slots=True)
class SeedEndpoint:
    """One deployment named by ``AZURE_OPENAI_*`` alone; with an ``api_version`` the dated API is spoken."""

    url: str
    deployment: str
    api_version: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process runs with. Secrets are ``SecretStr``: they do not print.

    ``public_url`` is an origin without a slash at its end, or None on loopback, where the bound port tells.
    ``authority_host`` is ``host`` or ``host:port``; ``client_assertion_identity`` is ``system`` or the client id
    of a user-assigned managed identity; ``sealing_keys`` are base64 of 32 bytes each, the first seals.
    ``device_code`` lets the app's own identity be a person who enters a code; ``app_identity`` lets people choose the
    app's own identity beside theirs, those who have the app role ``app_identity_role``, or everybody when it is "".
    ``brand_name`` and ``brand_logo`` (a picture that can be opened) stand where taglines are shown to others.
    """

    demo: bool
    sign_in: SignInMode
    calls_as: CallsAs
    public_url: str | None
    tenant_id: str
    client_id: str
    client_secret: SecretStr | None
    client_certificate: Path | None
    client_assertion_identity: str | None
    cloud: Cloud
    authority_host: str
    instance_discovery: bool
    scope: str
    allowed_endpoint_hosts: tuple[str, ...]
    database_url: SecretStr
    sealing_keys: tuple[SecretStr, ...]
    catalogue_path: Path | None
    seed_endpoint: SeedEndpoint | None
    demo_upstream: str | None
    data_folder: Path
    bind_address: str
    device_code: bool
    app_identity: bool
    app_identity_role: str
    brand_name: str
    brand_logo: Path | None

    @property
    def brand(self) -> Brand:
        """The brand's name and picture together."""
        return Brand(self.brand_name, self.brand_logo)

    @property
    def on_loopback(self) -> bool:
        """Whether only this computer can reach the app: bind address and public URL are both loopback."""
        public = self.public_url is None or is_loopback(urlsplit(self.public_url).hostname or "")
        return public and is_loopback(self.bind_address)
