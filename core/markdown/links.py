"""Addresses: which ones may stay links, and how a link shows where it leads."""

import html
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote

from core.markdown.characters import escaped, revealed

_LONGEST = 2_000
_WEB = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[^\s/?#\\@:\[\]]+)(?::([0-9]{1,5}))?((?:[/?#][^\s\\]*)?)", re.IGNORECASE
)
_MAIL = re.compile(r"mailto:([\w.+-]+@[\w.-]+)(?:\?.*)?", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*)|\[[0-9a-f:.]+\]")
_NUMERIC = re.compile(r"\]$|(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
_CLAIMED_HOST = re.compile(r"\s*(?:https?:)?[/\\]{2}([^\s/\\?#]{1,253})", re.IGNORECASE)
_ENCODED = re.compile(r"\\([!-/:-@\[-`{-~])|&(?:#[xX]?[0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
_LONGEST_HOST = 253
_LAST_PORT = 65_535


@dataclass(frozen=True)
class Address:
    """An address a link may lead to.

    ``href`` is ASCII and needs no escaping in Markdown; ``shown`` is the host (in punycode, with its port) or the
    mailbox.
    """

    href: str
    shown: str


def address(text: str) -> Address | None:
    """The address in ``text``; None when it is not plainly http, https or mailto, hides its host or is too long."""
    if len(text) > _LONGEST:
        return None
    if mail := _MAIL.fullmatch(text):
        return Address(f"mailto:{mail[1]}", mail[1])
    web = _WEB.fullmatch(text)
    host = _ascii_host(web[2]) if web else None
    if web is None or host is None or int(web[3] or 0) > _LAST_PORT:
        return None
    rest = quote(web[4], safe="/?#:@+,;=%.-~&").replace("&", "&amp;")
    shown = f"{host}:{web[3]}" if web[3] else host
    return Address(f"{web[1].lower()}://{shown}{rest}", shown)


def _ascii_host(name: str) -> str | None:
    """The host as the browser will ask for it; the international form is turned into punycode."""
    if len(name) > _LONGEST_HOST:
        return None
    try:
        host = name.encode("idna").decode("ascii").lower() if not name.isascii() else name.lower()
        if _NUMERIC.search(host):
            # 2130706433 and 0x7f.1 are addresses to a browser, but not to a reader.
            ip_address(host.strip("[]"))
    except ValueError:
        return None
    return host if _HOST.fullmatch(host) else None


def decoded(destination: str) -> str:
    """A link destination as the browser gets it: without backslash escapes and character references."""
    return _ENCODED.sub(lambda match: match[1] or html.unescape(match[0]), destination)


def link(label: str, source: str, destination: str) -> str:
    """A link which shows its host, or the label alone with a remark when the address may not be a link.

    Args:
        label: What to show, already safe Markdown on one line.
        source: The same as it was written, to see whether it names the host itself.
        destination: The decoded address.
    """
    target = address(destination)
    if target is None:
        return f"{label} (link removed)"
    shown = label if _names(source.strip(), target) else f"{label} ({escaped(target.shown)})"
    return f"[{shown}]({target.href})"


def _names(text: str, target: Address) -> bool:
    """Whether ``text`` is the host or the address itself, with or without its scheme."""
    if target.shown not in text.lower():
        return False
    meant = (address(scheme + text) for scheme in ("", "https://", "http://", "mailto:"))
    return text.lower() == target.shown or any(
        one is not None and one.href.removesuffix("/") == target.href.removesuffix("/") for one in meant
    )


def image(destination: str) -> str:
    """What stands in the place of an image: nothing is ever fetched because a text says so."""
    target = address(destination)
    claimed = _CLAIMED_HOST.match(destination[:_LONGEST])
    host = target.shown if target else claimed[1] if claimed else ""
    return f"\\[image removed\\: {revealed(escaped(host))}\\]" if host else "\\[image removed\\]"
