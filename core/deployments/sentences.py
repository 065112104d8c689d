"""What a refusal of the service means to a person: title, remedy, and who can act on it.

By HTTP status first, then ``error.code``, and by the message only where the service gives nothing better (Microsoft
Learn, "Azure OpenAI REST API reference"; the bodies are those that resources really send).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.deployments.az_commands import list_deployments
from core.deployments.busy import rate_limited
from core.deployments.content_filter import filtered
from core.deployments.role_missing import resource_name, role_missing
from core.deployments.turned_away import blocked, token_refused
from core.errors import (
    CallError,
    DeploymentMissing,
    RequestRefused,
    ServiceFailed,
    TimedOut,
    UnexpectedReply,
    Unreachable,
    WrongTenant,
)
from core.errors.who import RUNS_THE_APP

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.deployments.deployment import Deployment
    from core.deployments.refusal import Refusal
    from core.deployments.role_missing import Caller

DEPLOYMENT_MISSING: Final = frozenset({"DeploymentNotFound", "model_not_found"})
NO_ROLE: Final = "PermissionDenied"
_OTHER_TENANT: Final = "Tenant provided in token does not match resource token"
_TOO_LONG: Final = frozenset({"context_length_exceeded", "string_above_max_length", "array_above_max_length"})
_REFUSED_PARAMETER: Final = frozenset({"unsupported_parameter", "unknown_parameter"})
_ASK: Final = "Ask whoever runs this app"


@dataclass(frozen=True, slots=True)
class Context:
    """Which deployment was called, by whom, and when."""

    deployment: Deployment
    caller: Caller
    now: datetime

    @property
    def host(self) -> str:
        """Host name of the endpoint."""
        return urlsplit(self.deployment.endpoint.url).hostname or ""

    @property
    def resource(self) -> str:
        """Name of the resource."""
        return resource_name(self.deployment.endpoint)


def refused(refusal: Refusal, context: Context) -> CallError:
    """Turn what the service said into one of our errors."""
    error = _by_status(refusal, context)
    error.request_id = refusal.request_id
    return error


def _by_status(refusal: Refusal, context: Context) -> CallError:
    status = refusal.status
    if status in {401, 403} and refusal.code == NO_ROLE:
        return role_missing(refusal, context.deployment.endpoint, context.caller)
    if status == 429:  # noqa: PLR2004 - HTTP statuses are names enough here and below
        return rate_limited(refusal, context.now)
    if status >= 500:  # noqa: PLR2004
        return ServiceFailed(detail=refusal.detail)
    special = _SPECIAL.get(status)
    if special is not None:
        return special(refusal, context)
    if refusal.is_page or status < 400:  # noqa: PLR2004
        return _page(refusal, context)
    return _request_refused(refusal, context)


def _page(refusal: Refusal, context: Context) -> CallError:
    if refusal.status < 400:  # noqa: PLR2004
        return UnexpectedReply(
            f"The address {context.host} sends the call elsewhere, and it was not followed.",
            f"{_ASK} to correct the endpoint's address.",
            detail=refusal.detail,
        )
    return UnexpectedReply(
        "Something between this app and the resource answered with a page of its own.", detail=refusal.detail
    )


def _bad_request(refusal: Refusal, context: Context) -> CallError:
    if refusal.is_page:
        return _page(refusal, context)
    if refusal.code == _OTHER_TENANT:
        return WrongTenant(
            f"The resource {context.resource} belongs to another directory than the sign-in.",
            "Sign in with an account of the resource's directory, or choose another deployment. "
            f"{_ASK} to set the endpoint's tenant.",
            detail=refusal.detail,
        )
    if refusal.code in {"content_filter", "invalid_prompt"}:
        return filtered(refusal)
    return _request_refused(refusal, context)


def _request_refused(refusal: Refusal, context: Context) -> RequestRefused:
    name = context.deployment.label
    choose = "Choose another deployment."
    who, cause = "", "parameter-refused" if refusal.parameter else ""
    if refusal.code == "OperationNotSupported":
        who, cause = RUNS_THE_APP, "operation-not-supported"
        said = (
            f"{name} takes none of the operations that were tried.",
            f"{choose} {_ASK} to correct its operations in the catalogue.",
        )
    elif refusal.code in _TOO_LONG:
        cause = "prompt-too-long"
        said = (
            f"This is longer than {name} can read.",
            "Shorten the prompt, begin a new conversation, or choose a deployment that reads more.",
        )
    elif refusal.code in _REFUSED_PARAMETER and refusal.parameter:
        said = (f"{name} does not take {refusal.parameter}.", f"Leave {refusal.parameter} out and send again.")
    elif refusal.parameter:
        said = (f"{name} does not take this value of {refusal.parameter}.", f"Change {refusal.parameter}.")
    else:
        said = (
            f"{name} does not take this request.",
            f"{choose} If it stays, give the reference number to your administrator.",
        )
    error = RequestRefused(*said, who=who, cause=cause, detail=refusal.detail)
    error.parameter, error.code = refusal.parameter, refusal.code
    return error


def _not_found(refusal: Refusal, context: Context) -> CallError:
    if refusal.code in DEPLOYMENT_MISSING:
        return DeploymentMissing(
            f"There is no deployment {context.deployment.name} on the resource {context.resource}.",
            f"{_ASK} to check the deployment's name in the catalogue. A new one can take five minutes to answer.",
            command=list_deployments(context.deployment.endpoint),
            detail=refusal.detail,
        )
    if refusal.is_page:
        return _page(refusal, context)
    error = RequestRefused(
        f"The resource {context.resource} does not know this kind of request.",
        f"{_ASK} to check the endpoint's address, its api version and the deployment's operations in the catalogue.",
        who=RUNS_THE_APP,
        cause="operation-not-supported",
        detail=refusal.detail,
    )
    error.code = refusal.code
    return error


_SPECIAL: Final[dict[int, Callable[[Refusal, Context], CallError]]] = {
    400: _bad_request,
    401: token_refused,
    403: blocked,
    404: _not_found,
    407: lambda refusal, _: Unreachable(
        "A proxy between this app and the resource asks for a sign-in.",
        f"{_ASK} to let it reach the resource without it.",
        retryable=False,
        cause="proxy",
        detail=refusal.detail,
    ),
    408: lambda refusal, _: TimedOut(detail=refusal.detail),
    409: lambda refusal, _: ServiceFailed(detail=refusal.detail),
    424: lambda refusal, _: ServiceFailed(
        "A part that the service depends on failed.", retryable=False, detail=refusal.detail
    ),
}
