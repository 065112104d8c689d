"""No connection, or one that broke: each cause with its own diagnosis."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

from core.errors import CallError, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

_CERTIFICATE_FAULTS: Final = {
    9: (
        "clock-skew",
        "The resource's certificate is not valid yet.",
        "Ask whoever runs this app to check the clock of its server.",
    ),
    10: (
        "certificate-expired",
        "The resource's certificate has expired.",
        "Ask whoever runs this app to check the clock of its server, and who answers at that address.",
    ),
    62: (
        "certificate-name",
        "The certificate at the resource's address belongs to another name.",
        "Ask whoever runs this app to check the endpoint's address and any proxy before it.",
    ),
}
"""By OpenSSL's X509_V_ERR numbers."""

_UNKNOWN_ISSUER: Final = (
    "tls-intercepted",
    "The resource's certificate comes from an authority that this server does not know.",
    "Ask whoever runs this app: a proxy that inspects TLS needs its own authority in SSL_CERT_FILE.",
)
_NETWORK: Final = "Ask whoever runs this app to check the network between it and the resource."


def unreachable(error: BaseException, host: str) -> CallError:
    """Say why there is no connection to ``host``, from the exception and what caused it."""
    causes = list(_chain(error))
    detail = f"{host}: " + " < ".join(type(cause).__name__ for cause in causes)
    for diagnose in (_root_cause, _phase):
        for cause in causes:
            diagnosis = diagnose(cause, host, detail)
            if diagnosis is not None:
                return diagnosis
    return Unreachable("The connection to the resource broke.", f"Try again. If it stays: {_NETWORK}", detail=detail)


def is_hung_up(error: BaseException) -> bool:
    """Whether the far side closed the connection before a word of its reply, as with one kept for too long."""
    import httpx2

    return any(isinstance(cause, httpx2.RemoteProtocolError | httpx2.ReadError) for cause in _chain(error))


def _root_cause(cause: BaseException, host: str, detail: str) -> CallError | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        code, title, remedy = _CERTIFICATE_FAULTS.get(cause.verify_code, _UNKNOWN_ISSUER)
        return Unreachable(
            title, remedy, retryable=False, cause=code, detail=f"{detail} verify code {cause.verify_code}"
        )
    if isinstance(cause, ssl.SSLError):
        return Unreachable("The secure connection to the resource broke.", _NETWORK, detail=detail)
    if isinstance(cause, socket.gaierror):
        return Unreachable(
            f"The name {host} is not known in this network.",
            "Ask whoever runs this app to check the endpoint's address, DNS, and a private endpoint's DNS zone.",
            cause="name-not-resolved",
            detail=detail,
        )
    if isinstance(cause, ConnectionRefusedError):
        return Unreachable("The resource's address refuses connections.", _NETWORK, detail=detail)
    return None


def _phase(cause: BaseException, _: str, detail: str) -> CallError | None:
    """Where it happened, when nothing says why."""
    import httpx2

    if isinstance(cause, httpx2.ConnectTimeout):
        return Unreachable("The resource's address does not answer.", _NETWORK, detail=detail)
    if isinstance(cause, httpx2.TimeoutException | TimeoutError):
        return TimedOut(detail=detail)
    if isinstance(cause, httpx2.ConnectError):
        return Unreachable("The resource could not be reached.", _NETWORK, detail=detail)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it, outermost first."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
