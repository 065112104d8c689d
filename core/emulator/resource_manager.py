"""Azure Resource Manager, as far as it tells about the resources: to readers only.

https://learn.microsoft.com/rest/api/aiservices/accountmanagement/accounts/get
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.emulator.directory import ADMINISTRATOR
from core.emulator.scripted import Scripted
from core.emulator.signing import TokenRejected

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.emulator.directory import Directory, Resource
    from core.emulator.signing import Signer

AUDIENCE: Final = "https://management.azure.com"
_ACCOUNT: Final = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
)


class ResourceManager(Scripted):
    """Describes the resources. Scriptable endpoint: ``management``.

    Args:
        directory: Knows the resources.
        signer: Verifies every bearer.

    Attributes:
        readers: Object ids of those who hold the role Reader on the resources.
        takes_keys: Names of the resources whose local authentication is on; the data plane refuses keys all the same.
    """

    def __init__(self, directory: Directory, signer: Signer) -> None:
        super().__init__()
        self.readers = {ADMINISTRATOR.object_id}
        self.takes_keys: set[str] = set()
        self._directory = directory
        self._signer = signer

    def routes(self) -> list[BaseRoute]:
        """The one route, a resource by its id."""
        return [Route(_ACCOUNT, self.scripted("management", self._account), methods=["GET"])]

    async def _account(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _refused(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        try:
            oid = str(self._signer.verify(token, AUDIENCE).get("oid", ""))
        except TokenRejected:
            return _refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if not request.query_params.get("api-version"):
            return _refused(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
            )
        resource = self._directory.resource(request.path_params["name"])
        resource_id = _ACCOUNT.format(**request.path_params)
        if oid not in self.readers:
            action = "Microsoft.CognitiveServices/accounts/read"
            return _refused(
                403,
                "AuthorizationFailed",
                f"The client '{oid}' with object id '{oid}' does not have authorization to perform action '{action}' "
                f"over scope '{resource_id}' or the scope is invalid.",
            )
        if resource is None or resource.resource_id.lower() != resource_id.lower():
            return _refused(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")
        return JSONResponse(self._described(resource))

    def _described(self, resource: Resource) -> dict[str, object]:
        return {
            "id": resource.resource_id,
            "name": resource.name,
            "type": "Microsoft.CognitiveServices/accounts",
            "location": resource.region,
            "kind": "OpenAI",
            "sku": {"name": "S0"},
            "properties": {
                "endpoint": f"https://{resource.name}.openai.azure.com/",
                "provisioningState": "Succeeded",
                "publicNetworkAccess": "Enabled",
                "disableLocalAuth": resource.name not in self.takes_keys,
            },
        }


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
