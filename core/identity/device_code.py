"""Signing in with a code that is entered in any browser: for a laptop, where the setting asks for it.

The person sees address and code, signs in there, and sends the prompt again. Nothing waits meanwhile: each call asks
Entra once whether the person has signed in.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from core.errors import IdentityProviderDown, SignInError, TokenError
from core.errors.who import YOU
from core.identity.access_token import IssuedToken
from core.identity.credential_failures import WAITING
from core.identity.entra_connection import EntraUnavailable
from core.identity.entra_refusals import entra_is_down, refused_refresh
from core.identity.msal_clients import UNREADABLE, MsalClients, token_cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.identity.authority import Authority, EntraHttp
    from core.settings import Settings

ANY_DIRECTORY: Final = "organizations"
"""Lets a person of any directory sign in, where none is configured."""
AZURE_CLI_CLIENT_ID: Final = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Known in every tenant; used where no app registration is configured, as azure-identity does."""
_POLLED: Final = ("authorization_pending", "slow_down")


class DeviceCode:
    """A credential of the app's chain: one person signs in, and the whole laptop app calls as them.

    Args:
        settings: ``client_id`` and ``tenant_id``, as far as they are configured.
        authority: Where Entra is.
        http: Speaks to it.
        now: Seconds since the epoch; MSAL counts by the same clock.
    """

    def __init__(
        self, settings: Settings, authority: Authority, http: EntraHttp, now: Callable[[], float] = time.time
    ) -> None:
        self._tenant_id = settings.tenant_id or ANY_DIRECTORY
        client_id = settings.client_id or AZURE_CLI_CLIENT_ID
        self._consent_url = authority.of(self._tenant_id).consent_url(client_id)
        self._clients = MsalClients(client_id, authority, http, None)
        self._now = now
        self._lock = threading.Lock()
        self._cache = token_cache()
        self._flow: dict[str, Any] | None = None

    def get_token(self, *scopes: str, tenant_id: str = "", claims: str = "") -> IssuedToken:
        """A token of whoever has signed in.

        Raises:
            TokenError: Nobody has yet; ``remedy`` names address and code. Or Entra refused.
        """
        with self._lock:
            try:
                return self._get(scopes[0], tenant_id, claims)
            except EntraUnavailable as unavailable:
                raise entra_is_down(str(unavailable)) from None
            except IdentityProviderDown as down:
                raise entra_is_down(down.detail) from None
            except SignInError as refused:
                raise TokenError(
                    refused.title, refused.remedy, who=refused.who, cause=refused.cause, detail=refused.detail
                ) from None
            except UNREADABLE as error:
                raise entra_is_down(f"unreadable reply ({type(error).__name__})") from None

    def close(self) -> None:
        """Forget who has signed in."""
        with self._lock:
            self._cache, self._flow = token_cache(), None

    def _get(self, scope: str, tenant_id: str, claims: str) -> IssuedToken:
        client = self._clients.build(self._cache, tenant_id=tenant_id or self._tenant_id)
        accounts = client.get_accounts()
        if accounts:
            result = client.acquire_token_silent_with_error([scope], accounts[0], claims_challenge=claims or None)
            if result and "access_token" in result:
                return self._given(result)
        if self._flow is None or self._flow["expires_at"] <= self._now():
            self._flow = client.initiate_device_flow([scope], claims_challenge=claims or None)
            raise self._refused(self._flow) if "error" in self._flow else self._waiting()
        if self._now() < self._flow.get("latest_attempt_at", 0) + self._flow["interval"]:
            raise self._waiting()
        result = client.acquire_token_by_device_flow(self._flow, exit_condition=lambda _: True)
        if result.get("error") in _POLLED:
            raise self._waiting()
        if "access_token" not in result:
            raise self._refused(result)
        self._flow = None
        return self._given(result)

    def _given(self, result: dict[str, Any]) -> IssuedToken:
        return IssuedToken(str(result["access_token"]), int(self._now()) + int(result["expires_in"]))

    def _refused(self, error: dict[str, Any]) -> TokenError:
        self._flow = None
        return refused_refresh(error, consent_url=self._consent_url)

    def _waiting(self) -> TokenError:
        assert self._flow is not None  # noqa: S101 - only then there is something to wait for
        return TokenError(
            "The app waits for you to sign in with a code.",
            f"Open {self._flow['verification_uri']} in a browser, enter the code below and sign in; then try again "
            "here. Enter no code that somebody else has sent you.",
            command=str(self._flow["user_code"]),
            who=YOU,
            cause=WAITING,
            detail="waiting for the device code to be entered",
        )
