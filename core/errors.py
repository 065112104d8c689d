"""Every failure a person can meet, as one tree.

KeylessError
├── SettingsError            the configuration cannot be used; lists every problem
├── SignInError              signing in did not work
│   ├── SignInExpired        the attempt is too old, was used already, or belongs to another browser
│   ├── SignInRefused        Entra (or our own checks) said no
│   ├── ConsentMissing       an administrator has to agree first
│   └── IdentityProviderDown Entra did not answer, or answered nonsense
├── TokenError               no access token could be obtained for a call
│   ├── SignInAgain          only the person can renew it, by signing in
│   └── NoCredential         none of the app's own credentials answered
├── CallError                a deployment refused or failed
│   ├── TokenRefused         the access token was not accepted
│   ├── RoleMissing          the identity lacks the data-plane role
│   ├── AccessBlocked        network rules, key policy or suspension of the resource
│   ├── WrongTenant          the token is from another directory than the resource
│   ├── DeploymentMissing    no deployment of that name
│   ├── RequestRefused       the deployment does not take this operation or parameter
│   ├── PromptFiltered       the content filter refused the prompt
│   ├── RateLimited          too many requests, or no capacity
│   ├── ServiceFailed        the service answered with an error of its own
│   ├── OutOfService         it failed too often, so nothing is sent to it for a while
│   ├── Unreachable          no connection, name, or TLS
│   ├── TimedOut             no answer in time
│   └── UnexpectedReply      an answer that is none: wrong shape, too large, a redirect
├── StorageError             something could not be stored or read
└── NotFound                 not there, or not yours: the same answer for both

Each carries ``title`` (what happened, in words for a business user), ``remedy`` (what to do and who can do it),
``retryable``, and ``reference``, a short number that the log repeats. None ever carries a token, a prompt, an
answer, or a vendor's exception.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime


def new_reference() -> str:
    """A short number to quote, such as ``K-7F3A90C2``."""
    return f"K-{secrets.token_hex(4).upper()}"


class KeylessError(Exception):
    """A failure told as a sentence with a remedy.

    Args:
        title: What happened; one sentence.
        remedy: What to do now, and who can do it.
        retryable: Whether the same call may work when tried again unchanged.
        command: A command or text to copy that carries out the remedy, or "".
        who: Who can do it, such as "An owner of the resource", or "".
        cause: A code for what is behind it, such as ``role-missing``, by which causes are told apart, or "".
        detail: A safe technical hint (status, error code, request id) for the log and the support, or "".
    """

    default_title: ClassVar[str] = "Something went wrong."
    default_remedy: ClassVar[str] = "Try again. If it stays, give the reference number to your administrator."
    default_who: ClassVar[str] = ""
    default_cause: ClassVar[str] = ""
    retryable_by_default: ClassVar[bool] = False

    def __init__(  # noqa: PLR0913 - each says something else, by name
        self,
        title: str = "",
        remedy: str = "",
        *,
        retryable: bool | None = None,
        command: str = "",
        who: str = "",
        cause: str = "",
        detail: str = "",
    ) -> None:
        self.title = title or self.default_title
        self.remedy = remedy or self.default_remedy
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.command = command
        self.who = who or self.default_who
        self.cause = cause or self.default_cause
        self.detail = detail
        self.reference = new_reference()
        super().__init__(f"{self.title} ({self.reference})")


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One setting that cannot be used: its ``name``, what is wrong, and how to mend it."""

    name: str
    what: str
    remedy: str


class SettingsError(KeylessError):
    """The configuration cannot be used; ``problems`` lists all that is wrong, not only the first."""

    default_title = "Keyless cannot start with this configuration."
    default_remedy = "Correct the settings named here and start again."

    def __init__(self, problems: list[SettingsProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__()

    def report(self) -> str:
        """All problems as plain text for a terminal, one paragraph each."""
        lines = [self.title, ""]
        for problem in self.problems:
            lines += [f"  {problem.name}: {problem.what}", f"      {problem.remedy}"]
        return "\n".join(lines)


class SignInError(KeylessError):
    """Signing in did not work."""

    default_title = "Signing in did not work."
    default_remedy = "Start again with Sign in."


class SignInExpired(SignInError):
    """The attempt is too old, was used already, or was begun in another browser."""

    default_who = "You"
    default_cause = "signed-out"
    default_title = "This sign-in attempt can no longer be used."
    retryable_by_default = True


class SignInRefused(SignInError):
    """Entra, or our own check of what it sent, said no."""

    default_who = "Whoever runs this app"
    default_cause = "sign-in-not-verified"
    default_title = "Your sign-in could not be verified."


class ConsentMissing(SignInError):
    """An administrator of the directory has to agree to the app first."""

    default_who = "An administrator of your directory"
    default_cause = "consent-missing"
    default_title = "An administrator has to approve this app first."
    default_remedy = "Ask an administrator of your directory to grant admin consent, then sign in again."


class IdentityProviderDown(SignInError):
    """Entra did not answer, or answered something that is not Entra."""

    default_who = "Whoever runs this app"
    default_cause = "identity-provider-down"
    default_title = "Entra did not answer."
    default_remedy = "Wait a moment and sign in again. If it stays, tell your administrator."
    retryable_by_default = True


class TokenError(KeylessError):
    """No access token could be obtained for a call."""

    default_title = "No access token could be obtained."


class SignInAgain(TokenError):
    """Only the person can renew the token, by signing in. ``claims`` is what Entra asks for, kept on the server."""

    default_who = "You"
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

    default_who = "Whoever runs this app"
    default_cause = "no-credential"
    default_title = "The app has no identity that answers."
    default_remedy = "On Azure, give the app a managed identity; on a laptop, run az login."


class CallError(KeylessError):
    """A deployment refused or failed; ``retry_at`` is from when on trying again is worth it, None where unknown."""

    default_title = "The deployment did not answer."
    request_id: str = ""
    retry_at: datetime | None = None


class TokenRefused(CallError):
    """The access token was not accepted: missing, expired, or for another audience."""

    default_who = "Whoever runs this app"
    default_cause = "token-refused"
    default_title = "The deployment did not accept the sign-in."
    default_remedy = "Sign in again. If it stays, ask your administrator to check the scope of the endpoint."


class RoleMissing(CallError):
    """The calling identity lacks the data-plane role on the resource."""

    default_who = "An owner of the resource"
    default_cause = "role-missing"
    default_title = "Your account may not use this resource yet."


class AccessBlocked(CallError):
    """Network rules, key policy or a suspension of the resource stand in the way."""

    default_who = "An owner of the resource"
    default_cause = "access-blocked"
    default_title = "The resource does not let this app in."


class WrongTenant(CallError):
    """The token is from another directory than the resource."""

    default_who = "Whoever runs this app"
    default_cause = "wrong-tenant"
    default_title = "The resource belongs to another directory."


class DeploymentMissing(CallError):
    """No deployment of that name on the resource."""

    default_who = "Whoever runs this app"
    default_cause = "deployment-missing"
    default_title = "There is no deployment of this name."


class RequestRefused(CallError):
    """The deployment does not take this operation or parameter; ``parameter`` names it where known."""

    default_who = "You"
    default_cause = "request-refused"
    default_title = "The deployment does not take this request."
    parameter: str = ""
    code: str = ""


class PromptFiltered(CallError):
    """The content filter refused the prompt, or stopped the answer; ``categories`` says why."""

    default_who = "You"
    default_cause = "content-filter"
    default_title = "The content filter refused this prompt."
    default_remedy = "Reword the prompt and send it again."
    categories: tuple[str, ...] = ()


class RateLimited(CallError):
    """Too many requests or no capacity; ``retry_after_seconds`` is what the service asked for, None without."""

    default_who = "You"
    default_cause = "quota"
    default_title = "The deployment is busy."
    retryable_by_default = True
    retry_after_seconds: float | None = None


class ServiceFailed(CallError):
    """The service answered with an error of its own."""

    default_who = "Microsoft"
    default_cause = "service-failed"
    default_title = "The service failed."
    default_remedy = "Try again in a moment. If it stays, give the reference number to your administrator."
    retryable_by_default = True


class OutOfService(CallError):
    """The deployment failed so often that nothing is sent to it until ``retry_at``."""

    default_who = "You"
    default_cause = "out-of-service"
    default_title = "The deployment has failed too often and is left alone for a while."
    default_remedy = "Choose another deployment, or wait."
    retryable_by_default = True


class Unreachable(CallError):
    """No connection: name, network or TLS."""

    default_who = "Whoever runs this app"
    default_cause = "unreachable"
    default_title = "The resource could not be reached."
    retryable_by_default = True


class TimedOut(CallError):
    """No answer in time."""

    default_who = "You"
    default_cause = "timed-out"
    default_title = "The deployment took too long."
    default_remedy = "Try again, or choose a faster deployment."
    retryable_by_default = True


class UnexpectedReply(CallError):
    """The endpoint answered something that is no answer."""

    default_who = "Whoever runs this app"
    default_cause = "unexpected-reply"
    default_title = "The endpoint sent an unexpected reply."
    default_remedy = "Ask your administrator to check the endpoint's address and any proxy before it."


class StorageError(KeylessError):
    """Something could not be stored or read."""

    default_title = "This could not be saved."
    default_remedy = "Try again. If it stays, give the reference number to your administrator."
    retryable_by_default = True


class NotFound(KeylessError):
    """Not there, or not yours: the same answer for both."""

    default_title = "This was not found."
    default_remedy = "Check the address, or ask its owner to share it."
