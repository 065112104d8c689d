"""MSAL's client applications, built for one use each.

A client costs a tenth of a millisecond once the discovery document is there, and nothing of one person's can stay
behind in it for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.identity.vendor_logs import hold_back_msal_logs

if TYPE_CHECKING:
    from core.identity.authority import Authority, EntraHttp
    from core.identity.web_app_credential import Credential

TokenCache = Any
"""MSAL's ``SerializableTokenCache``; MSAL has no types."""
MsalClient = Any
"""MSAL's ``ClientApplication``."""

UNREADABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What MSAL raises on replies and id_tokens that are none."""

CLIENT_CAPABILITIES: Final = ("CP1",)
"""Tells Entra that the app understands claims challenges of continuous access evaluation."""


class MsalClients:
    """Builds MSAL clients of the web app.

    Args:
        client_id: The app registration.
        authority: Its tenant.
        http: What MSAL speaks HTTP with.
        credential: The app's own; None for a public client.
    """

    def __init__(self, client_id: str, authority: Authority, http: EntraHttp, credential: Credential) -> None:
        self._client_id = client_id
        self._authority = authority
        self._http = http
        self._credential = credential

    def build(self, cache: TokenCache, *, tenant_id: str = "", with_refresh_token: bool = True) -> MsalClient:
        """A client over ``cache``; without ``with_refresh_token`` it asks for none.

        Args:
            cache: Where it reads and leaves tokens.
            tenant_id: Another directory than the authority's, or "".
            with_refresh_token: Whether tokens can be renewed.

        Raises:
            SignInError: Entra does not answer, or does not know the tenant.
        """
        msal = _msal()
        # First: MSAL would tell a wrong tenant and a broken network in one sentence.
        self._http.metadata(tenant_id)
        options: dict[str, Any] = {
            "authority": self._authority.of(tenant_id).url,
            "token_cache": cache,
            "http_client": self._http,
            "instance_discovery": None if self._authority.asks_microsoft else False,
            "client_capabilities": list(CLIENT_CAPABILITIES),
            "exclude_scopes": None if with_refresh_token else ["offline_access"],
        }
        if self._credential is None:
            return msal.PublicClientApplication(self._client_id, **options)
        return msal.ConfidentialClientApplication(
            self._client_id, client_credential=self._credential, azure_region=False, **options
        )


def token_cache(data: bytes = b"") -> TokenCache:
    """A token cache with what :func:`as_bytes` made of an earlier one.

    Raises:
        ValueError: ``data`` is something else.
    """
    cache = _msal().SerializableTokenCache()
    cache.deserialize(data.decode())
    return cache


def as_bytes(cache: TokenCache) -> bytes:
    """The cache as it is stored, tokens and all: seal it."""
    serialized: str = cache.serialize()
    return serialized.encode()


def _msal() -> Any:  # noqa: ANN401 - MSAL has no types
    # Imported when it is first needed: it costs a fifth of a second that no health check should wait for.
    import msal  # type: ignore[import-untyped]  # MSAL has no types

    hold_back_msal_logs()
    return msal
