"""Calling deployments in tests: whose token, which deployment, and what came of it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from core.deployments.calling import call
from core.deployments.catalogue import Deployment, Endpoint, Operation
from core.deployments.events import Event, Finished, Notice, Opened, TextDelta
from core.deployments.lessons import Lessons
from core.deployments.parameters import AnswerSchema, Call, Message, Parameters
from core.errors import KeylessError
from core.identity.access_token import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.deployments.client import Clients

PROMPT = "Write a tagline for an ice cream brand:"
OBJECT_ID = "a1d0c4e2-0b7f-4c39-8e51-9f20d6b7a302"
RESOURCE_ID = (
    "/subscriptions/3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7/resourceGroups/contoso-ai/providers"
    "/Microsoft.CognitiveServices/accounts/contoso-lab"
)
SCOPE = "https://cognitiveservices.azure.com/.default"


@dataclass
class ScriptedTokens:
    """A source of tokens that gives what it is told to, and remembers how it was asked."""

    make: Callable[[str, str], str] = lambda _scope, _refused: "a-token"
    identity: str = "business.user@contoso.example"
    identity_kind: Literal["user", "app"] = "user"
    object_id: str = OBJECT_ID
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def token(self, scope: str, *, refused: str = "", **_more: str) -> AccessToken:
        self.asked.append((scope, refused))
        return AccessToken(self.make(scope, refused), datetime.now(UTC) + timedelta(hours=1))


@dataclass
class Outcome:
    """Everything a call told, and what it failed with."""

    events: list[Event]
    error: KeylessError | None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    @property
    def opened(self) -> Opened:
        return next(event for event in self.events if isinstance(event, Opened))

    @property
    def finished(self) -> Finished:
        assert isinstance(self.events[-1], Finished), self
        return self.events[-1]

    @property
    def failure(self) -> KeylessError:
        assert self.error is not None, self.events
        return self.error


async def ask(
    clients: Clients,
    deployment: Deployment,
    tokens: ScriptedTokens | None = None,
    *,
    system: str = "",
    messages: Sequence[Message] = (Message("user", PROMPT),),
    parameters: Parameters = Parameters(),  # noqa: B008 - frozen
    answer_schema: AnswerSchema | None = None,
    lessons: Lessons | None = None,
    deadline_seconds: float = 60.0,
    heard: Callable[[Event], None] = lambda _event: None,
) -> Outcome:
    """Make one call to its end, saying each event to ``heard``. Anything but a ``KeylessError`` fails the test."""
    asked = Call(deployment, system, tuple(messages), parameters, answer_schema)
    outcome = Outcome([], None)
    calling = call(
        clients, asked, tokens or ScriptedTokens(), lessons=lessons or Lessons(), deadline_seconds=deadline_seconds
    )
    try:
        async with contextlib.aclosing(calling):
            async for event in calling:
                outcome.events.append(event)
                heard(event)
    except KeylessError as error:
        outcome.error = error
    return outcome


def deployment_at(
    url: str,
    *operations: Operation,
    api_version: str | None = None,
    kind: Literal["azure-openai", "foundry"] = "azure-openai",
    scope: str = SCOPE,
) -> Deployment:
    """A deployment of a resource at ``url``."""
    endpoint = Endpoint(
        name="lab",
        url=url,
        kind=kind,
        api="dated" if api_version else "v1",
        api_version=api_version,
        tenant="",
        scope=scope,
        region="swedencentral",
        resource_id=RESOURCE_ID,
    )
    return Deployment("gpt-lab", "GPT lab", "gpt-lab-1", operations or (Operation.CHAT,), None, endpoint)


def pieces(operation: Operation, *texts: str) -> list[bytes]:
    """An answer's text as events on the wire, without its end."""
    return [event(_piece(operation, text)) for text in texts]


def ending(operation: Operation) -> list[bytes]:
    """The events with which an answer ends, usage included."""
    if operation is Operation.RESPONSES:
        usage = {"input_tokens": 7, "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 1}}
        return [event({"type": "response.completed", "response": {"model": "gpt-lab-1", "usage": usage}})]
    end = {"index": 0, "finish_reason": "stop", "text": "", "delta": {}}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 1}}
    return [
        event({"model": "gpt-lab-1", "choices": [end]}),
        event({"model": "gpt-lab-1", "choices": [], "usage": usage}),
        b"data: [DONE]\n\n",
    ]


def event(body: object) -> bytes:
    """One event on the wire."""
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def _piece(operation: Operation, text: str) -> object:
    if operation is Operation.RESPONSES:
        return {"type": "response.output_text.delta", "delta": text, "item_id": "m", "output_index": 0}
    choice = {"index": 0, "finish_reason": None, "text": text, "delta": {"content": text}}
    return {"model": "gpt-lab-1", "choices": [choice]}
