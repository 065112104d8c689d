"""One request to Entra and its reply: time-outs, a size limit, one retry, and nothing of either in an exception."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

REPLY_LIMIT_BYTES: Final = 1024 * 1024
CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 6.0
_PIECE_BYTES: Final = 16 * 1024
_LONGEST_PAUSE_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.2


class EntraUnavailable(requests.RequestException):
    """Entra did not answer, or answered something that is not Entra.

    MSAL lets exceptions of requests through. This one carries no request: its body would hold code and secret.
    """


@dataclass(frozen=True, slots=True)
class EntraReply:
    """A reply as MSAL reads it. The text holds tokens, so it does not print."""

    status_code: int
    text: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    def raise_for_status(self) -> None:
        """Raise EntraUnavailable on an HTTP error."""
        if self.status_code >= requests.codes.bad_request:
            raise EntraUnavailable(f"HTTP {self.status_code}")

    def json_object(self) -> dict[str, Any]:
        """The JSON object in the text; {} when there is none."""
        try:
            value = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def date(self) -> datetime | None:
        """The sender's clock, by its Date header, as it stood when the reply was written."""
        try:
            date = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None
        return date if date.tzinfo else date.replace(tzinfo=UTC)

    @property
    def is_from_a_cache(self) -> bool:
        """Whether it says that it was kept for a while by somebody on the way (RFC 9111, 5.1)."""
        return self.headers.get("age", "0").strip() != "0"


class EntraConnection:
    """Sends requests: no redirects, no cookies, no proxies or credentials from the environment.

    ``REQUESTS_CA_BUNDLE`` names the authorities to trust, when it is set.

    Args:
        answer_seconds: How long one attempt may take until the whole reply is there.
        pause: Waits that many seconds before the second attempt.
    """

    def __init__(
        self, *, answer_seconds: float = ANSWER_SECONDS, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._answer_seconds = answer_seconds
        self._pause = pause
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def ask(
        self, method: str, url: str, *, accepts: Callable[[EntraReply], bool], **request: Mapping[str, str] | None
    ) -> EntraReply:
        """Send one request, and once more when the reply is none that ``accepts`` takes.

        Raises:
            EntraUnavailable: The second attempt failed too; says how, without any of the content.
        """
        try:
            reply = self._attempt(method, url, request)
            if accepts(reply):
                return reply
            self._pause(_asked_pause_seconds(reply))
        except EntraUnavailable:
            self._pause(_PAUSE_SECONDS)
        reply = self._attempt(method, url, request)
        if not accepts(reply):
            raise EntraUnavailable(f"unexpected reply: HTTP {reply.status_code}, {len(reply.text)} characters")
        return reply

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _attempt(self, method: str, url: str, request: Mapping[str, Any]) -> EntraReply:
        ends_at = time.monotonic() + self._answer_seconds
        try:
            with self._session.request(
                method,
                url,
                **request,
                timeout=(min(CONNECT_SECONDS, self._answer_seconds), self._answer_seconds),
                stream=True,
                allow_redirects=False,
            ) as response:
                text = _read(response, ends_at).decode("utf-8", "replace")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return EntraReply(response.status_code, text, headers)
        except EntraUnavailable:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise EntraUnavailable(type(error).__name__) from None


def _read(response: requests.Response, ends_at: float) -> bytes:
    body = b""
    # A read per arrival: a reply that drips would never meet the time-out of a single read.
    while piece := response.raw.read1(_PIECE_BYTES):
        body += piece
        if len(body) > REPLY_LIMIT_BYTES:
            raise EntraUnavailable("the reply was too large")
        if time.monotonic() > ends_at:
            raise EntraUnavailable("the reply took too long")
    return body


def _asked_pause_seconds(reply: EntraReply) -> float:
    try:
        return min(max(float(reply.headers["retry-after"]), _PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
    except (KeyError, ValueError):
        return _PAUSE_SECONDS
