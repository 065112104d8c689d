"""Two Azure OpenAI resources over real HTTP: who may call, which deployment, and what it answers."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.emulator import admission, deployments, refusals
from core.emulator.chat import CHAT
from core.emulator.completions import COMPLETIONS
from core.emulator.deployments import Deployment, deployment_of
from core.emulator.faults import Call, Faults
from core.emulator.generation import Generation, simulated
from core.emulator.limits import Limits
from core.emulator.received import received
from core.emulator.reply import EVENT_STREAM, Refused, Reply, as_json, at_once, send_reply, until_closed
from core.emulator.responses import RESPONSES
from core.emulator.writer import Writer

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from core.emulator.dialect import Dialect, Events
    from core.emulator.directory import Directory, Resource
    from core.emulator.faults import Fault
    from core.emulator.prompt import Prompt
    from core.emulator.received import Received
    from core.emulator.reply import Frames
    from core.emulator.signing import Signer
    from core.emulator.upstream import Upstream

CALLER_HEADER = "x-emulator-caller-oid"
_API_VERSION = re.compile(r"20\d\d-[01]\d-[0-3]\d(-preview)?")
_OLDEST_API_VERSION = {"chat": "2023-03-15", "completions": "2022-12-01"}


class AzureOpenAI:
    """Both resources with their deployments, faults and counters.

    Args:
        directory: Says who holds the role on which resource.
        signer: Verifies every bearer.
        clock: Emulator time, seconds since the epoch.
        seed: Makes the written answers repeatable.
        upstream: Base URL of an OpenAI-compatible server that writes the answers instead, or ``None``.
        pace: Factor on every delay; 0 answers at once.
        received: Every request is appended here.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the emulator hands over everything the two sides of the wire share
        self,
        directory: Directory,
        signer: Signer,
        clock: Callable[[], float],
        seed: int,
        upstream: str | None,
        pace: float,
        received: deque[Received],
    ) -> None:
        self.faults = Faults()
        self.received = received
        self.clock = clock
        self._directory = directory
        self._signer = signer
        self._pace = pace
        self._writer = Writer(seed)
        self._upstream = _upstream(upstream) if upstream else None
        self._limits = {d.name: Limits(d, seed, clock) for d in (*deployments.DEPLOYMENTS, *deployments.FURTHER)}

    def routes(self, prefix: str) -> list[BaseRoute]:
        """Routes below ``{prefix}/resources/{resource}/openai``: the v1 API and the dated one.

        Both also stand below ``api/projects/{project}``, where a Foundry resource has its projects.
        """
        account = prefix + "/resources/{resource}"
        roots = (f"{account}/openai", account + "/api/projects/{project}/openai")
        return [route for root in roots for route in self._routes_below(root)]

    def _routes_below(self, root: str) -> list[BaseRoute]:
        dated = root + "/deployments/{deployment}"
        return [
            Route(f"{root}/v1/responses", _Endpoint(self, RESPONSES), methods=["POST"]),
            Route(f"{root}/v1/chat/completions", _Endpoint(self, CHAT), methods=["POST"]),
            Route(f"{root}/v1/completions", _Endpoint(self, COMPLETIONS), methods=["POST"]),
            Route(f"{root}/v1/models", _Endpoint(self, None), methods=["GET"]),
            Route(f"{dated}/chat/completions", _Endpoint(self, CHAT), methods=["POST"]),
            Route(f"{dated}/completions", _Endpoint(self, COMPLETIONS), methods=["POST"]),
            Route(root + "/{rest:path}", _nothing_here, methods=["GET", "POST"]),
        ]

    def catalogue(self, base_url: str, *, further: bool = False) -> dict[str, Any]:
        """Describe the deployments in the shape of the deployments TOML; ``base_url`` includes the routes' prefix."""
        return deployments.catalogue(base_url, self._directory, further=further)

    async def answer(self, request: Request, note: Received, dialect: Dialect | None) -> Reply:
        """Decide what a request gets.

        Args:
            request: Its path names the resource and, in the dated API, the deployment.
            note: What was received; the caller's object id is added to it.
            dialect: The operation, or ``None`` for the list of base models.

        Raises:
            Refused: Whatever stands in the way, most often before anything is written.
        """
        resource = self._directory.resource(request.path_params["resource"])
        if resource is None:
            raise refusals.resource_missing()
        note.oid = admission.identify(request.headers, resource, self._signer, self._directory)
        operation = "models" if dialect is None else dialect.operation
        admission.require_role(note.oid, resource, self._directory, operation)
        if dialect is None:
            return at_once(200, as_json(deployments.base_models()), {})
        _check_api_version(request, operation)
        deployment = self._deployment(request, note.body, resource)
        fault = self.faults.take(deployment.name, request.headers)
        if fault.instead is not None:
            answer = fault.instead(Call(note.oid, deployment, dialect, self.faults.other_origin))
            return answer.reply() if isinstance(answer, Refused) else answer
        if operation not in deployment.operations:
            raise refusals.operation_not_supported(dialect.name_in_refusals, deployment.model)
        prompt = dialect.read(note.body, deployment)
        headers = self._limits[deployment.name].take(dialect.name_in_quotas, prompt.tokens, prompt.limit)
        generation = await self._generation(deployment, prompt)
        if fault.ending is not None:
            fault.ending(generation)
        return await self._shaped(generation, dialect, fault, headers)

    def headers(self, request: Request, note: Received) -> dict[str, str]:
        """Headers of every answer: identifiers, region, and whose token it was."""
        resource = self._directory.resource(request.path_params["resource"])
        identifier = str(uuid.uuid4())
        headers = {"apim-request-id": identifier, "x-request-id": identifier}
        if resource is not None:
            headers["x-ms-region"] = resource.region_name
        if note.oid is not None:
            headers[CALLER_HEADER] = note.oid
        return headers

    def _deployment(self, request: Request, body: dict[str, Any], resource: Resource) -> Deployment:
        name = request.path_params.get("deployment") or body.get("model")
        if not body:
            raise refusals.unreadable_body()
        if not name:
            raise refusals.missing_parameter("model")
        deployment = deployment_of(resource.name, str(name))
        if deployment is None:
            raise refusals.deployment_missing()
        return deployment

    async def _generation(self, deployment: Deployment, prompt: Prompt) -> Generation:
        if self._upstream is not None:
            return await self._upstream.generation(deployment, prompt)
        return simulated(deployment, prompt, self._writer.write(deployment, prompt), self._pace)

    async def _shaped(self, generation: Generation, dialect: Dialect, fault: Fault, headers: dict[str, str]) -> Reply:
        if not generation.prompt.is_streamed:
            await generation.finish()
            body = dialect.whole(generation)
            if fault.whole is not None:
                body = fault.whole(body)
            return at_once(200, as_json(body), headers)
        events = dialect.events(generation)
        if fault.events is not None:
            events = fault.events(events)
        frames = _frames(events, is_terminated=dialect.is_terminated)
        if fault.frames is not None:
            frames = fault.frames(frames, self._pace)
        return Reply(200, {"content-type": EVENT_STREAM, **headers}, frames)


class _Endpoint:
    """One route as an ASGI app: it answers until it is done or the caller hangs up."""

    def __init__(self, openai: AzureOpenAI, dialect: Dialect | None) -> None:
        self._openai = openai
        self._dialect = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        note = received(request, _object(await request.body()), self._openai.clock())
        self._openai.received.append(note)
        note.closed_early = not await until_closed(receive, self._answer(request, note, send))

    async def _answer(self, request: Request, note: Received, send: Send) -> None:
        try:
            reply = await self._openai.answer(request, note, self._dialect)
        except Refused as refused:
            reply = refused.reply()
        note.status = reply.status
        reply.headers |= self._openai.headers(request, note)
        await send_reply(reply, send)


def _upstream(base_url: str) -> Upstream:
    from core.emulator.upstream import Upstream

    return Upstream(base_url)


def _object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; anything else counts as no body at all."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


async def _nothing_here(_request: Request) -> Response:
    """Every other path, in the service's own words."""
    missing = refusals.resource_missing()
    return Response(missing.body, missing.status, media_type=missing.content_type)


def _check_api_version(request: Request, operation: str) -> None:
    """The dated API wants a plausible ``api-version``; the v1 API takes none, or ``preview`` and ``latest``."""
    if "deployment" not in request.path_params:
        return
    version = request.query_params.get("api-version", "")
    if not _API_VERSION.fullmatch(version) or version[:10] < _OLDEST_API_VERSION[operation]:
        raise refusals.resource_missing()


async def _frames(events: Events, *, is_terminated: bool) -> Frames:
    """Encode events as server-sent events; those that carry a type name it in an ``event`` line.

    A chunk that carries an error is the last one, without ``[DONE]``. Where an upstream breaks off, the stream does.
    """
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                name = f"event: {event['type']}\n".encode() if "type" in event else b""
                yield name + b"data: " + as_json(event) + b"\n\n"
                is_terminated = is_terminated and "error" not in event
    except Refused:
        return
    if is_terminated:
        yield b"data: [DONE]\n\n"
