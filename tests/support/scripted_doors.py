"""What stands behind the gate, scripted: sessions in a dict, a sign-in without Entra, notes of what was asked."""

from __future__ import annotations

import queue
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import SignInError, StorageError
from core.storage.sessions import SessionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TENANT = "11111111-1111-4111-8111-111111111111"
ENTRA = "https://login.example"


def record(object_id: str = "person-1", username: str = "business.user@contoso.example") -> SessionRecord:
    """A session of a person, with an id and a form token of its own."""
    now = datetime.now(UTC)
    return SessionRecord(
        id=secrets.token_urlsafe(24),
        tenant_id=TENANT,
        object_id=object_id,
        username=username,
        name="Business User",
        roles=(),
        form_token=secrets.token_urlsafe(32),
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=24),
    )


class ScriptedSessions:
    """Sessions by cookie. ``fails`` makes every look-up fail as a database would."""

    def __init__(self) -> None:
        self.rows: dict[str, SessionRecord] = {}
        self.touched: queue.Queue[str] = queue.Queue()
        self.lookups = 0
        self.fails = False

    def by_cookie(self, cookie: str) -> SessionRecord | None:
        self._look_up()
        return self.rows.get(cookie)

    def by_id(self, session_id: str) -> SessionRecord | None:
        self._look_up()
        return next((row for row in self.rows.values() if row.id == session_id), None)

    def touch(self, session_id: str) -> None:
        self.touched.put(session_id)

    def create(
        self,
        *,
        cookie: str,
        tenant_id: str,
        object_id: str,
        username: str,
        name: str,
        roles: tuple[str, ...] = (),
        token_cache: bytes | None,
        replaces_cookie: str | None = None,
    ) -> SessionRecord:
        assert token_cache is None or isinstance(token_cache, bytes)
        self.rows.pop(replaces_cookie or "", None)
        created = replace(record(object_id, username), tenant_id=tenant_id, name=name, roles=roles)
        self.rows[cookie] = created
        return created

    def delete(self, session_id: str) -> bool:
        kept = {cookie: row for cookie, row in self.rows.items() if row.id != session_id}
        was_there, self.rows = len(kept) < len(self.rows), kept
        return was_there

    def delete_person(self, tenant_id: str, object_id: str) -> list[str]:
        gone = [row.id for row in self.rows.values() if (row.tenant_id, row.object_id) == (tenant_id, object_id)]
        for session_id in gone:
            self.delete(session_id)
        return gone

    def sign_in(self, object_id: str = "person-1") -> tuple[str, SessionRecord]:
        """A signed-in browser: its cookie value and its session."""
        cookie = secrets.token_urlsafe(32)
        self.rows[cookie] = record(object_id)
        return cookie, self.rows[cookie]

    def _look_up(self) -> None:
        self.lookups += 1
        if self.fails:
            raise StorageError


@dataclass(frozen=True)
class ScriptedBegun:
    """A sign-in on its way."""

    location: str
    flow_cookie: str


@dataclass(frozen=True)
class ScriptedCompleted:
    """A sign-in that worked."""

    cookie: str
    record: SessionRecord
    next_path: str


class ScriptedSignIn:
    """Sends everybody to ``ENTRA`` and believes whoever comes back with the right flow cookie."""

    def __init__(self, sessions: ScriptedSessions) -> None:
        self.sessions = sessions
        self.begun: list[dict[str, str]] = []
        self.completed: list[dict[str, object]] = []
        self.signed_out: list[str] = []
        self.refusal: SignInError | None = None
        self.next_path = "/"
        self.end_session: str | None = f"{ENTRA}/logout"

    def begin(
        self,
        *,
        redirect_uri: str,
        next_path: str,
        claims: str = "",
        login_hint: str = "",
        prompt: str = "select_account",
    ) -> ScriptedBegun:
        if self.refusal:
            raise self.refusal
        state = f"state-{len(self.begun)}"
        self.begun.append(
            {
                "redirect_uri": redirect_uri,
                "next_path": next_path,
                "claims": claims,
                "login_hint": login_hint,
                "prompt": prompt,
            }
        )
        return ScriptedBegun(f"{ENTRA}/authorize?state={state}&client_id=x", f"flow-cookie-of-{state}-0123456789")

    def complete(
        self, query: Mapping[str, str], *, flow_cookie: str | None, redirect_uri: str, old_cookie: str | None
    ) -> ScriptedCompleted:
        self.completed.append(
            {"query": dict(query), "flow": flow_cookie, "redirect_uri": redirect_uri, "old": old_cookie}
        )
        if self.refusal:
            raise self.refusal
        cookie = secrets.token_urlsafe(32)
        created = self.sessions.create(
            cookie=cookie,
            tenant_id=TENANT,
            object_id="person-1",
            username="business.user@contoso.example",
            name="Business User",
            token_cache=b"",
            replaces_cookie=old_cookie,
        )
        return ScriptedCompleted(cookie, created, self.next_path)

    def sign_out(self, session_id: str) -> None:
        self.signed_out.append(session_id)
        self.sessions.delete(session_id)

    def end_session_url(self, post_logout_redirect_uri: str) -> str | None:
        return self.end_session and f"{self.end_session}?post_logout_redirect_uri={post_logout_redirect_uri}"


class ScriptedAudit:
    """Notes events."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def record(self, event: str, *, tenant_id: str = "", object_id: str = "", session_id: str = "") -> None:
        assert tenant_id
        assert object_id
        assert session_id
        self.events.append(event)


class ScriptedRuns:
    """Notes what is to be stopped."""

    def __init__(self) -> None:
        self.cancelled: list[object] = []

    def cancel_session(self, session_id: str) -> int:
        self.cancelled.append(session_id)
        return 0

    def cancel_owner(self, owner: tuple[str, str]) -> int:
        self.cancelled.append(owner)
        return 0


def _ready() -> None:
    """Nothing is wrong."""


@dataclass
class ScriptedDoors:
    """All of it."""

    sessions: ScriptedSessions = field(default_factory=ScriptedSessions)
    audit: ScriptedAudit = field(default_factory=ScriptedAudit)
    live: ScriptedRuns = field(default_factory=ScriptedRuns)
    checks: dict[str, Callable[[], object]] = field(
        default_factory=lambda: dict.fromkeys(("database", "keys", "identity provider", "imports", "clock"), _ready)
    )
    claims: dict[str, str] = field(default_factory=dict)
    is_local: bool = False
    taglines: Any = None
    """Boards are never scripted: a test that needs them uses the services themselves."""

    def __post_init__(self) -> None:
        self.entra = ScriptedSignIn(self.sessions)

    @property
    def sign_in(self) -> ScriptedSignIn | None:
        """None where a link opens the app."""
        return None if self.is_local else self.entra

    def claims_asked_for(self, session_id: str) -> str:
        return self.claims.get(session_id, "")
