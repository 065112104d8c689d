"""Calling the emulated Azure OpenAI resources: with the real SDK, and raw to see every byte."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx2
import openai

from core.emulator.directory import BUSINESS_USER, TENANT_ID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from openai.types.chat import ChatCompletionUserMessageParam

    from core.emulator.emulator import Emulator

AUDIENCE = "https://cognitiveservices.azure.com"
BALANCED, BRISK, REASONING, RESPONSES_ONLY = (
    "gpt-5-2-sweden",
    "gpt-5-2-mini-sweden",
    "o4-reasoning-sweden",
    "gpt-5-2-codex-sweden",
)
LAVISH, LEGACY, BUSY = "gpt-4-1-eastus", "gpt-35-instruct-eastus", "gpt-4o-busy-eastus"
ASK: Final[list[ChatCompletionUserMessageParam]] = [
    {"role": "user", "content": "Write a tagline for an ice cream brand:"}
]


def access_token(emulator: Emulator, oid: str = BUSINESS_USER.object_id, /, **claims: object) -> str:
    """A good token of the tenant, changed by ``claims``."""
    now = int(emulator.clock())
    good = {
        "iss": emulator.signer.access_token_issuer,
        "aud": AUDIENCE,
        "tid": TENANT_ID,
        "oid": oid,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
    }
    return emulator.signer.sign(good | claims)


@dataclass
class Caller:
    """A person at the wire of both resources."""

    emulator: Emulator
    url: str
    http: httpx2.AsyncClient

    def v1(self, resource: str = "contoso-sweden", *, strict: bool = True) -> openai.AsyncOpenAI:
        """The SDK on the v1 API."""
        return openai.AsyncOpenAI(
            base_url=f"{self.url}/resources/{resource}/openai/v1/",
            api_key=access_token(self.emulator),
            http_client=self.http,
            max_retries=0,
            _strict_response_validation=strict,
        )

    def dated(self, api_version: str = "2024-10-21", *, strict: bool = True) -> openai.AsyncAzureOpenAI:
        """The SDK on the dated API."""
        return openai.AsyncAzureOpenAI(
            azure_endpoint=f"{self.url}/resources/contoso-eastus",
            api_version=api_version,
            azure_ad_token_provider=lambda: access_token(self.emulator),
            http_client=self.http,
            max_retries=0,
            _strict_response_validation=strict,
        )

    async def post(
        self,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        resource: str = "contoso-sweden",
    ) -> httpx2.Response:
        """Post below ``/openai/`` of a resource, with a good token unless ``headers`` say otherwise."""
        return await self.http.post(
            f"{self.url}/resources/{resource}/openai/{path}",
            content=body if isinstance(body, bytes) else json.dumps(body),
            headers={"authorization": f"Bearer {access_token(self.emulator)}"} if headers is None else headers,
        )

    async def chat(self, fault: str | None = None, /, **more: object) -> httpx2.Response:
        """Ask the balanced deployment in chat, possibly with a fault."""
        headers = {"authorization": f"Bearer {access_token(self.emulator)}"}
        if fault is not None:
            headers["x-emulator-fault"] = fault
        return await self.post("v1/chat/completions", {"model": BALANCED, "messages": ASK, **more}, headers)

    async def respond(self, fault: str | None = None, /, **more: object) -> httpx2.Response:
        """Ask the balanced deployment through Responses, possibly with a fault."""
        headers = {"authorization": f"Bearer {access_token(self.emulator)}"}
        if fault is not None:
            headers["x-emulator-fault"] = fault
        return await self.post("v1/responses", {"model": BALANCED, "input": "Say something short", **more}, headers)


@contextlib.asynccontextmanager
async def calling(emulator: Emulator, url: str) -> AsyncIterator[Caller]:
    """Call the emulator served at ``url`` (its prefix included)."""
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
        yield Caller(emulator, url, http)


def data_of(response: httpx2.Response) -> list[dict[str, Any]]:
    """The events of a stream, without the closing ``[DONE]``."""
    lines = response.text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ") and not line.endswith("[DONE]")]
