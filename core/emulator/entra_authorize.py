"""The authorize page: a browser arrives with a request of an app and leaves with a code or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

from core.emulator.directory import is_loopback_redirect
from core.emulator.entra_grants import Grant, Grants, claims_challenge
from core.emulator.entra_page import account_picker, refusal_page
from core.emulator.entra_refusals import MULTI_FACTOR, NOT_ASSIGNED, Refusal
from core.emulator.entra_tokens import audience_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from core.emulator.directory import Application, Directory, Person

CHALLENGE_LENGTHS: Final = range(43, 129)


class Authorize:
    """Checks what an app asks for, lets a person choose an account, and sends the browser back.

    Args:
        directory: Knows applications and people.
        grants: Issues the codes.
        authority_host: Host (and port) that error addresses name.
        clock: Emulator time, seconds since the epoch.
    """

    def __init__(self, directory: Directory, grants: Grants, authority_host: str, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._grants = grants
        self._authority_host = authority_host
        self._clock = clock

    async def show(self, request: Request) -> Response:
        """Answer GET: the account picker, or a refusal."""
        return await self._answer(request, {})

    async def choose(self, request: Request) -> Response:
        """Answer POST of the account picker: back to the app."""
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        return await self._answer(request, {name: values[0] for name, values in form.items()})

    async def _answer(self, request: Request, form: dict[str, str]) -> Response:
        query = dict(request.query_params)
        try:
            application, redirect_uri = self._trusted(query)
        except Refusal as refusal:
            # Nothing proves that the address to return to is the app's own: the refusal stays here.
            return refusal_page(self._describe(refusal)["error_description"])
        try:
            _check(query, is_public=is_loopback_redirect(redirect_uri), is_cancelled="cancel" in form)
            person = self._directory.person(form.get("account", ""))
            if person is None:
                return account_picker(
                    self._directory.people, application.name, redirect_uri, query.get("login_hint", "")
                )
            self._refuse_if_told(application, person)
        except Refusal as refusal:
            described = self._describe(refusal)
            answer = {"error": refusal.error_at_authorize, "error_description": described["error_description"]}
            return _back(redirect_uri, query, {**answer, "error_uri": described["error_uri"]})
        code = self._grants.issue_code(
            Grant(
                person,
                application.client_id,
                redirect_uri,
                scopes=tuple(query.get("scope", "").split()),
                nonce=query.get("nonce", ""),
                code_challenge=query.get("code_challenge", ""),
                has_claims=bool(claims_challenge(query.get("claims", ""))),
                is_public=is_loopback_redirect(redirect_uri),
            )
        )
        return _back(redirect_uri, query, {"code": code})

    def _trusted(self, query: dict[str, str]) -> tuple[Application, str]:
        client_id, redirect_uri = query.get("client_id", ""), query.get("redirect_uri", "")
        if not client_id:
            raise Refusal(900144, "client_id")
        application = self._directory.application(client_id)
        if application is None:
            raise Refusal(700016, client_id)
        if not application.accepts_redirect(redirect_uri):
            raise Refusal(50011, redirect_uri, client_id)
        return application, redirect_uri

    def _refuse_if_told(self, application: Application, person: Person) -> None:
        code = self._directory.refusal(application.client_id, person.object_id)
        # Missing multi-factor authentication shows where tokens are asked for, together with the claims to bring.
        if code is not None and code != MULTI_FACTOR:
            raise Refusal(code, person.username if code == NOT_ASSIGNED else application.client_id)

    def _describe(self, refusal: Refusal) -> dict[str, str]:
        return refusal.as_json(self._authority_host, self._clock())


def _check(query: dict[str, str], *, is_public: bool, is_cancelled: bool) -> None:
    if query.get("response_type", "") != "code":
        raise Refusal(70005, query.get("response_type", ""))
    if query.get("response_mode", "query") != "query":
        raise Refusal(90023, query["response_mode"])
    if not query.get("scope"):
        raise Refusal(900144, "scope")
    audience_of(query["scope"].split())
    challenge = query.get("code_challenge", "")
    if is_public and not challenge:
        raise Refusal(9002325)
    if challenge and query.get("code_challenge_method") != "S256":
        raise Refusal(50149)
    if challenge and len(challenge) not in CHALLENGE_LENGTHS:
        raise Refusal(501491)
    if query.get("prompt") == "none":
        raise Refusal(50058)
    if is_cancelled:
        raise Refusal(65004)


def _back(redirect_uri: str, query: dict[str, str], answer: dict[str, str]) -> RedirectResponse:
    if "state" in query:
        answer["state"] = query["state"]
    joint = "&" if urlsplit(redirect_uri).query else "?"
    # 303: the browser follows the answer to a form with a GET.
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", 303, {"cache-control": "no-store"})
