"""As me, or as the app: which identities a person may call with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.identity.access_token import TokenSource
    from core.identity.app_credential import AppTokens
    from core.identity.session_tokens import SessionTokens
    from core.settings import Settings
    from core.storage.sessions import SessionRecord


def identities_for(
    session: SessionRecord, settings: Settings, session_tokens: SessionTokens | None, app_tokens: AppTokens | None
) -> list[TokenSource]:
    """The token sources that the session's person may choose from; the first is the usual one.

    Args:
        session: Whose choice it is; its roles are those of the sign-in's id_token.
        settings: Whether the app's own identity is offered beside the person's, and to whom.
        session_tokens: People's own tokens, where deployments are called with them.
        app_tokens: The app's own, where deployments are or may be called with them.
    """
    if session_tokens is None:
        return [app_tokens] if app_tokens is not None else []
    role = settings.app_identity_role
    may_choose = settings.app_identity and (not role or role in session.roles)
    return [session_tokens.source(session), *([app_tokens] if may_choose and app_tokens is not None else [])]
