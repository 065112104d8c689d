"""Demo mode: what the emulator plays in place of Entra, the managed identity and the resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.deployments.catalogue import Catalogue, read_catalogue
from core.emulator.directory import AUTHORITY_HOST, CLIENT_ID, TENANT_ID
from core.identity.authority import Authority
from core.identity.played_identity import played_managed_identity

if TYPE_CHECKING:
    from core.emulator.emulator import Emulator
    from core.identity.credential_chain import Member
    from core.settings import Settings


def played_settings(settings: Settings) -> Settings:
    """The settings with the emulator's tenant, application, authority and managed identity."""
    return replace(
        settings,
        app_identity=True,
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        authority_host=AUTHORITY_HOST,
        instance_discovery=False,
    )


def app_members(origin: str, emulator: Emulator | None) -> list[Member] | None:
    """The credentials of the app's own identity; None without an emulator: whatever this computer has."""
    if emulator is None:
        return None
    return [played_managed_identity(f"{origin}/emulator/identity/token", emulator.identity_header)]


def authority_of(settings: Settings, origin: str, emulator: Emulator | None) -> Authority:
    """Whom people sign in with: Entra, or the emulator at ``origin``."""
    return Authority(
        tenant_id=settings.tenant_id,
        host=settings.authority_host,
        instance_discovery=settings.instance_discovery,
        rewrite_to=f"{origin}/emulator/entra" if emulator else None,
    )


def catalogue_of(settings: Settings, origin: str, emulator: Emulator | None) -> Catalogue:
    """The deployments that can be called: those of the settings, or the emulator's.

    Raises:
        SettingsError: The catalogue cannot be used.
    """
    data = emulator.catalogue(f"{origin}/emulator") if emulator else None
    return read_catalogue(settings, data=data, on_loopback=settings.on_loopback)
