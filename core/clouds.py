"""The Azure clouds: which authority signs people in, which scope a token is for, which hosts may receive it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Azure cloud.

    ``authority_host`` is a host name without scheme; ``scope`` is what an Azure OpenAI token is asked for;
    ``endpoint_suffixes`` are the host endings a resource of this cloud may have; ``management_host`` is where Azure
    Resource Manager answers.
    """

    name: str
    authority_host: str
    scope: str
    endpoint_suffixes: tuple[str, ...]
    management_host: str


PUBLIC = Cloud(
    name="public",
    authority_host="login.microsoftonline.com",
    scope="https://cognitiveservices.azure.com/.default",
    endpoint_suffixes=(".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"),
    management_host="management.azure.com",
)
US_GOVERNMENT = Cloud(
    name="usgovernment",
    authority_host="login.microsoftonline.us",
    scope="https://cognitiveservices.azure.us/.default",
    endpoint_suffixes=(".openai.azure.us",),
    management_host="management.usgovcloudapi.net",
)
CHINA = Cloud(
    name="china",
    authority_host="login.partner.microsoftonline.cn",
    scope="https://cognitiveservices.azure.cn/.default",
    endpoint_suffixes=(".openai.azure.cn",),
    management_host="management.chinacloudapi.cn",
)

CLOUDS: dict[str, Cloud] = {cloud.name: cloud for cloud in (PUBLIC, US_GOVERNMENT, CHINA)}


def cloud_of_host(host: str) -> Cloud | None:
    """The cloud whose resources have host names like ``host``, or None."""
    return next((cloud for cloud in CLOUDS.values() if host.endswith(cloud.endpoint_suffixes)), None)
