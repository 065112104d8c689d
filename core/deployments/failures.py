"""From whatever a call can fail with to one error of ours, which holds nothing of the vendor's."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.deployments.answers import StreamFailed
from core.deployments.refusal import Refusal
from core.deployments.sentences import Context, refused
from core.deployments.unreachable import unreachable
from core.errors import CallError, KeylessError, UnexpectedReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import APIStatusError

    from core.deployments.deployment import Deployment
    from core.deployments.role_missing import Caller


def translate(
    error: BaseException, deployment: Deployment, caller: Caller, *, now: datetime | None = None
) -> KeylessError:
    """Turn a failure of a call into one of ours, which holds nothing of the vendor's."""
    context = Context(deployment, caller, now or datetime.now(UTC))
    handlers = _handlers()
    for kind in type(error).__mro__:
        if kind in handlers:
            return handlers[kind](error, context)
    return _nonsense(error, context)


def vendor_classes() -> frozenset[type[BaseException]]:
    """The exception classes that have a line of their own in the map."""
    return frozenset(_handlers())


@functools.cache
def _handlers() -> dict[type[BaseException], Callable[[Any, Context], KeylessError]]:
    import anyio
    import httpx2
    import openai

    status_errors = (
        openai.APIStatusError,
        openai.BadRequestError,
        openai.AuthenticationError,
        openai.OAuthError,
        openai.PermissionDeniedError,
        openai.NotFoundError,
        openai.ConflictError,
        openai.UnprocessableEntityError,
        openai.RateLimitError,
        openai.InternalServerError,
    )
    connection_errors = (
        openai.APIConnectionError,
        openai.APITimeoutError,
        httpx2.RequestError,
        httpx2.StreamError,
        anyio.EndOfStream,
        anyio.BrokenResourceError,
        anyio.ClosedResourceError,
        OSError,
    )
    return {
        KeylessError: lambda error, _: error,
        StreamFailed: lambda error, context: refused(Refusal.read(None, error.body, {}), context),
        openai.APIError: lambda error, context: refused(Refusal.read(None, error.body, {}), context),
        **dict.fromkeys(status_errors, _from_status_error),
        **dict.fromkeys(connection_errors, lambda error, context: unreachable(error, context.host)),
        **dict.fromkeys(_not_ours(), _nonsense),
    }


def _not_ours() -> tuple[type[BaseException], ...]:
    """Classes of features that a call does not use, and of replies that are none."""
    import openai
    from openai import _exceptions

    return (
        openai.OpenAIError,
        openai.APIResponseValidationError,
        openai.LengthFinishReasonError,
        openai.ContentFilterFinishReasonError,
        openai.InvalidWebhookSignatureError,
        _exceptions.SubjectTokenProviderError,
        openai.WebSocketConnectionClosedError,
        openai.WebSocketQueueFullError,
        ValueError,
        RecursionError,
    )


def _from_status_error(error: APIStatusError, context: Context) -> CallError:
    return refused(Refusal.read(error.status_code, error.body, error.response.headers), context)


def _nonsense(error: BaseException, _: Context) -> UnexpectedReply:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else ""
    return UnexpectedReply(detail=f"{type(error).__name__}{where}")
