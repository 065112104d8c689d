"""Managed identities: the endpoint that Azure App Service puts beside an app, and that of a virtual machine.

Protocols: https://learn.microsoft.com/azure/app-service/overview-managed-identity (version 2019-08-01) and
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token (version 2018-02-01)
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections import deque
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.emulator.entra_tokens import AUDIENCES, Mint
from core.emulator.scripted import Scripted

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from core.emulator.directory import Directory, ManagedIdentity

API_VERSION: Final = "2019-08-01"
IMDS_API_VERSION: Final = "2018-02-01"
LIFETIME_SECONDS: Final = 86_400


class ManagedIdentityEndpoint(Scripted):
    """Gives tokens to whoever presents the header that Azure gave to the app. Scriptable endpoint: ``identity``.

    Args:
        directory: Knows the managed identities.
        mint: Makes the tokens.
        clock: Emulator time, seconds since the epoch.

    Attributes:
        header: What ``IDENTITY_HEADER`` holds.
        asked: The resources that were asked for, the latest last.
    """

    def __init__(self, directory: Directory, mint: Mint, clock: Callable[[], float]) -> None:
        super().__init__()
        self.header = secrets.token_hex(16)
        self.asked: deque[str] = deque(maxlen=500)
        self._directory = directory
        self._mint = mint
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The one route, ``/token``."""
        return [Route("/token", self.scripted("identity", self._token), methods=["GET"])]

    async def _token(self, request: Request) -> Response:
        query = request.query_params
        self.asked.append(query.get("resource", ""))
        if not hmac.compare_digest(request.headers.get("x-identity-header", "").encode(), self.header.encode()):
            return _refused(401, "The X-IDENTITY-HEADER is missing or not the one of this app.")
        if query.get("api-version") != API_VERSION:
            return _refused(400, f"The api-version is not supported; use {API_VERSION}.")
        identity = _identity(self._directory, request)
        if identity is None:
            return _refused(
                400,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            )
        resource = query.get("resource", "").removesuffix("/")
        if resource not in AUDIENCES:
            return _refused(
                500,
                "An unexpected error occured while fetching the AAD Token. Please contact support with this provided "
                "Correlation Id.",
            )
        token = self._mint.access_token_for_itself(
            identity.client_id, identity.principal_id, resource, seconds=LIFETIME_SECONDS
        )
        return JSONResponse(
            {
                "access_token": token,
                "expires_on": str(int(self._clock()) + LIFETIME_SECONDS),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": identity.client_id,
            },
            headers={"cache-control": "no-store"},
        )


class InstanceMetadata(Scripted):
    """Gives tokens to whoever runs on the virtual machine. Scriptable endpoint: ``imds``.

    ``AZURE_POD_IDENTITY_AUTHORITY_HOST`` leads azure-identity here instead of to 169.254.169.254.

    Args:
        directory: Knows the managed identities.
        mint: Makes the tokens.
        clock: Emulator time, seconds since the epoch.

    Attributes:
        asked: The resources that were asked for, the latest last.
    """

    def __init__(self, directory: Directory, mint: Mint, clock: Callable[[], float]) -> None:
        super().__init__()
        self.asked: deque[str] = deque(maxlen=500)
        self._directory = directory
        self._mint = mint
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The one route, ``/metadata/identity/oauth2/token``."""
        return [Route("/metadata/identity/oauth2/token", self.scripted("imds", self._token), methods=["GET"])]

    async def _token(self, request: Request) -> Response:
        query = request.query_params
        self.asked.append(query.get("resource", ""))
        if request.headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in request.headers:
            return _refused_by_imds("invalid_request", "Required metadata header not specified")
        if query.get("api-version") != IMDS_API_VERSION:
            return _refused_by_imds("invalid_request", f"api-version not supported; use {IMDS_API_VERSION}")
        identity = _identity(self._directory, request)
        if identity is None:
            return _refused_by_imds("invalid_request", "Identity not found")
        resource = query.get("resource", "").removesuffix("/")
        if resource not in AUDIENCES:
            return _refused_by_imds("invalid_resource", f"AADSTS500011: The resource principal named {resource} was "
                                    "not found in the tenant.")  # fmt: skip
        token = self._mint.access_token_for_itself(
            identity.client_id, identity.principal_id, resource, seconds=LIFETIME_SECONDS
        )
        now = int(self._clock())
        return JSONResponse(
            {
                "access_token": token,
                "client_id": identity.client_id,
                "expires_in": str(LIFETIME_SECONDS),
                "expires_on": str(now + LIFETIME_SECONDS),
                "ext_expires_in": str(LIFETIME_SECONDS),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            },
            headers={"cache-control": "no-store"},
        )


def _identity(directory: Directory, request: Request) -> ManagedIdentity | None:
    query = request.query_params
    return directory.identity(
        client_id=query.get("client_id", ""),
        principal_id=query.get("object_id", query.get("principal_id", "")),
        resource_id=query.get("mi_res_id", query.get("msi_res_id", "")),
    )


def _refused_by_imds(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}, status)
