"""The two made-up tenants, and who of the first is known in the second: guests and apps.

Every person, app and managed identity has its home in the first tenant. A guest or an app has an object id of its own
in each tenant that knows it.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tenant:
    """A directory: its id, one of its domains, and the name of the organisation."""

    tenant_id: str
    domain: str
    name: str


HOME: Final = Tenant("7c1e9a52-40b3-4d8e-9f6a-2b5d1c83e047", "contoso.example", "Contoso")
PARTNER: Final = Tenant("1d6f83c0-95ae-4b27-8c3d-e04a7b92f561", "fabrikam.example", "Fabrikam")


def tenant_named(name: str) -> Tenant | None:
    """The tenant of this id or domain."""
    return next((tenant for tenant in (HOME, PARTNER) if name.lower() in {tenant.tenant_id, tenant.domain}), None)


class Strangers:
    """Who is known in a tenant that is not their home. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._object_ids: dict[tuple[str, str], str] = {}

    def admit(self, principal: str, tenant: Tenant = PARTNER) -> str:
        """Invite a person (object id at home) or approve an app (client id); returns the object id there."""
        with self._lock:
            made = str(uuid.uuid5(uuid.UUID(tenant.tenant_id), principal))
            return self._object_ids.setdefault((tenant.tenant_id, principal), made)

    def remove(self, principal: str, tenant: Tenant = PARTNER) -> None:
        """Take back :meth:`admit`."""
        with self._lock:
            self._object_ids.pop((tenant.tenant_id, principal), None)

    def object_id(self, principal: str, tenant: Tenant) -> str | None:
        """The principal's object id in a tenant that is not its home; None when it is not known there."""
        with self._lock:
            return self._object_ids.get((tenant.tenant_id, principal))
