"""Asking a deployment without paying: a request that is let in and finds its deployment, but cannot be answered.

The service looks at the token first (401), then at the network rules (403) and the role (401), then for the
deployment (404), and at the request itself last (400). So a 400 about the request says that all the rest is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.deployments.deployment import Operation
from core.deployments.failures import translate
from core.deployments.opening import check_is_stream, sending
from core.deployments.refusal import Refusal, date_of, numbers_of
from core.deployments.request_body import Request, api_version_of
from core.deployments.role_missing import Caller
from core.deployments.signing import Signing
from core.deployments.unreachable import is_hung_up

if TYPE_CHECKING:
    from datetime import datetime

    from core.deployments.client import Clients
    from core.deployments.deployment import Deployment
    from core.deployments.lessons import Lessons
    from core.deployments.tokens import Tokens

_UNANSWERABLE: Final[dict[Operation, dict[str, Any]]] = {
    Operation.RESPONSES: {"input": [], "max_output_tokens": 0},
    Operation.CHAT: {"messages": [], "max_completion_tokens": 0},
    Operation.COMPLETIONS: {"prompt": {}, "max_tokens": -1},
}
"""Wrong twice each, so that no leniency makes an answer of it. A completion without a prompt would be one."""

_ABOUT_THE_REQUEST: Final = frozenset({400, 422})


@dataclass(frozen=True, slots=True)
class Probed:
    """A deployment let the caller in and takes the operation.

    ``date`` is the service's clock, ``numbers`` is what Azure's support asks for.
    """

    date: datetime | None
    numbers: str


async def probe(
    clients: Clients, deployment: Deployment, operation: Operation, tokens: Tokens, lessons: Lessons
) -> Probed:
    """Find out, without an answer and without costs, whether a deployment would take a call.

    A token that is refused is renewed once, for the audience that the resource names, as in a call. A connection that
    breaks before a word of the reply is tried once more: the far side may have closed it after a pause.

    Raises:
        CallError: The refusal that a call would meet.
        TokenError: There is no token to ask with.
    """
    api_version = api_version_of(deployment, lessons)
    body = {"model": deployment.name, "stream": True, **_UNANSWERABLE[operation]}
    request = Request(operation, api_version, body, frozenset(), ())
    signing = Signing(clients, deployment.endpoint, tokens)
    try:
        try:
            return await _ask(clients, deployment, request, signing)
        except Exception as error:
            if not is_hung_up(error):
                raise
        return await _ask(clients, deployment, request, signing)
    except Exception as error:  # noqa: BLE001 - everything becomes an error of ours; the map says which
        failure = translate(error, deployment, Caller(tokens.identity, tokens.identity_kind, signing.object_id))
    # Nothing hangs on it: the exceptions before it hold the token in a request.
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


async def _ask(clients: Clients, deployment: Deployment, request: Request, signing: Signing) -> Probed:
    import openai

    while True:
        client = await signing.client(request.api_version)
        try:
            async with sending(client, request) as reply:
                await check_is_stream(reply.http_response)
                headers = reply.headers
        except openai.APIStatusError as error:
            refusal = Refusal.read(error.status_code, error.body, error.response.headers)
            clients.headrooms.refused(deployment.id, refusal)
            if not _is_about_the_request(refusal, request):
                if not signing.is_refused(refusal) or signing.renew(refusal) is None:
                    raise
                continue
            headers = error.response.headers
        signing.accepted()
        return Probed(date_of(headers), numbers_of(headers))


def _is_about_the_request(refusal: Refusal, request: Request) -> bool:
    """Whether the deployment itself looked at what was asked: only then it names a part of it."""
    wrong = _UNANSWERABLE[request.operation]
    named = refusal.parameter.partition("[")[0].partition(".")[0]
    return refusal.status in _ABOUT_THE_REQUEST and (
        named in wrong or any(f"'{name}'" in refusal.message for name in wrong)
    )
