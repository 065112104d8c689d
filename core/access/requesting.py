"""A text ready to send to whoever can mend what stands in the way."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from core.access.request_sentences import SENTENCES
from core.deployments.role_missing import resource_name, role_in_words
from core.identity.user import LOCAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.deployments.deployment import Deployment

LONGEST_LINK: Final = 1_900
"""Mail programs cut longer links (Windows at about 2,000 characters)."""

_IN_THE_PORTAL: Final = "\nOr in the portal: the resource, Access control (IAM), Add role assignment."


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


def request_text(
    trouble: Trouble, asking: Asking, deployments: Sequence[Deployment], calling: Calling, at: datetime
) -> str:
    """Plain text that says what is asked for, for whom, on what, and how it is done; no line longer than its parts.

    Args:
        trouble: A finding, or the error of a call.
        asking: Who sends it.
        deployments: What they wanted to call, of one resource.
        calling: Whose token was sent: theirs, or the app's own.
        at: When it happened.
    """
    endpoint = deployments[0].endpoint
    names = ", ".join(deployment.name for deployment in deployments)
    is_app = calling.identity_kind == "app"
    name = f"the app's identity ({calling.identity})" if is_app else f"{asking.name} ({asking.username})"
    sentence = SENTENCES.get(trouble.cause)
    words = {"role": role_in_words(endpoint), "resource": resource_name(endpoint), "deployment": names}
    facts = {
        "What happened": trouble.title,
        "Who asks": "" if asking.object_id == LOCAL else f"{asking.name} ({asking.username})",
        "Called as": name if is_app else "",
        "Object id": calling.object_id or ("" if is_app else asking.object_id),
        "Directory": endpoint.tenant,
        "Resource": endpoint.resource_id or endpoint.url,
        "Deployment" if len(deployments) == 1 else "Deployments": names,
        "Reference": trouble.reference,
        "Time": at.astimezone(UTC).isoformat(sep=" ", timespec="seconds"),
    }
    parts = [
        "Hello,",
        sentence.format(name=name, **words) if sentence else trouble.remedy,
        _how(trouble),
        "\n".join(f"{what}: {value}" for what, value in facts.items() if value),
    ]
    return "\n\n".join(part for part in parts if part)


def _how(trouble: Trouble) -> str:
    """What carries it out, ready to copy."""
    if not trouble.command:
        return ""
    if trouble.command.startswith("https://"):
        return f"The address where it is done:\n{trouble.command}"
    portal = _IN_THE_PORTAL if trouble.cause.startswith("role-") else ""
    return f"The command:\n{trouble.command}{portal}"


def mail_link(subject: str, text: str) -> str:
    """A ``mailto:`` link that opens ``text`` as a new mail; cut where mail programs would cut it (RFC 6068)."""
    while len(link := _link(subject, text)) > LONGEST_LINK and text:
        text = text[: text.rfind("\n")] if "\n" in text else text[:-50]
    return link


def _link(subject: str, text: str) -> str:
    body = quote(text.replace("\n", "\r\n"), safe="")
    return f"mailto:?subject={quote(subject, safe='')}&body={body}"
