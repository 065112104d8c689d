"""The identity room wired to an emulator over real HTTP and to a database of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import ssl
import stat
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import trustme
from sqlalchemy import func, select
from starlette.applications import Starlette

from core.clouds import PUBLIC
from core.emulator.directory import AUTHORITY_HOST, BUSINESS_USER, CLIENT_ID, TENANT_ID
from core.identity.authority import Authority, EntraHttp
from core.identity.entra_connection import EntraConnection
from core.identity.session_tokens import SessionTokens
from core.identity.sign_in import SignIn
from core.storage.audit import AuditLog
from core.storage.sealing import Sealer
from core.storage.sessions import FlowStore, SessionStore
from core.storage.tables import audit, sessions
from tests.support.laptop import laptop_settings
from tests.support.people import choose_account
from tests.support.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from starlette.middleware import Middleware

    from core.emulator.directory import Person
    from core.emulator.emulator import Emulator
    from core.identity.access_token import AccessToken
    from core.identity.sign_in import Begun, Completed
    from core.identity.web_app_credential import Credential
    from core.settings import Settings
    from core.storage.engine import Database
    from core.storage.sessions import SessionRecord

SCOPE = PUBLIC.scope
AUDIENCE = SCOPE.removesuffix("/.default")
REDIRECT_URI = "http://localhost:8501/auth/callback"
PATIENCE_SECONDS = 20.0


class ShiftedClock:
    """Real time plus an offset: the clock of a server that is wrong, or a moment to come."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, **duration: float) -> None:
        """Move by a duration, given as to ``timedelta``."""
        self.offset += timedelta(**duration)


def make_settings(**changed: Any) -> Settings:  # noqa: ANN401 - any field of the settings
    """Settings of a web app of the emulator's tenant, changed as told."""
    tenant = {"tenant_id": TENANT_ID, "authority_host": AUTHORITY_HOST, "instance_discovery": False}
    web_app = {"public_url": "http://localhost:8501", "client_id": CLIENT_ID, **tenant}
    return laptop_settings(**{**web_app, **changed})


@contextlib.contextmanager
def entra_http(
    authority: Authority,
    clock: ShiftedClock,
    pauses: list[float] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[EntraHttp]:
    """The HTTP client; ``pauses`` collects what it would have waited between two attempts."""
    waited = [] if pauses is None else pauses
    connection = EntraConnection(answer_seconds=patience_seconds, pause=waited.append)
    http = EntraHttp(authority, connection, clock)
    with contextlib.closing(http):
        yield http


def ask(
    tokens: SessionTokens,
    record: SessionRecord,
    scope: str = SCOPE,
    *,
    tenant_id: str = "",
    refused: AccessToken | None = None,
    claims: str = "",
) -> AccessToken:
    """A token of a session, from a thread without a loop."""
    value = refused.value if refused else ""
    return asyncio.run(tokens.source(record).token(scope, tenant_id=tenant_id, refused=value, claims=claims))


@dataclass
class Stores:
    """Sessions, flows and audit log over one database."""

    database: Database
    clock: ShiftedClock
    sealer: Sealer = field(default_factory=lambda: Sealer([secrets.token_bytes(32)]))

    def __post_init__(self) -> None:
        self.sessions = SessionStore(self.database, self.sealer, self.clock)
        self.flows = FlowStore(self.database, self.sealer, self.clock)
        self.audit = AuditLog(self.database, self.clock)


@dataclass
class IdentityRoom:
    """Everything that takes part in a sign-in, with the emulator behind it."""

    emulator: Emulator
    clock: ShiftedClock
    stores: Stores
    http: EntraHttp
    authority: Authority
    settings: Settings = field(default_factory=make_settings)
    credential: Credential = None

    def __post_init__(self) -> None:
        stores = self.stores
        parts = (self.settings, self.authority, self.http, self.credential)
        self.sign_in = SignIn(
            *parts, flows=stores.flows, sessions=stores.sessions, audit=stores.audit, clock=self.clock
        )
        self.tokens = self.another_process()

    def another_process(self) -> SessionTokens:
        """A second set of session tokens over the same database, with no memory in common."""
        return SessionTokens(
            self.settings,
            self.authority,
            self.http,
            self.credential,
            sessions=self.stores.sessions,
            clock=self.clock,
        )

    def begin(self, next_path: str = "/", **asked: str) -> Begun:
        """Begin a sign-in."""
        return self.sign_in.begin(redirect_uri=REDIRECT_URI, next_path=next_path, **asked)

    def complete(self, query: dict[str, str], flow_cookie: str | None, old_cookie: str | None = None) -> Completed:
        """Finish a sign-in with the parameters of a callback."""
        return self.sign_in.complete(query, flow_cookie=flow_cookie, redirect_uri=REDIRECT_URI, old_cookie=old_cookie)

    def sign_in_as(self, person: Person | None = BUSINESS_USER, **asked: str) -> Completed:
        """Go through the whole flow as ``person``, as a browser would; None cancels."""
        begun = self.begin(**asked)
        return self.complete(choose_account(begun.location, person), begun.flow_cookie)

    def sign_in_with_a_token_about_to_end(self, person: Person = BUSINESS_USER) -> SessionRecord:
        """The only token of the session has a minute left; what is renewed afterwards lasts an hour."""
        self.emulator.entra.mint.lifetime_seconds = 60
        record = self.sign_in_as(person).record
        self.emulator.entra.mint.lifetime_seconds = 3600
        return record

    def token_requests(self, grant_type: str = "") -> int:
        """How many requests the token endpoint got, of one kind or of any."""
        asked = [request for request in self.emulator.entra.asked if request.endpoint == "token"]
        return len([request for request in asked if grant_type in {"", request.grant_type}])

    def audited(self) -> list[dict[str, str]]:
        """The audit log, oldest first."""
        with self.stores.database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.position)).mappings()
            return [{name: str(value) for name, value in row.items()} for row in rows]

    def sessions(self) -> int:
        """How many sessions there are."""
        with self.stores.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(sessions)).scalar_one())


class FakeAz:
    """An ``az`` that notes its arguments and prints what the real one prints."""

    def __init__(self, folder: Path, token: str) -> None:
        self._calls = folder / "calls"
        self._command = folder / "az"
        expires_at = int(time.time()) + 3600
        answer = {
            "accessToken": token,
            "expiresOn": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(expires_at)),
            "expires_on": expires_at,
            "subscription": "3f5a7b91-c2d4-4e6f-8091-a2b3c4d5e6f7",
            "tenant": TENANT_ID,
            "tokenType": "Bearer",
        }
        self.says(json.dumps(answer))

    def says(self, output: str, *, error: str = "", code: int = 0) -> None:
        """What the next calls print."""
        program = (
            f"#!{sys.executable}\n"
            "import sys\n"
            f"print(*sys.argv[1:], file=open({str(self._calls)!r}, 'a'))\n"
            f"sys.stderr.write({error!r})\n"
            f"print({output!r})\n"
            f"sys.exit({code})\n"
        )
        self._command.write_text(program)
        self._command.chmod(self._command.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        """The arguments of every call so far."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@contextlib.contextmanager
def entra_over_https(emulator: Emulator, ca_file: Path, middleware: Sequence[Middleware] = ()) -> Iterator[str]:
    """Serve the emulator's Entra alone at the root of an https origin, and yield its ``host:port``.

    ``ca_file`` receives the certificate of the authority that signed the server's; name it in REQUESTS_CA_BUNDLE.
    """
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    app = Starlette(routes=emulator.entra_routes(""), middleware=middleware)
    with serving(app, ssl=context, host="localhost") as base_url:
        emulator.signer.authority_host = base_url.removeprefix("https://")
        yield emulator.signer.authority_host
