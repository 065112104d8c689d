"""Who a person is to the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class User:
    """Someone who uses the app. Only ``key`` identifies; ``username`` and ``name`` are for showing."""

    tenant_id: str
    object_id: str
    username: str
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """``(tenant_id, object_id)``: user names change hands and exist in several tenants at once."""
        return self.tenant_id, self.object_id


def local_user() -> User:
    """Whoever opened the one-time link on this computer; no directory knows them."""
    return User(tenant_id=LOCAL, object_id=LOCAL, username=LOCAL, name="You, on this computer")
