"""The managed identity of demo mode: the emulator's, asked over HTTP like the real one's endpoint.

The real credential finds its endpoint in the process's environment, which demo mode leaves alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.identity.access_token import IssuedToken
from core.identity.credential_chain import Member
from core.identity.credential_failures import MANAGED
from core.identity.entra_connection import EntraConnection

if TYPE_CHECKING:
    from core.identity.entra_connection import EntraReply


def played_managed_identity(endpoint: str, header: str) -> Member:
    """The one member of the app's chain in demo mode.

    Args:
        endpoint: What ``IDENTITY_ENDPOINT`` would hold.
        header: What ``IDENTITY_HEADER`` would hold.
    """
    return Member(MANAGED, "the app's managed identity", lambda: PlayedManagedIdentity(endpoint, header))


class PlayedManagedIdentity:
    """Asks a managed-identity endpoint of App Service (version 2019-08-01)."""

    def __init__(self, endpoint: str, header: str) -> None:
        self._endpoint = endpoint
        self._header = header
        self._connection = EntraConnection()

    def get_token(self, *scopes: str, **_ignored: object) -> IssuedToken:
        """A token of the app for one scope; such an endpoint knows neither other directories nor claims challenges.

        Raises:
            EntraUnavailable: There was no answer with a token in it.
        """
        answer = self._connection.ask(
            "GET",
            self._endpoint,
            accepts=_has_token,
            params={"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")},
            headers={"X-IDENTITY-HEADER": self._header},
        ).json_object()
        return IssuedToken(str(answer["access_token"]), int(answer["expires_on"]))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _has_token(reply: EntraReply) -> bool:
    document = reply.json_object()
    return isinstance(document.get("access_token"), str) and str(document.get("expires_on")).isdecimal()
