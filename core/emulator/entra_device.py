"""Device codes: an app shows a short code, and a person enters it on a page of Entra's in any browser.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response

from core.emulator.entra_page import account_picker, code_page, done_page, refusal_page
from core.emulator.entra_refusals import Refusal
from core.emulator.entra_tokens import audience_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from core.emulator.directory import Directory, Person

SECONDS: Final = 900
INTERVAL_SECONDS: Final = 5
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXYZ23456789"


@dataclass
class DeviceCode:
    """One code: who it is for, and what a person has decided about it."""

    user_code: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float
    person: Person | None = None
    is_declined: bool = False


class DeviceCodes:
    """The codes in circulation and the pages where they are entered.

    Args:
        directory: Knows applications and people.
        clock: Emulator time, seconds since the epoch.
    """

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._clock = clock
        self._codes: dict[str, DeviceCode] = {}

    def begin(self, form: dict[str, str], base: str) -> Response:
        """Answer an app that asks for a code.

        Raises:
            Refusal: Unknown application, or a scope that is none.
        """
        client_id, scopes = form.get("client_id", ""), tuple(form.get("scope", "").split())
        if self._directory.application(client_id) is None:
            raise Refusal(700016, client_id)
        audience_of(list(scopes))
        device_code = secrets.token_urlsafe(48)
        code = DeviceCode(
            "".join(secrets.choice(_LETTERS) for _ in range(9)), client_id, scopes, self._clock() + SECONDS
        )
        self._codes[device_code] = code
        address = f"{base}/devicelogin"
        return JSONResponse(
            {
                "user_code": code.user_code,
                "device_code": device_code,
                "verification_uri": address,
                "expires_in": SECONDS,
                "interval": INTERVAL_SECONDS,
                "message": f"To sign in, open {address} in a browser and enter the code {code.user_code}.",
            }
        )

    def redeem(self, device_code: str, client_id: str) -> DeviceCode:
        """The code of an app that asks whether the person has signed in; it works once.

        Raises:
            Refusal: Not yet, no longer, never, or the person said no.
        """
        code = self._codes.get(device_code)
        if code is None or code.client_id != client_id:
            raise Refusal(9002313)
        if self._clock() >= code.expires_at:
            raise Refusal(70020)
        if code.is_declined:
            raise Refusal(65004)
        if code.person is None:
            raise Refusal(70016)
        del self._codes[device_code]
        return code

    async def page(self, request: Request) -> Response:
        """Ask for the code, then who signs in."""
        entered = request.query_params.get("user_code", "").strip().upper()
        code = next((code for code in self._codes.values() if code.user_code == entered), None)
        if not entered:
            return code_page()
        if code is None or self._clock() >= code.expires_at:
            return refusal_page("That code did not work. Check it, or ask the app for a new one.")
        application = self._directory.application(code.client_id)
        return account_picker(self._directory.people, application.name if application else code.client_id, "self", "")

    async def choose(self, request: Request) -> Response:
        """Note who signed in, or that they would not."""
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()
        }
        if "user_code" in form:
            return RedirectResponse(f"{request.url.path}?{urlencode({'user_code': form['user_code']})}", 303)
        entered = request.query_params.get("user_code", "").strip().upper()
        code = next((code for code in self._codes.values() if code.user_code == entered), None)
        if code is None:
            return refusal_page("That code did not work. Check it, or ask the app for a new one.")
        code.person, code.is_declined = self._directory.person(form.get("account", "")), "cancel" in form
        return done_page("You are signed in on your device", "You can close this window and go back to the app.")
