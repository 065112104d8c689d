"""A made-up Entra tenant: its people, applications, managed identities, and who holds the role on which resource.

A second tenant has one resource, and knows one of the people as a guest.

Everything can be changed while the emulator runs, from any thread. Nothing here exists anywhere else: the
identifiers are invented and the names end in ``.example``.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.emulator.tenants import HOME, PARTNER, Strangers

if TYPE_CHECKING:
    from collections.abc import Callable

TENANT_ID: Final = HOME.tenant_id
TENANT_DOMAIN: Final = HOME.domain
AUTHORITY_HOST: Final = "emulator.keyless.invalid"
CLIENT_ID: Final = "e2a4c6d8-1357-4f9b-8a0c-6d2e4f81b3a5"
SERVICE_CLIENT_ID: Final = "b93f07c1-6a2d-4e58-9d14-70c8ab35e2f6"
SUBSCRIPTION_ID: Final = "3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7"
ROLE: Final = "Cognitive Services OpenAI User"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can sign in. ``roles`` are the application roles that the id_token names."""

    object_id: str
    username: str
    name: str
    title: str
    roles: tuple[str, ...] = ()


_REGION_NAMES: Final = {"swedencentral": "Sweden Central", "eastus2": "East US 2", "westeurope": "West Europe"}


@dataclass(frozen=True, slots=True)
class Resource:
    """An Azure OpenAI or Foundry resource of one tenant; ``resource_id`` is its full ARM id."""

    name: str
    resource_id: str
    region: str
    kind: str = "azure-openai"
    tenant_id: str = HOME.tenant_id

    @property
    def region_name(self) -> str:
        """Its region as Azure shows it to people."""
        return _REGION_NAMES.get(self.region, self.region)


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration with its service principal (``object_id``) and every credential it may use.

    A redirect URI on ``localhost`` or ``127.0.0.1`` matches on any port, and a client that comes back to it needs no
    credential (a public client). Every other redirect URI matches exactly and asks for one.
    """

    client_id: str
    object_id: str
    name: str
    redirect_uris: tuple[str, ...] = ()
    client_secrets: tuple[str, ...] = field(default=(), repr=False)
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    federated_subjects: tuple[str, ...] = ()

    def accepts_redirect(self, uri: str) -> bool:
        """Whether ``uri`` is registered (RFC 8252 §7.3 for the ports of loopback addresses)."""
        return any(_without_loopback_port(uri) == _without_loopback_port(known) for known in self.redirect_uris)


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """An identity that Azure gives to a host; ``resource_id`` is empty for the system-assigned one."""

    principal_id: str
    client_id: str
    name: str
    resource_id: str = ""


PEOPLE: Final = (
    Person(
        "a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a301", "admin@contoso.example", "Ada Lindqvist", "Administrator", ("Admin",)
    ),
    Person("a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a302", "business.user@contoso.example", "Ben Carter", "Business user"),
    Person("a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a303", "product.owner@contoso.example", "Priya Nair", "Product owner"),
    Person("a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a304", "tester@contoso.example", "Tomás Vega", "Tester"),
    Person("a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a305", "new.joiner@contoso.example", "Nora Falk", "New joiner"),
)
ADMINISTRATOR, BUSINESS_USER, PRODUCT_OWNER, TESTER, NEW_JOINER = PEOPLE

_GROUP: Final = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/contoso-ai/providers"
RESOURCES: Final = tuple(
    Resource(name, f"{_GROUP}/Microsoft.CognitiveServices/accounts/{name}", region)
    for name, region in (("contoso-sweden", "swedencentral"), ("contoso-eastus", "eastus2"))
)
FOUNDRY: Final = Resource(
    "contoso-foundry", f"{_GROUP}/Microsoft.CognitiveServices/accounts/contoso-foundry", "swedencentral", "foundry"
)
FABRIKAM: Final = Resource(
    "fabrikam-west",
    "/subscriptions/9c2e4f60-8b1d-47a3-95e8-d0f7a6b3c214/resourceGroups/fabrikam-ai/providers"
    "/Microsoft.CognitiveServices/accounts/fabrikam-west",
    "westeurope",
    tenant_id=PARTNER.tenant_id,
)
FURTHER_RESOURCES: Final = (FOUNDRY, FABRIKAM)
"""Resources that the catalogue of the demo leaves out."""

SYSTEM_IDENTITY: Final = ManagedIdentity(
    "d47b1e90-58c3-4a2f-b6e1-3c9d70f5a801", "d47b1e90-58c3-4a2f-b6e1-3c9d70f5a8c1", "keyless (system-assigned)"
)
USER_IDENTITY: Final = ManagedIdentity(
    "d47b1e90-58c3-4a2f-b6e1-3c9d70f5a802",
    "d47b1e90-58c3-4a2f-b6e1-3c9d70f5a8c2",
    "keyless-identity",
    f"{_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/keyless-identity",
)
IDENTITIES: Final = (SYSTEM_IDENTITY, USER_IDENTITY)
WEB_APP: Final = Application(
    CLIENT_ID,
    "c08d2f61-97ab-4b34-8c5e-1e6f20d4b901",
    "Keyless",
    redirect_uris=("http://localhost", "http://localhost/auth/callback", "http://localhost/auth/signed-out"),
)
SERVICE: Final = Application(SERVICE_CLIENT_ID, "c08d2f61-97ab-4b34-8c5e-1e6f20d4b902", "keyless-service")


class Directory:
    """The tenant at run time. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._applications = {app.client_id: app for app in (WEB_APP, SERVICE)}
        self._refusals: dict[str, int] = {}
        self._sessions_revoked_at: dict[str, float] = {}
        self._stepping_up: set[str] = set()
        self.strangers = Strangers()
        holders = [person.object_id for person in PEOPLE if person is not NEW_JOINER]
        holders += [SERVICE.object_id, *(identity.principal_id for identity in IDENTITIES)]
        self._assignments = {(holder, resource.name) for holder in holders for resource in (*RESOURCES, FOUNDRY)}
        self._assignments.add((self.strangers.admit(BUSINESS_USER.object_id), FABRIKAM.name))
        self._assignments.add((self.strangers.admit(SERVICE.client_id), FABRIKAM.name))
        self.strangers.admit(CLIENT_ID)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone in the tenant."""
        return PEOPLE

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The Azure OpenAI resources of the tenant that the catalogue offers."""
        return RESOURCES

    @property
    def applications(self) -> tuple[Application, ...]:
        """The app registrations as they are now."""
        with self._lock:
            return tuple(self._applications.values())

    def person(self, object_id: str) -> Person | None:
        """The person with this object id."""
        return next((person for person in PEOPLE if person.object_id == object_id), None)

    def resource(self, name: str) -> Resource | None:
        """The resource of this name."""
        return next((resource for resource in (*RESOURCES, *FURTHER_RESOURCES) if resource.name == name), None)

    def application(self, client_id: str) -> Application | None:
        """The app registration with this client id."""
        with self._lock:
            return self._applications.get(client_id)

    def identity(
        self, *, client_id: str = "", principal_id: str = "", resource_id: str = ""
    ) -> ManagedIdentity | None:
        """The managed identity named by one of its identifiers; the system-assigned one when none is given."""
        if not (client_id or principal_id or resource_id):
            return SYSTEM_IDENTITY
        for identity in IDENTITIES:
            asked = (client_id or identity.client_id, principal_id or identity.principal_id)
            if asked == (identity.client_id, identity.principal_id) and resource_id in {"", identity.resource_id}:
                return identity
        return None

    def register_redirect(self, client_id: str, uri: str) -> None:
        """Let the application be returned to at ``uri``."""
        self._change(client_id, lambda app: replace(app, redirect_uris=(*app.redirect_uris, uri)))

    def add_secret(self, client_id: str) -> str:
        """Give the application a new client secret and return it."""
        secret = secrets.token_urlsafe(30)
        self._change(client_id, lambda app: replace(app, client_secrets=(*app.client_secrets, secret)))
        return secret

    def add_certificate(self, client_id: str, pem: bytes) -> None:
        """Register the public half of a certificate (PEM) with the application."""
        self._change(client_id, lambda app: replace(app, certificates=(*app.certificates, pem)))

    def add_federated_subject(self, client_id: str, principal_id: str) -> None:
        """Let tokens of the managed identity ``principal_id`` stand in for a secret of the application."""
        self._change(client_id, lambda app: replace(app, federated_subjects=(*app.federated_subjects, principal_id)))

    def grant(self, principal_id: str, resource_name: str) -> None:
        """Give the data-plane role on a resource to a person, service principal or managed identity."""
        if self.resource(resource_name) is None:
            raise KeyError(resource_name)
        with self._lock:
            self._assignments.add((principal_id, resource_name))

    def revoke(self, principal_id: str, resource_name: str) -> None:
        """Take the role away; nothing happens when it was not held."""
        with self._lock:
            self._assignments.discard((principal_id, resource_name))

    def has_role(self, principal_id: str, resource_name: str) -> bool:
        """Whether the principal may call the resource now."""
        with self._lock:
            return (principal_id, resource_name) in self._assignments

    def assignments(self) -> tuple[tuple[str, str], ...]:
        """Every role assignment as ``(principal_id, resource_name)``, sorted."""
        with self._lock:
            return tuple(sorted(self._assignments))

    def refuse(self, principal: str, aadsts: int) -> None:
        """Refuse every token for a person (object id) or an application (client id) with this AADSTS code."""
        with self._lock:
            self._refusals[principal] = aadsts

    def admit(self, principal: str) -> None:
        """Take back :meth:`refuse`."""
        with self._lock:
            self._refusals.pop(principal, None)

    def refusal(self, *principals: str) -> int | None:
        """The AADSTS code that stands in the way of any of these principals."""
        with self._lock:
            return next((self._refusals[principal] for principal in principals if principal in self._refusals), None)

    def revoke_sessions(self, object_id: str, at: float) -> None:
        """Make every refresh token worthless that the person got up to the time ``at``."""
        with self._lock:
            self._sessions_revoked_at[object_id] = at

    def sessions_revoked_at(self, object_id: str) -> float:
        """When the person's refresh tokens were last revoked; 0.0 for never."""
        with self._lock:
            return self._sessions_revoked_at.get(object_id, 0.0)

    def demand_step_up(self, object_id: str) -> None:
        """Let resources refuse the principal's tokens until it has signed in to answer the claims challenge."""
        with self._lock:
            self._stepping_up.add(object_id)

    def demand_no_step_up(self, object_id: str) -> None:
        """Take back :meth:`demand_step_up`."""
        with self._lock:
            self._stepping_up.discard(object_id)

    def demands_step_up(self, object_id: str) -> bool:
        """Whether :meth:`demand_step_up` was called."""
        with self._lock:
            return object_id in self._stepping_up

    def _change(self, client_id: str, change: Callable[[Application], Application]) -> None:
        with self._lock:
            self._applications[client_id] = change(self._applications[client_id])


def is_loopback_redirect(uri: str) -> bool:
    """Whether the redirect URI stays on the person's own machine, so that a client needs no credential for it."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"} and "@" not in parts.netloc


def _without_loopback_port(uri: str) -> str:
    if not is_loopback_redirect(uri):
        return uri
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.hostname or "", path=parts.path or "/").geturl()
