"""A deployment refused or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors.keyless_error import KeylessError
from core.errors.who import MICROSOFT, RESOURCE_OWNER, RUNS_THE_APP, YOU

if TYPE_CHECKING:
    from datetime import datetime


class CallError(KeylessError):
    """A deployment refused or failed; ``retry_at`` is from when on trying again is worth it, None where unknown."""

    default_title = "The deployment did not answer."
    request_id: str = ""
    retry_at: datetime | None = None


class TokenRefused(CallError):
    """The access token was not accepted: missing, expired, or for another audience."""

    default_who = RUNS_THE_APP
    default_cause = "token-refused"
    default_title = "The deployment did not accept the sign-in."
    default_remedy = "Sign in again. If it stays, ask whoever runs this app to check the scope of the endpoint."


class RoleMissing(CallError):
    """The calling identity lacks the data-plane role on the resource."""

    default_who = RESOURCE_OWNER
    default_cause = "role-missing"
    default_title = "Your account may not use this resource yet."


class AccessBlocked(CallError):
    """Network rules, key policy or a suspension of the resource stand in the way."""

    default_who = RESOURCE_OWNER
    default_cause = "access-blocked"
    default_title = "The resource does not let this app in."


class WrongTenant(CallError):
    """The token is from another directory than the resource."""

    default_who = RUNS_THE_APP
    default_cause = "wrong-tenant"
    default_title = "The resource belongs to another directory."


class DeploymentMissing(CallError):
    """No deployment of that name on the resource."""

    default_who = RUNS_THE_APP
    default_cause = "deployment-missing"
    default_title = "There is no deployment of this name."


class RequestRefused(CallError):
    """The deployment does not take this operation or parameter; ``parameter`` names it where known."""

    default_who = YOU
    default_cause = "request-refused"
    default_title = "The deployment does not take this request."
    parameter: str = ""
    code: str = ""


class PromptFiltered(CallError):
    """The content filter refused the prompt, or stopped the answer; the title says why."""

    default_who = YOU
    default_cause = "content-filter"
    default_title = "The content filter refused this prompt."
    default_remedy = "Reword the prompt and send it again."


class RateLimited(CallError):
    """Too many requests or no capacity; ``retry_after_seconds`` is what the service asked for, None without."""

    default_who = YOU
    default_cause = "quota"
    default_title = "The deployment is busy."
    retryable_by_default = True
    retry_after_seconds: float | None = None


class ServiceFailed(CallError):
    """The service answered with an error of its own."""

    default_who = MICROSOFT
    default_cause = "service-failed"
    default_title = "The service failed."
    default_remedy = "Try again in a moment. If it stays, give the reference number to your administrator."
    retryable_by_default = True


class OutOfService(CallError):
    """The deployment failed so often that nothing is sent to it until ``retry_at``."""

    default_who = YOU
    default_cause = "out-of-service"
    default_title = "The deployment has failed too often and is left alone for a while."
    default_remedy = "Choose another deployment, or wait."
    retryable_by_default = True


class Unreachable(CallError):
    """No connection: name, network or TLS."""

    default_who = RUNS_THE_APP
    default_cause = "unreachable"
    default_title = "The resource could not be reached."
    retryable_by_default = True


class TimedOut(CallError):
    """No answer in time."""

    default_who = YOU
    default_cause = "timed-out"
    default_title = "The deployment took too long."
    default_remedy = "Try again, or choose a faster deployment."
    retryable_by_default = True


class UnexpectedReply(CallError):
    """The endpoint answered something that is no answer."""

    default_who = RUNS_THE_APP
    default_cause = "unexpected-reply"
    default_title = "The endpoint sent an unexpected reply."
    default_remedy = "Ask whoever runs this app to check the endpoint's address and any proxy before it."
