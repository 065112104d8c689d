"""Which of azure-identity's credentials may speak for the app here, in which order, and with what patience.

A managed identity is asked only where something says that there is one: elsewhere its address is a black hole for
seconds or minutes. https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.errors import SettingsError, SettingsProblem
from core.identity.credential_failures import CLI, DEVICE_CODE, ENVIRONMENT, MANAGED, WORKLOAD
from core.identity.vendor_logs import hold_back_msal_logs
from core.identity.web_app_credential import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.identity.authority import EntraHttp
    from core.settings import Settings

_HOST_SIGNS: Final = ("IDENTITY_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
_WORKLOAD_VARIABLES: Final = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE")
_PRINCIPAL_VARIABLES: Final = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID")
_PRINCIPAL_PROOFS: Final = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH")

_WORD_VARIABLE: Final = "AZURE_TOKEN_CREDENTIALS"
_GROUPS: Final = {"dev": {CLI, DEVICE_CODE}, "prod": {WORKLOAD, MANAGED, ENVIRONMENT}}
# The words that azure-identity takes besides; they name credentials that are not in this chain.
_OTHER_NAMES: Final = frozenset(
    {
        "azuredeveloperclicredential",
        "azurepowershellcredential",
        "interactivebrowsercredential",
        "visualstudiocodecredential",
    }
)
_PATIENT: Final[dict[str, Any]] = {"connection_timeout": 2, "read_timeout": 5, "retry_total": 1}
_BRIEF: Final[dict[str, Any]] = {"connection_timeout": 0.5, "read_timeout": 1, "retry_total": 0}
_CLI_SECONDS: Final = 10
LONGEST_SECONDS: Final = 30.0
_UNANNOUNCED_SECONDS: Final = 1.5
_ANY_TENANT: Final = ["*"]
"""Tokens are asked for in the directories of the catalogue only."""


class Given(Protocol):
    """azure-core's access token: ``expires_on`` is in seconds since the epoch."""

    @property
    def token(self) -> str:
        """The bearer."""

    @property
    def expires_on(self) -> int:
        """When it ends."""


class Credential(Protocol):
    """What azure-identity's credentials have in common."""

    def get_token(self, *scopes: str, tenant_id: str = "", claims: str = "") -> Given:
        """A token for one scope; may block. ``tenant_id`` is another directory, ``claims`` a claims challenge."""

    def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True)
class Member:
    """One credential of the chain.

    Attributes:
        name: Its class in azure-identity.
        label: What people see.
        build: Makes it.
        left_out_because: "" when it takes part.
        seconds: How long it may take for a token, all in all.
    """

    name: str
    label: str
    build: Callable[[], Credential]
    left_out_because: str = ""
    seconds: float = LONGEST_SECONDS


def chain(environ: Mapping[str, str], settings: Settings, http: EntraHttp | None = None) -> list[Member]:
    """The chain: managed identity, then service principal, then Azure CLI; last a device code, where it is wanted.

    Raises:
        SettingsError: ``AZURE_TOKEN_CREDENTIALS`` holds an unknown word.
    """
    chosen = _chosen(environ)
    return [
        _unless_excluded(member, chosen)
        for member in (
            _workload(environ, settings),
            _managed(environ, settings, is_chosen=chosen is not None and MANAGED in chosen),
            _service_principal(environ, settings),
            _cli(settings),
            *([_device_code(settings, http)] if settings.device_code and http is not None else []),
        )
    ]


def _workload(environ: Mapping[str, str], settings: Settings) -> Member:
    def build() -> Credential:
        from azure.identity import WorkloadIdentityCredential

        hold_back_msal_logs()
        return WorkloadIdentityCredential(
            **_authority(environ, settings), **_PATIENT, additionally_allowed_tenants=_ANY_TENANT
        )

    missing = _missing(environ, _WORKLOAD_VARIABLES)
    return Member(WORKLOAD, "the app's workload identity", build, f"{missing} is not set" if missing else "")


def _managed(environ: Mapping[str, str], settings: Settings, *, is_chosen: bool) -> Member:
    has_sign = any(environ.get(name) for name in _HOST_SIGNS)

    def build() -> Credential:
        from azure.identity import ManagedIdentityCredential

        hold_back_msal_logs()
        patience = _PATIENT if has_sign else _BRIEF
        return ManagedIdentityCredential(client_id=_assigned_identity(environ, settings), **patience)

    is_announced = has_sign or is_chosen or settings.client_assertion_identity is not None
    left_out_because = "" if is_announced else "this host does not announce a managed identity"
    if is_announced and not _missing(environ, _WORKLOAD_VARIABLES) and not environ.get("IDENTITY_ENDPOINT"):
        # azure-identity would ask for it a second time, and of Microsoft's own authority.
        left_out_because = "here it is the workload identity"
    return Member(
        MANAGED,
        "the app's managed identity",
        build,
        left_out_because,
        LONGEST_SECONDS if has_sign else _UNANNOUNCED_SECONDS,
    )


def _service_principal(environ: Mapping[str, str], settings: Settings) -> Member:
    def build() -> Credential:
        from azure.identity import EnvironmentCredential

        hold_back_msal_logs()
        return EnvironmentCredential(
            **_authority(environ, settings), **_PATIENT, additionally_allowed_tenants=_ANY_TENANT
        )

    missing = "" if _names_a_principal(environ) else _missing(environ, _PRINCIPAL_VARIABLES) or _PRINCIPAL_PROOFS[0]
    return Member(ENVIRONMENT, "the app's service principal", build, f"{missing} is not set" if missing else "")


def _cli(settings: Settings) -> Member:
    def build() -> Credential:
        from azure.identity import AzureCliCredential

        return AzureCliCredential(
            tenant_id=settings.tenant_id, process_timeout=_CLI_SECONDS, additionally_allowed_tenants=_ANY_TENANT
        )

    return Member(CLI, "the Azure CLI's account", build)


def _device_code(settings: Settings, http: EntraHttp) -> Member:
    def build() -> Credential:
        from core.identity.device_code import DeviceCode

        return DeviceCode(settings, http.authority, http)

    return Member(DEVICE_CODE, "the account that signed in with a code", build)


def _assigned_identity(environ: Mapping[str, str], settings: Settings) -> str | None:
    """The client id of the user-assigned identity to ask for; None for the system-assigned one."""
    if settings.client_assertion_identity:
        return None if settings.client_assertion_identity == SYSTEM else settings.client_assertion_identity
    # With a secret beside it, AZURE_CLIENT_ID names a service principal instead.
    return None if _names_a_principal(environ) else environ.get("AZURE_CLIENT_ID") or None


def _names_a_principal(environ: Mapping[str, str]) -> bool:
    return not _missing(environ, _PRINCIPAL_VARIABLES) and any(environ.get(name) for name in _PRINCIPAL_PROOFS)


def _authority(environ: Mapping[str, str], settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {"disable_instance_discovery": not settings.instance_discovery}
    if not environ.get("AZURE_AUTHORITY_HOST"):
        options["authority"] = f"https://{settings.authority_host}"
    return options


def _missing(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if not environ.get(name)), "")


def _chosen(environ: Mapping[str, str]) -> set[str] | None:
    word = environ.get(_WORD_VARIABLE, "").strip().lower()
    if not word:
        return None
    if word in _GROUPS:
        return _GROUPS[word]
    names = {name.lower(): name for name in (WORKLOAD, MANAGED, ENVIRONMENT, CLI, DEVICE_CODE)}
    if word in names:
        return {names[word]}
    if word in _OTHER_NAMES:
        return set()
    problem = SettingsProblem(
        _WORD_VARIABLE, "holds an unknown word.", f"Use dev, prod, or one of {', '.join(names.values())}."
    )
    raise SettingsError([problem])


def _unless_excluded(member: Member, chosen: set[str] | None) -> Member:
    if chosen is None or member.name in chosen:
        return member
    return replace(member, left_out_because=f"{_WORD_VARIABLE} leaves it out")
