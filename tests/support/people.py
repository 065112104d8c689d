"""A person at the emulator's authorize page, without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from core.emulator.directory import CLIENT_ID, TENANT_ID

if TYPE_CHECKING:
    from core.emulator.directory import Person


def choose_account(authorize_url: str, person: Person | None) -> dict[str, str]:
    """Open the page, choose ``person`` (None: cancel) and return the parameters the app is called back with."""
    with httpx2.Client() as client:
        page = client.get(authorize_url)
        if page.status_code == httpx2.codes.OK:
            form = {"account": person.object_id} if person else {"cancel": "yes"}
            page = client.post(authorize_url, data=form)
    assert page.is_redirect, page.text
    return dict(parse_qsl(urlsplit(page.headers["location"]).query))


def account_picker_url(base_url: str, app_url: str, **more: str) -> str:
    """Where the app at ``app_url`` sends people who sign in at the emulator at ``base_url``."""
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": f"{app_url}/auth/callback",
        "scope": "openid https://cognitiveservices.azure.com/.default",
        "state": "the-state",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{base_url}/entra/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode(query)}"
