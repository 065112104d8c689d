"""A person at the emulator's authorize page, without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import httpx2

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
