"""The security headers."""

from __future__ import annotations

import base64
import hashlib
import re

from core.web.headers import content_security_policy, security_headers
from core.web.streamlit_files import folder, static_paths, text_font_path

POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval' {hash}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def test_the_policy_allows_the_one_inline_script_of_the_installed_page_by_its_hash() -> None:
    page = (folder() / "index.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert content_security_policy() == POLICY.format(hash=f"'sha256-{digest}'")


def test_all_headers_are_there_and_https_adds_one() -> None:
    plain, secure = dict(security_headers(secure=False)), dict(security_headers(secure=True))
    assert {name: value for name, value in plain.items() if name != b"content-security-policy"} == {
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
    }
    assert set(secure) - set(plain) == {b"strict-transport-security"}


def test_every_file_the_page_loads_is_public_and_the_page_itself_is_not() -> None:
    page = (folder() / "index.html").read_text(encoding="utf-8")
    wanted = re.findall(r'(?:src|href)="\./((?:static/|favicon)[^"]+)"', page)
    assert len(wanted) > 10
    assert {f"/{path}" for path in wanted} <= static_paths()
    assert "/index.html" not in static_paths()
    assert text_font_path() in static_paths()
