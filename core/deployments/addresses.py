"""The address of an endpoint: people's tokens go there, so it is read by one parser and held against a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from core.clouds import cloud_of_host
from core.loopback import is_loopback

if TYPE_CHECKING:
    from core.clouds import Cloud

HTTPS_PORT: Final = 443
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f\\]")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PATH: Final = re.compile(r"(/(?!\.+(/|$))[A-Za-z0-9._~-]+)*")
_PROJECT: Final = re.compile(r"/api/projects/[A-Za-z0-9._-]+")
_OPENAI_PART: Final = re.compile(r"/openai(/.*)?$", re.IGNORECASE)
_API_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_PORTALS: Final = ("portal.azure.com", "portal.azure.us", "portal.azure.cn", "ai.azure.com", "oai.azure.com")
_PROJECT_HOSTS: Final = ".services.ai.azure.com"


class AddressRefused(ValueError):
    """An address that must not be called: ``what`` is wrong with it, and ``remedy``."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Address:
    """A resource or project: ``url`` has no slash at its end, ``api_version`` only where one was pasted with it."""

    url: str
    host: str
    api_version: str | None

    @property
    def is_project(self) -> bool:
        """Whether it is a Foundry project rather than a whole resource."""
        return self.host.endswith(_PROJECT_HOSTS) and "/api/projects/" in self.url

    @property
    def is_foundry(self) -> bool:
        """Whether the host is a Foundry resource's."""
        return self.host.endswith(_PROJECT_HOSTS)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Which addresses may receive a token.

    Args:
        cloud: Its resources' host endings are accepted, over https on port 443.
        authority_host: Where people sign in, to name it when an endpoint belongs to another cloud.
        allowed_hosts: Hosts accepted by name, ``host`` or ``host:port``, over https.
        on_loopback: Whether the app itself is on loopback; only then plain http to loopback is accepted.
    """

    cloud: Cloud
    authority_host: str
    allowed_hosts: tuple[str, ...]
    on_loopback: bool

    def read(self, text: str) -> Address:
        """Bring an address as people paste it into the one form that is used everywhere.

        Raises:
            AddressRefused: It is not one, or not one that may receive tokens.
        """
        parts, port = self._split(text.strip())
        host = parts.hostname or ""
        authority = f"[{host}]" if ":" in host else host
        named = f"{authority}:{port}" in self.allowed_hosts or (
            port == HTTPS_PORT and authority in self.allowed_hosts
        )
        if parts.scheme == "http":
            self._check_plain(host)
        elif not named:
            self._check_listed(host, port)
        path = _OPENAI_PART.sub("", re.sub("/+", "/", parts.path)).rstrip("/")
        self._check_path(path, is_listed=named or parts.scheme == "http", host=host)
        usual = HTTPS_PORT if parts.scheme == "https" else 80
        where = authority if port == usual else f"{authority}:{port}"
        return Address(f"{parts.scheme}://{where}{path}", host, self._pasted_api_version(parts))

    @property
    def _right_form(self) -> str:
        suffix = self.cloud.endpoint_suffixes[0]
        return f"Use the form https://NAME{suffix}, as Keys and Endpoint in the portal shows it."

    def _split(self, text: str) -> tuple[SplitResult, int]:
        if not text.isascii():
            raise AddressRefused("has letters that only look like the right ones.", self._right_form)
        if _FORBIDDEN.search(text):
            raise AddressRefused("has a space, a backslash or a control character in it.", self._right_form)
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise AddressRefused("is not an address.", self._right_form) from None
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise AddressRefused("does not begin with https:// and a host.", self._right_form)
        if "@" in parts.netloc or "%" in parts.netloc:
            raise AddressRefused("has a user name or an encoded character before its host.", self._right_form)
        if parts.fragment or parts.hostname in _PORTALS:
            raise AddressRefused("is a page for people, not the address of a resource.", self._right_form)
        return parts, port if port is not None else (HTTPS_PORT if parts.scheme == "https" else 80)

    def _check_plain(self, host: str) -> None:
        if not is_loopback(host):
            raise AddressRefused("uses http: tokens would travel in the clear.", self._right_form)
        if not self.on_loopback:
            raise AddressRefused(
                "is on loopback over http, which is accepted only while the app itself is on loopback.",
                self._right_form,
            )

    def _check_listed(self, host: str, port: int) -> None:
        other = cloud_of_host(host)
        if other is not None and other is not self.cloud:
            raise AddressRefused(
                f"belongs to the cloud {other.name}, but people sign in to the cloud {self.cloud.name} "
                f"({self.authority_host}).",
                f"Set KEYLESS_CLOUD={other.name}, or use an endpoint of {self.cloud.name}.",
            )
        if other is None or not _HOST.fullmatch(host):
            endings = ", ".join(self.cloud.endpoint_suffixes)
            raise AddressRefused(
                f"has the host {host}, which ends in none of {endings}: it would receive people's tokens.",
                f"{self._right_form} If the host is yours, name it in KEYLESS_ALLOWED_ENDPOINT_HOSTS.",
            )
        if port != HTTPS_PORT:
            raise AddressRefused(f"has the port {port}; resources answer on {HTTPS_PORT} only.", self._right_form)

    def _check_path(self, path: str, *, is_listed: bool, host: str) -> None:
        if is_listed and _PATH.fullmatch(path):
            return
        if not path or (host.endswith(_PROJECT_HOSTS) and _PROJECT.fullmatch(path)):
            return
        raise AddressRefused(
            f"has the path {path}, which is neither a resource nor a project.",
            f"{self._right_form} A Foundry project: https://NAME{_PROJECT_HOSTS}/api/projects/PROJECT.",
        )

    def _pasted_api_version(self, parts: SplitResult) -> str | None:
        pasted = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        version = pasted.pop("api-version", None)
        if pasted:
            raise AddressRefused(f"carries parameters ({', '.join(sorted(pasted))}).", self._right_form)
        return version if version and _API_VERSION.fullmatch(version) else None
