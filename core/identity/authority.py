"""Which directory signs people in, and the one HTTP client that talks to it."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from core.clouds import CLOUDS
from core.errors import IdentityProviderDown, KeylessError, SignInError
from core.identity.entra_connection import EntraConnection, EntraReply, EntraUnavailable
from core.identity.entra_meanings import UNKNOWN_TENANT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_LOG = logging.getLogger(__name__)

METADATA_SECONDS: Final = 24 * 3600
CLOCK_LEEWAY_SECONDS: Final = 300.0
_METADATA_PATH: Final = "/v2.0/.well-known/openid-configuration"
_INSTANCE_DISCOVERY: Final = "https://login.microsoftonline.com/common/discovery/instance"
_CALLED_BY_US: Final = ("token_endpoint", "jwks_uri", "device_authorization_endpoint")
_VISITED_BY_BROWSERS: Final = ("authorization_endpoint", "end_session_endpoint")
_HOSTS_OF_CLOUDS: Final = frozenset(cloud.authority_host for cloud in CLOUDS.values())
_SERVER_ERROR: Final = 500
_THROTTLED: Final = 429
_OK: Final = 200
_CHECK_THE_TENANT: Final = "Ask whoever runs this app to check KEYLESS_TENANT_ID and KEYLESS_AUTHORITY_HOST."


@dataclass(frozen=True, slots=True)
class Authority:
    """The directory of one tenant.

    Attributes:
        tenant_id: The tenant's GUID; never ``common``, or people of any directory could sign in.
        host: ``host`` or ``host:port`` of Entra; always spoken to over https, unless rewritten.
        instance_discovery: Whether MSAL asks Microsoft if it knows a host that is not one of its own.
        rewrite_to: Base URL on loopback that plays ``https://{host}`` instead (MSAL takes no http authority).
    """

    tenant_id: str
    host: str
    instance_discovery: bool = True
    rewrite_to: str | None = None

    @property
    def url(self) -> str:
        """The authority as MSAL wants it."""
        return f"https://{self.host}/{self.tenant_id}"

    @property
    def metadata_url(self) -> str:
        """Where the OpenID Connect discovery document stands."""
        return f"{self.url}{_METADATA_PATH}"

    def of(self, tenant_id: str) -> Self:
        """The same place for another directory; ``tenant_id`` may also be one of its domains, "" is this one."""
        return replace(self, tenant_id=tenant_id) if tenant_id else self

    def consent_url(self, client_id: str) -> str:
        """Where an administrator of the directory approves an app for everybody in it.

        https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
        """
        return f"{self.rewrite_to or f'https://{self.host}'}/{self.tenant_id}/adminconsent?client_id={client_id}"

    @property
    def is_a_cloud(self) -> bool:
        """Whether the host is Microsoft's own; then the issuer is known without asking."""
        return self.host.lower() in _HOSTS_OF_CLOUDS

    @property
    def asks_microsoft(self) -> bool:
        """Whether MSAL's instance discovery takes place."""
        return self.instance_discovery and not self.is_a_cloud and self.rewrite_to is None


@dataclass
class _Metadata:
    reply: EntraReply
    kept_until: float = field(default_factory=lambda: time.monotonic() + METADATA_SECONDS)
    is_to_be_asked_anew: bool = False


class EntraHttp:
    """MSAL's ``http_client``: real HTTP to the authority, to no other host, with time-outs and one retry.

    The discovery document is kept for a day. Everything else that Entra says is asked anew.

    Args:
        authority: The only place that is spoken to.
        connection: Sends the requests.
        clock: Our time, to compare with Entra's.

    Attributes:
        authority: The only place that is spoken to.
        skew_seconds: How far Entra's clock was ahead of ours in its latest token reply.
    """

    def __init__(
        self,
        authority: Authority,
        connection: EntraConnection,
        clock: Callable[[], datetime],
    ) -> None:
        self.authority = authority
        self._connection = connection
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: dict[str, _Metadata] = {}
        self.skew_seconds = 0.0
        self._ahead_seconds = 0.0

    def get(self, url: str, params: Mapping[str, str] | None = None, **_ignored: object) -> EntraReply:
        """GET a JSON object; replies with an HTTP error below 500 are returned as they are.

        Raises:
            EntraUnavailable: Another host, no answer, or no JSON object in it.
        """
        with self._lock:
            kept = self._metadata.get(url)
            if kept and kept.kept_until > time.monotonic() and not kept.is_to_be_asked_anew:
                return kept.reply
            if kept:
                kept.is_to_be_asked_anew = False
        reply = self._ask("GET", url, params=params)
        is_metadata = url.endswith(_METADATA_PATH)
        if reply.status_code == _OK and is_metadata:
            reply = self._with_reachable_endpoints(reply)
        if reply.status_code == _OK and (is_metadata or url == _INSTANCE_DISCOVERY):
            with self._lock:
                self._metadata[url] = _Metadata(reply)
        return reply

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_ignored: object,
    ) -> EntraReply:
        """POST a form to the token endpoint; the reply holds a token, a device code or an OAuth error.

        Raises:
            EntraUnavailable: Another host, no answer, or none of the three in it.
        """
        return self._ask("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def forget_metadata(self) -> None:
        """Ask for the discovery document anew next time, as a health check does; the old one stays if that fails."""
        with self._lock:
            for kept in self._metadata.values():
                kept.is_to_be_asked_anew = True

    def check(self) -> None:
        """Raise unless the people's authority answers now."""
        self.forget_metadata()
        self.metadata()

    def check_clock(self) -> None:
        """Raise when Entra's clock was more than five minutes from ours in its latest reply."""
        ahead = self._ahead_seconds
        if abs(ahead) > CLOCK_LEEWAY_SECONDS:
            side = "behind" if ahead > 0 else "ahead of"
            raise KeylessError(
                f"This server's clock is {abs(ahead) / 60:.0f} minutes {side} Entra's.",
                "Let the server set its clock by the network (NTP); until then people cannot sign in.",
            )

    def compare_clocks(self) -> None:
        """Say in the log when Entra's clock is far from ours; a check that could not be made says nothing."""
        with contextlib.suppress(KeylessError):
            self.metadata()
        try:
            self.check_clock()
        except KeylessError as error:
            _LOG.warning("%s %s", error.title, error.remedy)

    def metadata(self, tenant_id: str = "") -> dict[str, Any]:
        """The discovery document, with the endpoints that we call ourselves below ``https://{host}``.

        Args:
            tenant_id: Another directory than the authority's.

        Raises:
            IdentityProviderDown: Entra did not answer.
            SignInError: Entra does not know the tenant.
        """
        try:
            reply = self.get(self.authority.of(tenant_id).metadata_url)
        except EntraUnavailable as unavailable:
            raise IdentityProviderDown(detail=str(unavailable)) from None
        document = reply.json_object()
        if reply.status_code != _OK or not document or "issuer" not in document:
            raise _unknown_directory(tenant_id, reply.status_code)
        return document

    def issuer(self) -> str:
        """Who signs the id_tokens of our tenant.

        Raises:
            SignInError: An authority of one's own names an issuer that is not of the configured tenant.
        """
        if self.authority.is_a_cloud:
            return f"{self.authority.url}/v2.0"
        issuer = str(self.metadata()["issuer"])
        parts = urlsplit(issuer)
        if parts.scheme != "https" or self.authority.tenant_id not in parts.path.split("/"):
            raise SignInError(
                "The app's directory does not name itself as configured.",
                _CHECK_THE_TENANT,
                cause=UNKNOWN_TENANT.cause,
                who=UNKNOWN_TENANT.who,
                detail="the issuer in the discovery document is not of the configured tenant",
            )
        return issuer

    def _ask(self, method: str, url: str, **request: Mapping[str, str] | None) -> EntraReply:
        target = self._target(url)
        accepts = _is_token_reply if method == "POST" else _is_document
        reply = self._connection.ask(method, target, accepts=accepts, **request)
        if reply.date is not None and not reply.is_from_a_cache:
            self._ahead_seconds = (reply.date - self._clock()).total_seconds()
            # Of token replies only: a cache of keys and documents may not say that it is one.
            if method == "POST":
                self.skew_seconds = self._ahead_seconds
        return reply

    def _target(self, url: str) -> str:
        ours, rewrite_to = f"https://{self.authority.host}/", self.authority.rewrite_to
        if rewrite_to is not None:
            if url.startswith(ours):
                return f"{rewrite_to}/{url.removeprefix(ours)}"
            if url.startswith(f"{rewrite_to}/"):
                return url
        elif url.startswith(ours) or (url == _INSTANCE_DISCOVERY and self.authority.asks_microsoft):
            return url
        raise EntraUnavailable(f"an address outside the authority was named: {_place(url)}")

    def _with_reachable_endpoints(self, reply: EntraReply) -> EntraReply:
        """The discovery document without a way out of the authority, and with https where MSAL insists on it."""
        document = reply.json_object()
        for name in (*_CALLED_BY_US, *_VISITED_BY_BROWSERS):
            if name in document:
                self._target(str(document[name]))
        rewritten = f"{self.authority.rewrite_to}/"
        for name in _CALLED_BY_US if self.authority.rewrite_to else ():
            address = str(document.get(name, ""))
            if address.startswith(rewritten):
                document[name] = f"https://{self.authority.host}/{address.removeprefix(rewritten)}"
        return EntraReply(reply.status_code, json.dumps(document), reply.headers)


def _unknown_directory(tenant_id: str, status: int) -> SignInError:
    title, remedy = "The app's directory was not found.", _CHECK_THE_TENANT
    if tenant_id:
        title = "The directory of this resource was not found."
        remedy = "Ask whoever runs this app to check the endpoint's tenant in the catalogue."
    return SignInError(
        title,
        remedy,
        cause=UNKNOWN_TENANT.cause,
        who=UNKNOWN_TENANT.who,
        detail=f"discovery document: HTTP {status}",
    )


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"[:100]


def _is_answered(reply: EntraReply) -> bool:
    return reply.status_code < _SERVER_ERROR and reply.status_code != _THROTTLED


def _is_document(reply: EntraReply) -> bool:
    return _is_answered(reply) and bool(reply.json_object())


def _is_token_reply(reply: EntraReply) -> bool:
    document = reply.json_object()
    return _is_answered(reply) and any(
        isinstance(document.get(name), str) for name in ("access_token", "device_code", "error")
    )
