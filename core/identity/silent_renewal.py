"""Asking MSAL for a person's token without the person: from the token cache, or with the refresh token in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import SignInAgain, SignInError, TokenError
from core.identity.access_token import AccessToken, TokenRequest, check_token
from core.identity.entra_connection import EntraUnavailable
from core.identity.entra_refusals import entra_is_down, refused_refresh
from core.identity.msal_clients import UNREADABLE, MsalClients

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.identity.authority import Authority, EntraHttp
    from core.identity.msal_clients import MsalClient, TokenCache
    from core.identity.web_app_credential import Credential
    from core.settings import Settings
    from core.storage.sessions import SessionRecord


class SilentRenewal:
    """Gets tokens out of a token cache.

    Args:
        settings: ``client_id``.
        authority: The people's own directory.
        http: Speaks to Entra.
        credential: What the web app proves itself with.
        clock: Decides whether a token is still good.
    """

    def __init__(
        self,
        settings: Settings,
        authority: Authority,
        http: EntraHttp,
        credential: Credential,
        clock: Callable[[], datetime],
    ) -> None:
        self._client_id = settings.client_id
        self._authority = authority
        self._clients = MsalClients(settings.client_id, authority, http, credential)
        self._clock = clock

    def ask(self, session: SessionRecord, cache: TokenCache, request: TokenRequest) -> tuple[AccessToken, bool]:
        """A token of the session's person, and whether it is from ``cache``, which changes otherwise. Blocks.

        A token in the cache that is not the refused one is newer: another process has put it there.

        Raises:
            SignInAgain: Only the person can renew it.
            TokenError: Entra does not answer, the app cannot prove itself, or another directory refuses.
        """
        try:
            client = self._clients.build(cache, tenant_id=request.tenant_id)
            account = _account_of(client.get_accounts(), session)
            token, is_cached = self._read(client, account, request, is_new=False)
            # MSAL goes by its own clock; ours decides.
            is_newer = token.value != request.refused and token.is_fresh(self._clock())
            is_enough = is_newer if is_cached else not request.claims
            if not is_enough:
                token, is_cached = self._read(client, account, request, is_new=True)
        except EntraUnavailable as unavailable:
            raise entra_is_down(str(unavailable)) from None
        except SignInError as refused:
            raise TokenError(
                refused.title,
                refused.remedy,
                retryable=refused.retryable,
                who=refused.who,
                cause=refused.cause,
                detail=refused.detail,
            ) from None
        except UNREADABLE as error:
            raise entra_is_down(f"unreadable reply of the token endpoint ({type(error).__name__})") from None
        return token, is_cached

    def _read(
        self, client: MsalClient, account: dict[str, Any], request: TokenRequest, *, is_new: bool
    ) -> tuple[AccessToken, bool]:
        # A challenge is for Entra alone: with one, MSAL would not look into the cache.
        result = client.acquire_token_silent_with_error(
            [request.scope],
            account,
            force_refresh=is_new,
            claims_challenge=(is_new and request.claims) or None,
        )
        if result is None:
            raise SignInAgain(detail="no refresh token")
        if "error" in result:
            raise refused_refresh(
                result,
                consent_url=self._authority.of(request.tenant_id).consent_url(self._client_id),
                of_another_directory=bool(request.tenant_id),
            )
        is_cached = result.get("token_source") == "cache"
        # MSAL counts what it remembers from the real time, Entra's answer counts from now.
        now = datetime.now(UTC) if is_cached else self._clock()
        value = result.get("access_token")
        expires_at = now + timedelta(seconds=int(result["expires_in"]))
        return AccessToken(check_token(value if isinstance(value, str) else ""), expires_at), is_cached


def _account_of(accounts: list[dict[str, Any]], session: SessionRecord) -> dict[str, Any]:
    for account in accounts:
        if (account.get("realm"), account.get("local_account_id")) == (session.tenant_id, session.object_id):
            return account
    raise SignInAgain(detail="the token cache holds no account of this person")
