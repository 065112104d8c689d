"""Security headers of every answer, tried in Chromium with Streamlit's whole frontend."""

from __future__ import annotations

from functools import cache
from typing import Final

from core.web.streamlit_files import inline_script_hashes

NO_STORE: Final = (b"cache-control", b"no-store")

_ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # no-referrer would make every form POST send "Origin: null"
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)


@cache
def content_security_policy(form_action: str = "") -> str:
    """The policy; ``form_action`` is one more origin a form may lead to, through a redirect (Chromium counts those).

    ``blob:`` scripts are needed by inline components, WebAssembly by graphviz, inline styles and ``data:`` fonts by
    Streamlit itself, ``data:`` and ``blob:`` pictures by tables and diagrams. The script inside Streamlit's page is
    allowed by its hash.
    """
    scripts = " ".join(("'self'", "blob:", "'wasm-unsafe-eval'", *inline_script_hashes()))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            f"form-action 'self' {form_action}".strip(),
            "frame-ancestors 'none'",
        )
    )


SHOWN_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The policy of pages that show what people and models wrote without Streamlit: nothing inline at all."""


@cache
def security_headers(*, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """All headers but those that depend on the path; ``secure`` tells that browsers come over https."""
    transport = (("strict-transport-security", "max-age=31536000; includeSubDomains"),) if secure else ()
    lines = (("content-security-policy", content_security_policy()), *_ALWAYS, *transport)
    return tuple((name.encode(), value.encode()) for name, value in lines)
