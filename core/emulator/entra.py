"""The made-up Entra over HTTP: discovery, keys, authorize page, token endpoint, sign-out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.emulator.entra_authorize import Authorize
from core.emulator.entra_clients import Clients
from core.emulator.entra_device import DeviceCodes
from core.emulator.entra_grants import Grants
from core.emulator.entra_page import consent_page, done_page, refusal_page, signed_out_page
from core.emulator.entra_refusals import CONSENT_MISSING, Refusal
from core.emulator.entra_tokens import OPENID_SCOPES, Mint
from core.emulator.scripted import Scripted
from core.emulator.tenants import HOME, Tenant, tenant_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from core.emulator.directory import Directory
    from core.emulator.scripted import Handler
    from core.emulator.signing import Signer

SHARED_TENANTS: Final = frozenset({"common", "organizations"})
_FOR_PEOPLE: Final = frozenset({"authorize", "logout", "adminconsent"})
REQUESTS_LIMIT: Final = 500
CLAIMS: Final = (
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "oid",
    "roles",
    "ver",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: which endpoint, and for the token endpoint which grant and application."""

    endpoint: str
    grant_type: str = ""
    client_id: str = ""


class Entra(Scripted):
    """The endpoints of the tenants.

    Those that can be scripted: ``discovery keys instance authorize token logout devicecode devicelogin
    adminconsent``.

    Args:
        directory: Applications, people, and who is refused.
        signer: Signs and publishes the keys.
        clock: Emulator time, seconds since the epoch.

    Attributes:
        mint: Makes the tokens; ``mint.lifetime_seconds`` may be set.
        asked: The last requests in order, so that tests can tell what was fetched and what was not.
    """

    def __init__(self, directory: Directory, signer: Signer, clock: Callable[[], float]) -> None:
        super().__init__()
        self.mint = Mint(signer, clock)
        self.mutate_next_id_token = self.mint.mutate_next_id_token
        self.asked: deque[Asked] = deque(maxlen=REQUESTS_LIMIT)
        self._directory = directory
        self._signer = signer
        self._clock = clock
        self._clients = Clients(directory, signer, clock)
        self._device_codes = DeviceCodes(directory, clock)
        self._grants = Grants(directory, self.mint, clock, self._device_codes)
        self._authorize = Authorize(directory, self._grants, signer.authority_host, clock)

    def routes(self) -> list[BaseRoute]:
        """Everything that stands behind the authority's host name."""
        return [
            self._route("instance", "/common/discovery/instance", self._instance),
            self._route("discovery", "/{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
            self._route("keys", "/{tenant}/discovery/v2.0/keys", self._keys),
            self._route("authorize", "/{tenant}/oauth2/v2.0/authorize", self._authorize.show),
            self._route("authorize", "/{tenant}/oauth2/v2.0/authorize", self._authorize.choose, "POST"),
            self._route("token", "/{tenant}/oauth2/v2.0/token", self._token, "POST"),
            self._route("devicecode", "/{tenant}/oauth2/v2.0/devicecode", self._device_code, "POST"),
            self._route("devicelogin", "/devicelogin", self._device_codes.page),
            self._route("devicelogin", "/devicelogin", self._device_codes.choose, "POST"),
            self._route("adminconsent", "/{tenant}/adminconsent", self._admin_consent),
            self._route("adminconsent", "/{tenant}/adminconsent", self._admin_consent, "POST"),
            self._route("logout", "/{tenant}/oauth2/v2.0/logout", self._logout),
            self._route("logout", "/{tenant}/oauth2/v2.0/logout", self._logout, "POST"),
        ]

    def _route(self, name: str, path: str, handler: Handler, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            if name != "token":
                self.asked.append(Asked(name))
            tenant = request.path_params.get("tenant")
            if tenant is None or tenant in SHARED_TENANTS or tenant_named(tenant) is not None:
                return await scripted(request)
            refusal = Refusal(90002, tenant)
            if name in _FOR_PEOPLE:
                return refusal_page(refusal.as_json(self._signer.authority_host, self._clock())["error_description"])
            return refusal.response(self._signer.authority_host, self._clock(), _correlation_id(request))

        scripted = self.scripted(name, handler)
        return Route(path, answer, methods=[method])

    async def _instance(self, request: Request) -> Response:
        base, host = _base(request), self._signer.authority_host
        network = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        document = f"{base}/{HOME.tenant_id}/v2.0/.well-known/openid-configuration"
        return JSONResponse({"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [network]})

    async def _discovery(self, request: Request) -> Response:
        base, tenant = _base(request), request.path_params["tenant"]
        named = "{tenantid}" if tenant in SHARED_TENANTS else _tenant(request).tenant_id
        oauth2 = f"{base}/{tenant}/oauth2/v2.0"
        # MSAL refuses every token endpoint without https; its HTTP client leads this address back here.
        token_base = base if request.url.scheme == "https" else f"https://{self._signer.authority_host}"
        return JSONResponse(
            {
                "token_endpoint": f"{token_base}/{tenant}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
                "response_modes_supported": ["query"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "scopes_supported": sorted(OPENID_SCOPES),
                "issuer": f"https://{self._signer.authority_host}/{named}/v2.0",
                "request_uri_parameter_supported": False,
                "authorization_endpoint": f"{oauth2}/authorize",
                "device_authorization_endpoint": f"{token_base}/{tenant}/oauth2/v2.0/devicecode",
                "http_logout_supported": True,
                "end_session_endpoint": f"{oauth2}/logout",
                "claims_supported": CLAIMS,
                "tenant_region_scope": "EU",
                "cloud_instance_name": self._signer.authority_host,
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(self._signer.jwks())

    async def _token(self, request: Request) -> Response:
        try:
            form = _single_values((await request.body()).decode("utf-8", "replace"))
            self.asked.append(Asked("token", form.get("grant_type", ""), form.get("client_id", "")))
            application, proof = self._clients.authenticate(
                form, request.headers.get("authorization", ""), self._token_audiences(request)
            )
            answer = self._grants.redeem(application, proof, form, _tenant(request))
        except Refusal as refusal:
            return refusal.response(self._signer.authority_host, self._clock(), _correlation_id(request))
        return JSONResponse(answer, headers={"cache-control": "no-store", "pragma": "no-cache"})

    async def _device_code(self, request: Request) -> Response:
        try:
            form = _single_values((await request.body()).decode("utf-8", "replace"))
            return self._device_codes.begin(form, _base(request))
        except Refusal as refusal:
            return refusal.response(self._signer.authority_host, self._clock(), _correlation_id(request))

    async def _admin_consent(self, request: Request) -> Response:
        client_id, tenant = request.query_params.get("client_id", ""), _tenant(request)
        application = self._directory.application(client_id)
        if application is None:
            return refusal_page(f"AADSTS700016: There is no application {client_id}.")
        if request.method == "GET":
            return consent_page(application.name, tenant.name)
        if tenant is not HOME:
            self._directory.strangers.admit(client_id, tenant)
        if self._directory.refusal(client_id) == CONSENT_MISSING:
            self._directory.admit(client_id)
        return done_page("Approved", f"{application.name} may be used by the people of {tenant.name}.")

    async def _logout(self, request: Request) -> Response:
        uri, state = request.query_params.get("post_logout_redirect_uri", ""), request.query_params.get("state")
        if not any(application.accepts_redirect(uri) for application in self._directory.applications):
            return signed_out_page()
        return RedirectResponse(f"{uri}?{urlencode({'state': state})}" if state else uri, 302)

    def _token_audiences(self, request: Request) -> frozenset[str]:
        path = f"/{request.path_params['tenant']}/oauth2/v2.0/token"
        return frozenset({f"{_base(request)}{path}", f"https://{self._signer.authority_host}{path}"})


def _base(request: Request) -> str:
    """The address that the authority's own paths follow, as the caller reached it."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}"


def _tenant(request: Request) -> Tenant:
    return tenant_named(request.path_params.get("tenant", "")) or HOME


def _single_values(body: str) -> dict[str, str]:
    form = parse_qs(body, keep_blank_values=True)
    for name, values in form.items():
        if len(values) > 1:
            raise Refusal(9000411, name)
    return {name: values[0] for name, values in form.items()}


def _correlation_id(request: Request) -> str:
    return request.headers.get("client-request-id", "")
