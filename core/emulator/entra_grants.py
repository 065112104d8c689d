"""What the token endpoint gives and for what: authorization codes, refresh tokens, client credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from core.emulator.entra_refusals import MULTI_FACTOR, NOT_ASSIGNED, Refusal, as_timestamp
from core.emulator.entra_tokens import Mint, audience_of, client_info
from core.emulator.tenants import HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.emulator.directory import Application, Directory, Person
    from core.emulator.entra_clients import Proof
    from core.emulator.entra_device import DeviceCodes
    from core.emulator.tenants import Tenant

DEVICE_CODE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
CODE_SECONDS: Final = 600
REFRESH_SECONDS: Final = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person agreed to at the authorize page.

    Attributes:
        has_claims: Whether the app asked with a claims challenge, which the person answered by signing in.
        is_public: Whether the app comes back to a loopback address and so needs no credential.
    """

    person: Person
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str
    code_challenge: str
    has_claims: bool
    is_public: bool
    granted_at: float = 0.0


class Grants:
    """Codes and refresh tokens in circulation, and the tokens they are exchanged for.

    Args:
        directory: Says who is refused, and whose sessions were revoked.
        mint: Makes the tokens.
        clock: Emulator time, seconds since the epoch.
        device_codes: Where people who use another device say who they are.
    """

    def __init__(
        self, directory: Directory, mint: Mint, clock: Callable[[], float], device_codes: DeviceCodes
    ) -> None:
        self._directory = directory
        self._mint = mint
        self._clock = clock
        self._device_codes = device_codes
        self._codes: dict[str, Grant] = {}
        self._redeemed: set[str] = set()
        self._refresh_tokens: dict[str, Grant] = {}

    def issue_code(self, grant: Grant) -> str:
        """Make the single-use code that stands for this grant for ten minutes."""
        code = f"1.{secrets.token_urlsafe(48)}"
        self._codes[code] = replace(grant, granted_at=self._clock())
        return code

    def redeem(
        self, application: Application, proof: Proof, form: Mapping[str, str], tenant: Tenant = HOME
    ) -> dict[str, Any]:
        """Answer a token request of an application that has been authenticated, at the endpoint of ``tenant``.

        Raises:
            Refusal: The grant is not worth any token.
        """
        kind = form.get("grant_type", "")
        if not kind:
            raise Refusal(900144, "grant_type")
        if kind == "authorization_code":
            return self._redeem_code(application, proof, form, tenant)
        if kind == "refresh_token":
            return self._refresh(application, proof, form, tenant)
        if kind == "client_credentials":
            return self._client_credentials(application, proof, form, tenant)
        if kind == DEVICE_CODE_GRANT:
            return self._redeem_device_code(application, form, tenant)
        raise Refusal(70003, kind)

    def _redeem_code(
        self, application: Application, proof: Proof, form: Mapping[str, str], tenant: Tenant
    ) -> dict[str, Any]:
        code = _required(form, "code")
        if code in self._redeemed:
            raise Refusal(54005)
        grant = self._codes.get(code)
        if grant is None or grant.client_id != application.client_id:
            raise Refusal(9002313)
        if self._clock() - grant.granted_at > CODE_SECONDS:
            raise Refusal(70008)
        redirect_uri = _required(form, "redirect_uri")
        if redirect_uri != grant.redirect_uri:
            raise Refusal(500112, redirect_uri, grant.redirect_uri)
        _require_proof(grant, proof)
        _check_verifier(grant.code_challenge, form.get("code_verifier", ""))
        self._redeemed.add(code)
        del self._codes[code]
        object_id = grant.person.object_id
        if grant.has_claims and self._directory.refusal(object_id) == MULTI_FACTOR:
            self._directory.admit(object_id)
        scopes = form.get("scope", "").split() or list(grant.scopes)
        return self._tokens(application, grant, scopes, tenant, nonce=grant.nonce)

    def _redeem_device_code(
        self, application: Application, form: Mapping[str, str], tenant: Tenant
    ) -> dict[str, Any]:
        code = self._device_codes.redeem(_required(form, "device_code"), application.client_id)
        assert code.person is not None  # noqa: S101 - only then it is given out
        grant = Grant(
            code.person,
            code.client_id,
            redirect_uri="",
            scopes=code.scopes,
            nonce="",
            code_challenge="",
            has_claims=False,
            is_public=True,
        )
        return self._tokens(application, grant, list(code.scopes), tenant, nonce="")

    def _refresh(
        self, application: Application, proof: Proof, form: Mapping[str, str], tenant: Tenant
    ) -> dict[str, Any]:
        grant = self._refresh_tokens.get(_required(form, "refresh_token"))
        if grant is None or grant.client_id != application.client_id:
            raise Refusal(9002313)
        if self._clock() - grant.granted_at > REFRESH_SECONDS:
            raise Refusal(700082, as_timestamp(grant.granted_at))
        if grant.granted_at <= self._directory.sessions_revoked_at(grant.person.object_id):
            raise Refusal(50173)
        _require_proof(grant, proof)
        challenge = claims_challenge(form.get("claims", ""))
        if challenge and not grant.has_claims:
            raise Refusal(MULTI_FACTOR, "the resource", claims=challenge)
        scopes = form.get("scope", "").split() or list(grant.scopes)
        return self._tokens(application, grant, scopes, tenant, nonce="")

    def _client_credentials(
        self, application: Application, proof: Proof, form: Mapping[str, str], tenant: Tenant
    ) -> dict[str, Any]:
        if proof == "none":
            raise Refusal(7000218)
        scope = _required(form, "scope")
        if not scope.endswith("/.default") or " " in scope:
            raise Refusal(1002012, scope)
        audience = audience_of([scope])
        self._refuse_if_told(application.client_id, audience)
        object_id = application.object_id
        if tenant is not HOME:
            object_id = self._directory.strangers.object_id(application.client_id, tenant) or ""
        if not object_id:
            raise Refusal(700016, application.client_id)
        token = self._mint.access_token_for_itself(
            application.client_id, object_id, audience, tenant_id=tenant.tenant_id
        )
        return {**self._lifetime(), "token_type": "Bearer", "access_token": token}

    def _tokens(
        self, application: Application, grant: Grant, scopes: list[str], tenant: Tenant, *, nonce: str
    ) -> dict[str, Any]:
        audience, person = audience_of(scopes), grant.person
        self._refuse_if_told(application.client_id, audience, person)
        known = self._as_known_in(tenant, person, application)
        answer = {
            **self._lifetime(),
            "token_type": "Bearer",
            "scope": " ".join(scope for scope in scopes if scope != "offline_access"),
            "access_token": self._mint.access_token_for_person(
                known, application.client_id, audience, tenant.tenant_id, has_stepped_up=grant.has_claims
            ),
            "client_info": client_info(person),
        }
        if "offline_access" in scopes:
            # An older refresh token stays good: Entra hands out new ones without taking the old one back.
            refresh_token = f"1.{secrets.token_urlsafe(64)}"
            self._refresh_tokens[refresh_token] = replace(grant, granted_at=self._clock())
            answer["refresh_token"] = refresh_token
        if "openid" in scopes:
            answer["id_token"] = self._mint.id_token(known, application.client_id, nonce, tenant.tenant_id)
        return answer

    def _as_known_in(self, tenant: Tenant, person: Person, application: Application) -> Person:
        """The person with the object id that they have in a tenant."""
        if tenant is HOME:
            return person
        strangers = self._directory.strangers
        if strangers.object_id(application.client_id, tenant) is None:
            raise Refusal(700016, application.client_id)
        object_id = strangers.object_id(person.object_id, tenant)
        if object_id is None:
            home = f"https://sts.windows.net/{HOME.tenant_id}/"
            raise Refusal(50020, person.username, home, tenant.name, application.name)
        return replace(person, object_id=object_id)

    def _refuse_if_told(self, client_id: str, audience: str, person: Person | None = None) -> None:
        code = self._directory.refusal(client_id, *([person.object_id] if person else []))
        if code is not None:
            raise Refusal(
                code, {MULTI_FACTOR: audience, NOT_ASSIGNED: person.username if person else ""}.get(code, client_id)
            )

    def _lifetime(self) -> dict[str, int]:
        return {"expires_in": self._mint.lifetime_seconds, "ext_expires_in": self._mint.lifetime_seconds}


def claims_challenge(claims: str) -> str:
    """The part of a request's ``claims`` that a resource or Entra asked for; "" when there is none.

    Clients that understand such challenges send ``xms_cc`` with every request.
    """
    try:
        asked = json.loads(claims).get("access_token") if claims else None
    except (AttributeError, ValueError):
        return ""
    named = {name: value for name, value in asked.items() if name != "xms_cc"} if isinstance(asked, dict) else {}
    return json.dumps({"access_token": named}, separators=(",", ":")) if named else ""


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise Refusal(900144, name)
    return form[name]


def _require_proof(grant: Grant, proof: Proof) -> None:
    if proof == "none" and not grant.is_public:
        raise Refusal(7000218)


def _check_verifier(challenge: str, verifier: str) -> None:
    if not challenge:
        return
    if not verifier:
        raise Refusal(50148)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(digest, challenge.encode()):
        raise Refusal(501481)
