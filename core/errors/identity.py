"""Signing in did not work, or there is no token to call with."""

from __future__ import annotations

from core.errors.keyless_error import KeylessError
from core.errors.who import DIRECTORY_ADMINISTRATOR, RUNS_THE_APP, YOU


class SignInError(KeylessError):
    """Signing in did not work. ``next_path`` is where the person wanted to go, as far as that is known."""

    default_title = "Signing in did not work."
    default_remedy = "Start again with Sign in."
    next_path = "/"


class SignInExpired(SignInError):
    """The attempt is too old, was used already, or was begun in another browser."""

    default_who = YOU
    default_cause = "signed-out"
    default_title = "This sign-in attempt can no longer be used."
    retryable_by_default = True


class SignInRefused(SignInError):
    """Entra, or our own check of what it sent, said no."""

    default_who = RUNS_THE_APP
    default_cause = "sign-in-not-verified"
    default_title = "Your sign-in could not be verified."


class ConsentMissing(SignInError):
    """An administrator of the directory has to agree to the app first."""

    default_who = DIRECTORY_ADMINISTRATOR
    default_cause = "consent-missing"
    default_title = "An administrator has to approve this app first."
    default_remedy = "Ask an administrator of your directory to grant admin consent, then sign in again."


class IdentityProviderDown(SignInError):
    """Entra did not answer, or answered something that is not Entra."""

    default_who = RUNS_THE_APP
    default_cause = "identity-provider-down"
    default_title = "Entra did not answer."
    default_remedy = "Wait a moment and sign in again. If it stays, tell whoever runs this app."
    retryable_by_default = True


class TokenError(KeylessError):
    """No access token could be obtained for a call."""

    default_who = RUNS_THE_APP
    default_cause = "no-token"
    default_title = "No access token could be obtained."


class SignInAgain(TokenError):
    """Only the person can renew the token, by signing in. ``claims`` is what Entra asks for, kept on the server."""

    default_who = YOU
    default_cause = "signed-out"
    default_title = "Your sign-in has to be renewed."
    default_remedy = "Sign in again; your prompt is kept."

    def __init__(  # noqa: PLR0913 - each says something else, by name
        self,
        title: str = "",
        remedy: str = "",
        *,
        claims: str = "",
        command: str = "",
        who: str = "",
        cause: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(title, remedy, command=command, who=who, cause=cause, detail=detail)
        self.claims = claims


class NoCredential(TokenError):
    """None of the app's own credentials gave a token; ``detail`` names each and why."""

    default_who = RUNS_THE_APP
    default_cause = "no-credential"
    default_title = "The app has no identity that answers."
    default_remedy = "On Azure, give the app a managed identity; on a laptop, run az login."
