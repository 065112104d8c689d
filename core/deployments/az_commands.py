"""Commands of the Azure CLI that carry out what a refusal asks for; "" where the resource id is unknown.

https://learn.microsoft.com/cli/azure/cognitiveservices/account
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.deployments.deployment import Endpoint

_RESOURCE: Final = re.compile(
    r"/subscriptions/([\w-]+)/resourceGroups/([\w.()-]+)/providers/Microsoft\.CognitiveServices/accounts/([\w.-]+)",
    re.IGNORECASE,
)


def list_deployments(endpoint: Endpoint) -> str:
    """Show the names of the deployments that the resource has."""
    return _account(endpoint, "deployment list", '--query "[].name" --output tsv')


def allow_address(endpoint: Endpoint) -> str:
    """Add an address to the resource's network rules."""
    return _account(endpoint, "network-rule add", '--ip-address "<outgoing address of the app>"')


def show_address(endpoint: Endpoint) -> str:
    """Show the host name by which the resource wants to be called."""
    return _account(endpoint, "show", "--query properties.endpoint --output tsv")


def _account(endpoint: Endpoint, what: str, options: str) -> str:
    known = _RESOURCE.match(endpoint.resource_id)
    if known is None:
        return ""
    subscription, group, name = known.groups()
    return (
        f"az cognitiveservices account {what} --subscription {subscription} --resource-group {group} "
        f"--name {name} {options}"
    )
