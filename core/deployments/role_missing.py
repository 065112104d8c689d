"""The missing role: said with its name, the resource, and the command that gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import urlsplit

from core.errors import RoleMissing

if TYPE_CHECKING:
    from core.deployments.deployment import Endpoint
    from core.deployments.refusal import Refusal
    from core.deployments.tokens import Tokens

_ROLES: Final = {"azure-openai": "Cognitive Services OpenAI User", "foundry": "Foundry User"}
_FORMER_NAMES: Final = {"foundry": " (formerly Azure AI User)"}
_DATA_ACTION: Final = re.compile(r"Microsoft\.CognitiveServices/[A-Za-z0-9/._-]{1,150}")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token called: what people know it by, and its object id in the directory ("" when unknown)."""

    identity: str
    identity_kind: Literal["user", "app"]
    object_id: str = ""

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        """The identity behind a source of tokens."""
        return cls(tokens.identity, tokens.identity_kind, tokens.object_id)


def role_missing(refusal: Refusal, endpoint: Endpoint, caller: Caller) -> RoleMissing:
    """Tell who lacks which role where, and how it is given."""
    role = _ROLES[endpoint.kind]
    resource = resource_name(endpoint)
    who = sentence_start(caller.identity, is_app=caller.identity_kind == "app")
    action = _DATA_ACTION.search(refusal.message)
    needed = f" What is missing is the data action {action[0].rstrip('.')}." if action else ""
    return RoleMissing(
        f"{who} lacks the role {role} on the resource {resource}.",
        f"Ask an owner of the resource to give the role {role_in_words(endpoint)} with the command "
        "below. It works within five minutes, without signing in again. Owner and Contributor do not contain it."
        f"{needed}",
        command=_command(role, endpoint, caller, refusal),
        cause="role-missing-foundry" if action or endpoint.kind == "foundry" else "role-missing",
        detail=refusal.detail,
    )


def role_in_words(endpoint: Endpoint) -> str:
    """The role that lets somebody call a resource, with the name that it may still have in some directories."""
    return f"{_ROLES[endpoint.kind]}{_FORMER_NAMES.get(endpoint.kind, '')}"


def sentence_start(identity: str, *, is_app: bool) -> str:
    """What an identity is known by, where a sentence begins with it: user names stay as they are."""
    return identity[:1].upper() + identity[1:] if is_app else identity


def resource_name(endpoint: Endpoint) -> str:
    """What the portal calls the resource."""
    if endpoint.resource_id:
        return re.split(r"/accounts/", endpoint.resource_id, flags=re.IGNORECASE)[-1].split("/")[0]
    host = urlsplit(endpoint.url).hostname or endpoint.name
    return host.split(".")[0] if "." in host and not host[0].isdigit() else endpoint.name


def _command(role: str, endpoint: Endpoint, caller: Caller, refusal: Refusal) -> str:
    in_body = _GUID.search(refusal.message)
    object_id = caller.object_id or (in_body[0] if in_body else "")
    if not _GUID.fullmatch(object_id):
        object_id = "<object id>"
    principal = "User" if caller.identity_kind == "user" else "ServicePrincipal"
    scope = endpoint.resource_id or (
        f'"$(az cognitiveservices account list --query "[?name==\'{resource_name(endpoint)}\'].id" --output tsv)"'
    )
    return (
        f"az role assignment create --assignee-object-id {object_id} --assignee-principal-type {principal} "
        f'--role "{role}" --scope {scope}'
    )
