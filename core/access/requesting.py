"""A text ready to send to whoever can mend what stands in the way."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from core.deployments.role_missing import ROLES, resource_name

if TYPE_CHECKING:
    from datetime import datetime

    from core.deployments.deployment import Deployment

LONGEST_LINK: Final = 1_900
"""Mail programs cut longer links (Windows at about 2,000 characters)."""

_SENTENCES: Final = {
    "role-missing": "Please give {name} the role “{role}” on the resource {resource}. "
    "It can take five minutes to start working. Owner and Contributor do not contain it.",
    "role-spreading": "The role “{role}” on the resource {resource} was given to {name}, and it does not work yet. "
    "Please check that it was given to this object id and on this resource.",
    "firewall": "Please add the outgoing address of the app to the network rules of the resource {resource}.",
    "private-endpoint": "The resource {resource} answers in its private network only. Please run the app in that "
    "network, or set up a private endpoint for it.",
    "vnet-wrong-host": "The resource {resource} wants to be called by its own host name. Please put that name into "
    "the app's catalogue as the endpoint's address.",
    "key-auth-disabled": "Something between the app and the resource {resource} sends a key, and the resource takes "
    "none. Please check the gateway: the app sends Entra tokens only.",
    "suspended": "The resource {resource} is suspended. Please ask Azure's support why, and what lifts it.",
    "wrong-tenant": "The resource {resource} belongs to another directory than the sign-in of {name}. Please tell "
    "which tenant it belongs to, so that the endpoint's tenant can be set in the app's catalogue.",
    "wrong-audience": "The resource {resource} wants tokens for another audience. Please correct the endpoint's "
    "scope in the app's catalogue.",
    "token-refused": "The resource {resource} refuses the token of {name}. Please check the endpoint's scope and "
    "tenant in the app's catalogue, and the clock of the server.",
    "deployment-missing": "The resource {resource} has no deployment {deployment}. Please check the name in the "
    "app's catalogue, or create the deployment.",
    "operation-not-supported": "The deployment {deployment} on {resource} does not take the operations that the "
    "app's catalogue names. Please correct them there.",
    "quota": "The quota of the deployment {deployment} on {resource} is used up again and again. Please look whether "
    "it can be raised.",
    "name-not-resolved": "The name of the resource {resource} is not known in the app's network. Please check the "
    "endpoint's address, DNS, and a private endpoint's DNS zone.",
    "tls-intercepted": "The certificate at the address of {resource} comes from an authority that the app's server "
    "does not know. If a proxy inspects TLS, please name its authority in SSL_CERT_FILE, or let the app pass it.",
    "unreachable": "The resource {resource} cannot be reached from the app's network. Please check the way there.",
    "clock-skew": "The clock of the server that runs the app is wrong, so tokens are refused. Please let it set its "
    "clock by the network (NTP).",
    "consent-missing": "Please grant admin consent to the app for the directory, so that {name} can use it.",
    "not-assigned": "Please assign {name}, or a group of theirs, to the app in Entra.",
    "account-disabled": "Please enable the account of {name}.",
    "interaction-required": "The directory's Conditional Access asks more of {name} than they can give here. Please "
    "look into the sign-in log, and say from which device and network it works.",
    "service-principal-secret-wrong": "The app cannot prove itself to Entra: its client secret is wrong. Please set "
    "the secret's value from the app registration, or better: let the app use a managed identity.",
    "service-principal-secret-expired": "The app cannot prove itself to Entra: its client secret has expired. Please "
    "make a new one in the app registration, or better: let the app use a managed identity.",
    "app-credential-refused": "The app cannot prove itself to Entra. Please renew its own credential in the app "
    "registration.",
    "managed-identity-absent": "The host of the app gives it no managed identity. Please assign one, or correct its "
    "client id in the app's settings.",
    "no-credential": "The app has no identity that answers. Please give it a managed identity.",
    "identity-provider-down": "Entra does not answer the app. Please check the way there from the app's network.",
}
_SENTENCES["role-missing-foundry"] = _SENTENCES["role-missing"]


class Trouble(Protocol):
    """What a finding, an error of core and an error stored with a run have in common."""

    @property
    def title(self) -> str:
        """What happened."""

    @property
    def remedy(self) -> str:
        """What to do about it."""

    @property
    def command(self) -> str:
        """What carries it out, or ""."""

    @property
    def cause(self) -> str:
        """The code of what is behind it."""

    @property
    def reference(self) -> str:
        """The number to quote, or ""."""


class Asking(Protocol):
    """Who asks."""

    @property
    def name(self) -> str:
        """The person's name."""

    @property
    def username(self) -> str:
        """Their user name."""

    @property
    def object_id(self) -> str:
        """Their object id."""


class Calling(Protocol):
    """Whose token was sent."""

    @property
    def identity(self) -> str:
        """What people know it by."""

    @property
    def identity_kind(self) -> str:
        """``user`` or ``app``."""

    @property
    def object_id(self) -> str:
        """What a role is assigned to; "" when unknown."""


def request_text(trouble: Trouble, asking: Asking, deployment: Deployment, calling: Calling, at: datetime) -> str:
    """Plain text that says what is asked for, for whom, on what, and how it is done; no line longer than its parts.

    Args:
        trouble: A finding, or the error of a call.
        asking: Who sends it.
        deployment: What they wanted to call.
        calling: Whose token was sent: theirs, or the app's own.
        at: When it happened.
    """
    endpoint = deployment.endpoint
    is_app = calling.identity_kind == "app"
    name = f"the app's identity ({calling.identity})" if is_app else f"{asking.name} ({asking.username})"
    sentence = _SENTENCES.get(trouble.cause)
    words = {"role": ROLES[endpoint.kind], "resource": resource_name(endpoint), "deployment": deployment.name}
    said = sentence.format(name=name, **words) if sentence else trouble.remedy
    facts = {
        "What happened": trouble.title,
        "Who asks": f"{asking.name} ({asking.username})",
        "Called as": name if is_app else "",
        "Object id": calling.object_id or ("" if is_app else asking.object_id),
        "Role": ROLES[endpoint.kind] if trouble.cause.startswith("role") else "",
        "Resource": endpoint.resource_id or endpoint.url,
        "Deployment": deployment.name,
        "Reference": trouble.reference,
        "Time": at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"),
    }
    command = ["", "The command:", trouble.command] if trouble.command else []
    return "\n".join(
        ["Hello,", "", said, *command, "", *(f"{what}: {value}" for what, value in facts.items() if value)]
    )


def mail_link(subject: str, text: str) -> str:
    """A ``mailto:`` link that opens ``text`` as a new mail; cut where mail programs would cut it (RFC 6068)."""
    while len(link := _link(subject, text)) > LONGEST_LINK and text:
        text = text[: text.rfind("\n")] if "\n" in text else text[:-50]
    return link


def _link(subject: str, text: str) -> str:
    body = quote(text.replace("\n", "\r\n"), safe="")
    return f"mailto:?subject={quote(subject, safe='')}&body={body}"
