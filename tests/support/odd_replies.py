"""Whatever an endpoint could reply, as strategies for Hypothesis: any status, any announcement, any body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.support.raw_server import Conversation

SECRET_WORDS: Final = "secret words"
"""Stand in many bodies; a service may repeat there what was sent, so nobody may ever be shown them."""

# fmt: off
_NAMES: Final = [
    "error", "code", "message", "param", "type", "statusCode", "innererror", "content_filter_result",
    "content_filters", "source_type", "choices", "delta", "content", "text", "finish_reason", "index", "usage",
    "prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "response", "model", "reason",
    "incomplete_details", "prompt_filter_results",
]
_WORDS: Final = [
    "429", "content_filter", "PermissionDenied", "DeploymentNotFound", "OperationNotSupported", "insufficient_quota",
    "unsupported_parameter", "unsupported_value", "invalid_json_schema", "temperature", "max_tokens", "input", "stop",
    "messages", "prompt", "error", "response.output_text.delta", "response.completed", "response.failed",
    "response.incomplete",
]
_HEADER_NAMES: Final = [
    "retry-after", "retry-after-ms", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "date",
    "www-authenticate", "apim-request-id", "x-ms-region", "location", "content-encoding",
]
# fmt: on
_SENTENCES: Final = (
    "'messages'",
    "'input'",
    "audience is incorrect (https://x)",
    "audience is incorrect (https://ai.azure.com)",
    "firewall",
    "try again in 999999 seconds",
    "The principal 00000000-0000-0000-0000-000000000000 lacks Microsoft.CognitiveServices/accounts/x",
    SECRET_WORDS,
)
_JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(_WORDS)
    | st.sampled_from(_SENTENCES),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(), inner, max_size=5)
    ),
    max_leaves=12,
)
_DOCUMENTS: Final = _JSON.map(lambda value: json.dumps(value).encode())
_REFUSALS: Final = _JSON.map(lambda value: json.dumps({"error": value}).encode())
_EVENTS: Final = st.lists(_DOCUMENTS | st.binary(max_size=40), max_size=5).map(
    lambda events: b"".join(b"data: " + event + b"\n\n" for event in events)
)
_NESTED: Final = st.just(b"[" * 20_000 + b"]" * 20_000)
_PAGES: Final = st.sampled_from(
    [b"", b"null", b"<html><body>secret words of a gateway</body></html>", b"\xff\xfe\x00", b'{"a": ' + b"9" * 5_000]
)

STATUSES: Final = st.integers(200, 599) | st.sampled_from([200, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503])
BODIES: Final = _DOCUMENTS | _REFUSALS | _EVENTS | _NESTED | _PAGES | st.binary(max_size=200)
HEADERS: Final = st.dictionaries(
    st.sampled_from(_HEADER_NAMES),
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
    | st.sampled_from(
        ["-1", "1e400", "Fri, 99 Nov 99999 10:00:07 GMT", 'Bearer error="insufficient_claims", claims="e30="']
    ),
    max_size=3,
)
KINDS: Final = st.sampled_from(["application/json", "text/html", "text/event-stream", "text/plain", "", "garbage"])


class Replying:
    """A script for a raw server that gives whatever reply it is told to."""

    def __init__(self) -> None:
        self._reply = b""

    def __call__(self, conversation: Conversation) -> None:
        """Reply."""
        conversation.send(self._reply)

    def set(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Reply so from now on."""
        named = {"content-type": kind, **(headers or {}), "content-length": str(len(body)), "connection": "close"}
        lines = [f"HTTP/1.1 {status} Odd", *(f"{name}: {value}" for name, value in named.items())]
        self._reply = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
