"""Tokens that a resource does not take, and callers that it does not let in: HTTP 401 and 403, role aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.deployments.az_commands import allow_address, show_address
from core.errors import AccessBlocked, TokenRefused
from core.errors.who import RUNS_THE_APP

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.deployments.deployment import Endpoint
    from core.deployments.refusal import Refusal
    from core.deployments.sentences import Context

CLOCK_LEEWAY_SECONDS: Final = 300.0
"""Tokens are good for this much longer, and earlier, than they say; a clock that is off by more spoils them."""

CLOCK_IS: Final = "The clock of the server that runs this app is"
SET_THE_CLOCK: Final = (
    "Ask whoever runs this app to let the server set its clock by the network (NTP), then try again."
)
_OWNER: Final = "Ask an owner of the resource"
_ASK: Final = "Ask whoever runs this app"


@dataclass(frozen=True, slots=True)
class _Block:
    """``hint`` is how the message is known; ``command`` carries out ``remedy``, or shows what it needs."""

    hint: str
    cause: str
    title: str
    remedy: str
    who: str = ""
    command: Callable[[Endpoint], str] = lambda _: ""


_BLOCKS: Final = (
    _Block(
        "temporarily blocked",
        "suspended",
        "The resource is suspended.",
        f"{_OWNER} to ask Azure's support why it is blocked.",
    ),
    _Block(
        "public access is disabled",
        "private-endpoint",
        "The resource answers in its private network only.",
        f"{_OWNER} to set up a private endpoint for this app, or have it run in that network.",
    ),
    _Block(
        "a virtual network is configured",
        "vnet-wrong-host",
        "The resource wants to be called by its own host name.",
        f"{_ASK} to put that name into the catalogue as its address; Keys and Endpoint in the portal shows it.",
        who=RUNS_THE_APP,
        command=show_address,
    ),
    _Block(
        "firewall",
        "firewall",
        "The resource's firewall does not let this app in.",
        f"{_OWNER} to add this app's outgoing address to the resource's network rules.",
        command=allow_address,
    ),
)


def token_refused(refusal: Refusal, context: Context) -> TokenRefused:
    """Say why a token was refused, as far as the reply shows: a clock that is off, another audience, or neither."""
    scope = context.deployment.endpoint.scope.removesuffix("/.default")
    skew = clock_skew(refusal.date, context.now)
    if skew is not None:
        return TokenRefused(
            f"{CLOCK_IS} {skew} the service's, so its tokens are not taken.",
            SET_THE_CLOCK,
            cause="clock-skew",
            detail=refusal.detail,
        )
    if refusal.audience and refusal.audience != scope:
        return TokenRefused(
            f"The resource wants tokens for {refusal.audience}, and its entry in the catalogue says {scope}.",
            f"{_ASK} to set the endpoint's scope to {refusal.audience}/.default.",
            cause="wrong-audience",
            detail=refusal.detail,
        )
    return TokenRefused(
        remedy="Sign in again. If it stays, ask whoever runs this app to check three things: the endpoint's scope "
        f"(a token for {scope} was sent), the tenant it signs in to, and the clock of the server.",
        detail=refusal.detail,
    )


def clock_skew(date: datetime | None, now: datetime) -> str | None:
    """How far ``now`` is from the service's ``date``, as "12 minutes ahead of"; None when that is right enough."""
    if date is None:
        return None
    seconds = (now - date).total_seconds()
    if abs(seconds) <= CLOCK_LEEWAY_SECONDS:
        return None
    return f"{abs(seconds) / 60:.0f} minutes {'ahead of' if seconds > 0 else 'behind'}"


def blocked(refusal: Refusal, context: Context) -> AccessBlocked:
    """Say what stands between the caller and the resource."""
    if refusal.code == "AuthenticationTypeDisabled":
        return AccessBlocked(
            "The resource takes no keys, and something on the way sent one.",
            f"{_ASK} to check the gateway before the resource: this app never sends a key.",
            who=RUNS_THE_APP,
            cause="key-auth-disabled",
            detail=refusal.detail,
        )
    message = refusal.message.lower()
    for block in _BLOCKS:
        if block.hint in message:
            return AccessBlocked(
                block.title,
                block.remedy,
                who=block.who,
                cause=block.cause,
                command=block.command(context.deployment.endpoint),
                detail=refusal.detail,
            )
    return AccessBlocked(remedy=f"{_OWNER} to check its network rules and policies.", detail=refusal.detail)
