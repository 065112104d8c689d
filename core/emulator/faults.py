"""Faults on demand: by name, for a deployment or for the one request that asks for it in a header."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.emulator import broken_replies, broken_streams, refusals
from core.emulator.broken_streams import each, times, with_usage
from core.emulator.generation import filter_down, filtered_midway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.emulator.deployments import Deployment
    from core.emulator.dialect import Body, Dialect, Events
    from core.emulator.generation import Generation
    from core.emulator.reply import Frames, Refused, Reply

HEADER = "x-emulator-fault"


@dataclass(frozen=True)
class Call:
    """The call that a fault befalls. ``other_origin`` is where redirects point."""

    oid: str
    deployment: Deployment
    dialect: Dialect
    other_origin: str


@dataclass(frozen=True)
class Fault:
    """What is changed about an answer; without any change it is a sound one.

    Attributes:
        instead: Answers in place of the deployment.
        ending: Changes the answer before it is written.
        whole: Changes the body of an answer that is not streamed.
        events: Changes the events of a stream.
        frames: Changes the bytes of a stream; the number is the pace.
    """

    instead: Callable[[Call], Reply | Refused] | None = None
    ending: Callable[[Generation], None] | None = None
    whole: Callable[[Body], Body] | None = None
    events: Callable[[Events], Events] | None = None
    frames: Callable[[Frames, float], Frames] | None = None


NONE = Fault()


def _instead(make: Callable[[], Reply | Refused]) -> Fault:
    return Fault(instead=lambda _call: make())


def _wait(headers: dict[str, str], seconds: int = 1) -> Fault:
    return Fault(instead=lambda _call: refusals.rate_limited(seconds, headers))


def _quota(call: Call, kind: str, seconds: int) -> Refused:
    return refusals.quota_exceeded(kind, call.dialect.name_in_quotas, seconds, {})


def _usage(change: Callable[[object], object]) -> Fault:
    return Fault(whole=with_usage(change), events=each(with_usage(change)))


REFUSALS = {
    "token_refused": _instead(refusals.token_refused),
    "insufficient_claims": _instead(refusals.insufficient_claims),
    "role_missing": _instead(refusals.role_missing),
    "role_missing_foundry": Fault(
        instead=lambda call: refusals.role_missing_foundry(call.oid, call.dialect.operation),
    ),
    "key_auth_disabled": _instead(refusals.key_auth_disabled),
    "firewall": _instead(refusals.firewall),
    "private_endpoint": _instead(refusals.private_endpoint),
    "vnet_wrong_host": _instead(refusals.vnet_wrong_host),
    "suspended": _instead(refusals.suspended),
    "wrong_tenant": _instead(refusals.wrong_tenant),
    "deployment_missing": _instead(refusals.deployment_missing),
    "operation_not_supported": Fault(
        instead=lambda call: refusals.operation_not_supported(call.dialect.name_in_refusals, call.deployment.model),
    ),
    "prompt_filtered": _instead(refusals.prompt_filtered),
    "prompt_filtered_no_inner": _instead(lambda: refusals.prompt_filtered(None)),
    "prompt_filtered_results": _instead(lambda: refusals.prompt_filtered("content_filter_results")),
    "prompt_filtered_notes": _instead(refusals.prompt_filtered_with_notes),
    "answer_filtered": Fault(ending=filtered_midway),
    "filter_down": Fault(ending=filter_down),
    "rate_limited": _instead(lambda: refusals.rate_limited(2)),
    "rate_limited_1": _instead(lambda: refusals.rate_limited(1)),
    "rate_limited_ms": _wait({"retry-after-ms": "300"}),
    "rate_limited_0": _wait({"retry-after": "0"}),
    "rate_limited_negative": _wait({"retry-after": "-5"}),
    "rate_limited_junk": _wait({"retry-after": "soon, perhaps"}),
    "rate_limited_no_header": _wait({}),
    "rate_limited_120": _instead(lambda: refusals.rate_limited(120)),
    "rate_limited_121": _instead(lambda: refusals.rate_limited(121)),
    "rate_limited_3600": _instead(lambda: refusals.rate_limited(3600)),
    "rate_limited_86400": Fault(instead=lambda call: _quota(call, "token", 86_400)),
    "rate_limited_date": _instead(lambda: broken_replies.rate_limited_until(30)),
    "rate_limited_requests": Fault(instead=lambda call: _quota(call, "call", 30)),
    "rate_limited_tokens": Fault(instead=lambda call: _quota(call, "token", 30)),
    "rate_limited_reduction": _instead(lambda: refusals.reduction(30)),
    "rate_limited_estimate": _instead(lambda: refusals.estimate(30)),
    "capacity": _instead(refusals.capacity),
}

REPLIES = {
    "server_error": _instead(broken_replies.server_error),
    "unavailable_html": _instead(lambda: broken_replies.html(503)),
    "request_timeout": _instead(lambda: refusals.error(408, "Timeout", "The operation was timeout.")),
    "conflict": _instead(lambda: refusals.error(409, "Conflict", "The resource is being changed. Try again.")),
    "failed_dependency": _instead(lambda: refusals.error(424, "FailedDependency", "A dependency did not answer.")),
    "bad_request_html": _instead(lambda: broken_replies.html(400)),
    "ok_html": _instead(lambda: broken_replies.html(200)),
    "ok_null": _instead(lambda: broken_replies.body(b"null")),
    "ok_list": _instead(lambda: broken_replies.body(b"[]")),
    "ok_empty": _instead(lambda: broken_replies.body(b"")),
    "choices_null": _instead(broken_replies.choices_null),
    "ok_bad_json": _instead(lambda: broken_replies.body(b'{"id": "chatcmpl-odd", "choices": [')),
    "redirect_307": Fault(instead=lambda call: broken_replies.redirect(307, call.other_origin)),
    "redirect_302": Fault(instead=lambda call: broken_replies.redirect(302, call.other_origin)),
    "gzip_bomb": _instead(broken_replies.gzip_bomb),
    "endless_line": _instead(broken_replies.endless_line),
    "big_chunk": _instead(broken_replies.big_chunk),
    "hang": _instead(broken_replies.hang),
}

STREAMS = {
    "stream_unfinished": Fault(frames=broken_streams.unfinished),
    "stream_without_done": Fault(frames=broken_streams.without_done),
    "stream_half_chunk": Fault(frames=broken_streams.half_chunk),
    "stream_empty": Fault(frames=broken_streams.empty_body),
    "stream_html": Fault(frames=broken_streams.html_body),
    "stream_json": Fault(frames=broken_streams.json_body),
    "stream_bad_json": Fault(frames=broken_streams.bad_json),
    "stream_bad_utf8": Fault(frames=broken_streams.bad_utf8),
    "stream_byte_by_byte": Fault(frames=broken_streams.byte_by_byte),
    "stream_crlf": Fault(frames=broken_streams.with_crlf),
    "stream_comments": Fault(frames=broken_streams.with_comments),
    "stream_empty_choices": Fault(events=broken_streams.empty_choices_first),
    "stream_null_delta": Fault(events=broken_streams.null_delta),
    "stream_after_done": Fault(frames=broken_streams.after_done),
    "stream_error": Fault(events=broken_streams.error_event),
    "stream_rate_limited": Fault(events=broken_streams.rate_limit_event),
    "stream_prompt_filtered": Fault(events=broken_streams.filter_event),
    "stream_failed": Fault(events=broken_streams.response_failed),
    "stream_drip": Fault(frames=broken_streams.drip),
    "stream_stall": Fault(frames=broken_streams.stall),
    "usage_missing": _usage(lambda _usage: None),
    "usage_negative": _usage(times(-1)),
    "usage_absurd": _usage(times(10**12)),
    "usage_twice": Fault(events=broken_streams.usage_twice),
}

FAULTS: Mapping[str, Fault] = REFUSALS | REPLIES | STREAMS

DEVIATIONS = frozenset(
    {
        "stream_empty_choices",
        "stream_null_delta",
        "prompt_filtered_no_inner",
        "prompt_filtered_results",
        "prompt_filtered_notes",
        "filter_down",
    },
)
"""The faults that are no faults: Azure's own ways of deviating from the public description, on demand.

One more deviation is always there, because the service has no other way: chunks of a streamed legacy completion have
``finish_reason: null`` until the last one.
"""


class Faults:
    """Which fault each deployment has at the moment. Safe to change from any thread."""

    def __init__(self) -> None:
        self.other_origin = "http://elsewhere.invalid"
        self._lock = threading.Lock()
        self._set: dict[str, tuple[str, int | None]] = {}

    @staticmethod
    def names() -> tuple[str, ...]:
        """Every fault there is. Those that begin with ``stream_`` touch streamed answers only."""
        return tuple(FAULTS)

    def set(self, deployment: str, name: str, times: int | None = None) -> None:
        """Give a deployment a fault for its next ``times`` calls, or until it is cleared.

        Raises:
            KeyError: No fault has this name.
        """
        if name not in FAULTS:
            raise KeyError(name)
        with self._lock:
            self._set[deployment] = (name, times)

    def clear(self, deployment: str | None = None) -> None:
        """Take the fault from one deployment, or from all."""
        with self._lock:
            if deployment is None:
                self._set.clear()
            else:
                self._set.pop(deployment, None)

    def take(self, deployment: str, headers: Mapping[str, str]) -> Fault:
        """The fault of this call: the one its header asks for, else the deployment's, else one that changes nothing.

        Raises:
            Refused: The header names a fault that does not exist.
        """
        asked = headers.get(HEADER)
        if asked is not None:
            if asked not in FAULTS:
                raise refusals.error(
                    400, "UnknownFault", f"No fault is called {asked}. There are: {', '.join(FAULTS)}."
                )
            return FAULTS[asked]
        with self._lock:
            name, left = self._set.pop(deployment, (None, None))
            if name is None:
                return NONE
            if left is None or left > 1:
                self._set[deployment] = (name, None if left is None else left - 1)
            return FAULTS[name]
