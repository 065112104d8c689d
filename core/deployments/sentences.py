"""What a refusal of the service means to a person: title, remedy, and who can act on it.

By HTTP status first, then ``error.code``, and by the message only where the service gives nothing better (Microsoft
Learn, "Azure OpenAI REST API reference"; the bodies are those that resources really send).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.deployments.busy import rate_limited
from core.deployments.role_missing import resource_name, role_missing
from core.errors import (
    AccessBlocked,
    CallError,
    DeploymentMissing,
    PromptFiltered,
    RequestRefused,
    ServiceFailed,
    TimedOut,
    TokenRefused,
    UnexpectedReply,
    Unreachable,
    WrongTenant,
)

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
_ADMINISTRATOR: Final = "Ask an administrator of the resource"


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
            f"{_ADMINISTRATOR} to correct the endpoint's address.",
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
            f"{_ADMINISTRATOR} which tenant it belongs to.",
            detail=refusal.detail,
        )
    if refusal.code in {"content_filter", "invalid_prompt"}:
        return _filtered(refusal)
    return _request_refused(refusal, context)


def _filtered(refusal: Refusal) -> PromptFiltered:
    results = refusal.inner.get("content_filter_result") or refusal.inner.get("content_filter_results")
    categories = tuple(
        str(name).replace("_", " ")
        for name, result in (results.items() if isinstance(results, dict) else ())
        if isinstance(result, dict) and result.get("filtered") is True
    )
    title = f"The content filter refused this prompt: {', '.join(categories)}." if categories else ""
    error = PromptFiltered(title, detail=refusal.detail)
    error.categories = categories
    return error


def _request_refused(refusal: Refusal, context: Context) -> RequestRefused:
    name = context.deployment.label
    choose = "Choose another deployment."
    if refusal.code == "OperationNotSupported":
        said = (
            f"{name} takes none of the operations that were tried.",
            f"{choose} {_ADMINISTRATOR} to correct its operations in the catalogue.",
        )
    elif refusal.code in _TOO_LONG:
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
    error = RequestRefused(*said, detail=refusal.detail)
    error.parameter, error.code = refusal.parameter, refusal.code
    return error


def _token_refused(refusal: Refusal, context: Context) -> CallError:
    scope = context.deployment.endpoint.scope.removesuffix("/.default")
    return TokenRefused(
        remedy="Sign in again. If it stays, ask your administrator to check three things: the endpoint's scope "
        f"(a token for {scope} was sent), the tenant it signs in to, and the clock of the server.",
        detail=refusal.detail,
    )


_BLOCKS: Final = (
    ("temporarily blocked", "The resource is suspended.", "to ask Azure's support why it is blocked."),
    ("public access is disabled", "The resource answers in its private network only.",
     "to run this app in that network, or to set up a private endpoint for it."),
    ("a virtual network is configured", "The resource wants to be called by its own host name.",
     "to put https://NAME.openai.azure.com into the catalogue as its address."),
    ("firewall", "The resource's firewall does not let this app in.",
     "to add this app's outgoing address to the resource's network rules."),
)  # fmt: skip


def _blocked(refusal: Refusal, _: Context) -> AccessBlocked:
    if refusal.code == "AuthenticationTypeDisabled":
        return AccessBlocked(
            "The resource takes no keys, and something on the way sent one.",
            "Ask your administrator to check the gateway before the resource: this app never sends a key.",
            detail=refusal.detail,
        )
    message = refusal.message.lower()
    for hint, title, remedy in _BLOCKS:
        if hint in message:
            return AccessBlocked(title, f"{_ADMINISTRATOR} {remedy}", detail=refusal.detail)
    return AccessBlocked(remedy=f"{_ADMINISTRATOR} to check its network rules and policies.", detail=refusal.detail)


def _not_found(refusal: Refusal, context: Context) -> CallError:
    if refusal.code in DEPLOYMENT_MISSING:
        return DeploymentMissing(
            f"There is no deployment {context.deployment.name} on the resource {context.resource}.",
            f"{_ADMINISTRATOR} to check the deployment's name in the catalogue. A new one can take "
            "five minutes to answer.",
            detail=refusal.detail,
        )
    if refusal.is_page:
        return _page(refusal, context)
    error = RequestRefused(
        f"The resource {context.resource} does not know this kind of request.",
        f"{_ADMINISTRATOR} to check the endpoint's address, its api version and the deployment's operations in the "
        "catalogue.",
        detail=refusal.detail,
    )
    error.code = refusal.code
    return error


_SPECIAL: Final[dict[int, Callable[[Refusal, Context], CallError]]] = {
    400: _bad_request,
    401: _token_refused,
    403: _blocked,
    404: _not_found,
    407: lambda refusal, _: Unreachable(
        "A proxy between this app and the resource asks for a sign-in.",
        "Ask your administrator to let this app reach the resource without it.",
        retryable=False,
        detail=refusal.detail,
    ),
    408: lambda refusal, _: TimedOut(detail=refusal.detail),
    409: lambda refusal, _: ServiceFailed(detail=refusal.detail),
    424: lambda refusal, _: ServiceFailed(
        "A part that the service depends on failed.", retryable=False, detail=refusal.detail
    ),
}
