"""Ways to let MSAL and azure-identity keep their https authority while the emulator answers over loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from azure.core.pipeline.transport import RequestsTransport

if TYPE_CHECKING:
    from azure.core.pipeline.transport import RequestsTransportResponse
    from azure.core.rest import HttpRequest


class RewritingClient:
    """An ``http_client`` for MSAL: ``https://{authority_host}/X`` becomes ``{base_url}/entra/X``.

    Addresses of the emulator itself pass, every other one is refused.
    """

    def __init__(self, authority_host: str, base_url: str) -> None:
        self._client = httpx2.Client()
        self._authority = f"https://{authority_host}"
        self._base_url = base_url
        self.requests: list[str] = []

    def get(
        self, url: str, params: dict[str, str] | None = None, headers: dict[str, str] | None = None, **_: object
    ) -> httpx2.Response:
        return self._client.get(self._rewritten(url), params=params, headers=headers)

    def post(
        self,
        url: str,
        params: dict[str, str] | None = None,
        data: dict[str, str | bytes] | None = None,
        headers: dict[str, str] | None = None,
        **_: object,
    ) -> httpx2.Response:
        # MSAL gives client assertions as bytes, which httpx2 would send as "b'…'".
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._client.post(self._rewritten(url), params=params, data=form, headers=headers)

    def close(self) -> None:
        self._client.close()

    def _rewritten(self, url: str) -> str:
        rewritten = rewritten_url(url, self._authority, self._base_url)
        self.requests.append(rewritten)
        return rewritten


class RewritingTransport(RequestsTransport):  # type: ignore[misc]  # azure-core leaves it untyped
    """The same for azure-identity."""

    def __init__(self, authority_host: str, base_url: str) -> None:
        super().__init__()
        self._authority = f"https://{authority_host}"
        self._base_url = base_url

    def send(self, request: HttpRequest, **kwargs: object) -> RequestsTransportResponse:
        request.url = rewritten_url(request.url, self._authority, self._base_url)
        return super().send(request, **kwargs)


def rewritten_url(url: str, authority: str, base_url: str) -> str:
    if url.startswith(f"{authority}/"):
        return f"{base_url}/entra{url.removeprefix(authority)}"
    if url.startswith(f"{base_url}/"):
        return url
    raise ValueError(f"This address is not the emulator's: {url}")
