"""Who is signed in, with the sealed token cache of each session; and who is about to be."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, select, update

from core.storage.ownership import is_of
from core.storage.tables import sessions, sign_in_flows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from core.storage.engine import Database
    from core.storage.sealing import Sealer

IDLE = timedelta(hours=8)
"""A session ends when nobody used it for so long."""

ABSOLUTE = timedelta(hours=24)
"""A session ends so long after the sign-in, used or not."""

FLOW_LIFETIME = timedelta(minutes=10)
"""How long a person may take at Entra."""

_TOUCHED_AT_MOST_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One signed-in browser.

    ``id`` is the random name the app uses inside; the cookie's value is another one and stored nowhere.
    ``expires_at`` is the end that use does not postpone.
    """

    id: str
    tenant_id: str
    object_id: str
    username: str
    name: str
    roles: tuple[str, ...]
    form_token: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFlow:
    """A flow as it was put: MSAL's, serialised (it holds the PKCE verifier), and where to go afterwards."""

    flow: bytes = field(repr=False)
    next_path: str


def _digest(cookie: str) -> bytes:
    """What is stored of a cookie: its SHA-256. The cookie is random, so no salt is needed."""
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()


_alive: ColumnElement[bool] = and_(
    sessions.c.expires_at > bindparam("now"), sessions.c.seen_at > bindparam("idle_since")
)
_sealed = ("token_cache", "challenge")
_facts = [column for column in sessions.c if column.name not in ("cookie_sha256", "cache_version", *_sealed)]
_by_cookie = select(*_facts).where(sessions.c.cookie_sha256 == bindparam("cookie"), _alive)
_by_id = select(*_facts).where(sessions.c.id == bindparam("session"), _alive)
_challenge = select(sessions.c.challenge).where(sessions.c.id == bindparam("session"), _alive)
_cache = select(sessions.c.token_cache, sessions.c.cache_version).where(sessions.c.id == bindparam("session"), _alive)


class SessionStore:
    """Sessions in the database. A session that has ended, by time or by deletion, is nowhere to be found.

    Every method raises ``StorageError`` when the database fails.
    """

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def create(  # noqa: PLR0913 - a session has that many facts, each named by its caller
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
        """Begin a session for the browser that is given ``cookie``; that of ``replaces_cookie`` ends with it."""
        now = self._clock()
        session_id = secrets.token_urlsafe(24)
        record = SessionRecord(
            id=session_id,
            tenant_id=tenant_id,
            object_id=object_id,
            username=username,
            name=name,
            roles=roles,
            form_token=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
        row = {column.name: getattr(record, column.name) for column in _facts}
        row["cookie_sha256"] = _digest(cookie)
        row["token_cache"] = None if token_cache is None else self._seal(session_id, token_cache)
        row["cache_version"] = 0

        def work(connection: Connection) -> None:
            if replaces_cookie is not None:
                old = sessions.c.cookie_sha256 == _digest(replaces_cookie)
                connection.execute(delete(sessions).where(old))
            connection.execute(insert(sessions).values(row))

        self._database.write(work)
        return record

    def by_cookie(self, cookie: str) -> SessionRecord | None:
        """The living session of a browser."""
        return self._find(_by_cookie, cookie=_digest(cookie))

    def by_id(self, session_id: str) -> SessionRecord | None:
        """The living session of this id."""
        return self._find(_by_id, session=session_id)

    def touch(self, session_id: str) -> None:
        """Note that the person did something; written at most once a minute. An ended session stays ended."""
        record = self.by_id(session_id)
        now = self._clock()
        if record is None or now - record.seen_at < _TOUCHED_AT_MOST_EVERY:
            return
        change = update(sessions).where(sessions.c.id == session_id, _alive).values(seen_at=now)
        self._database.write(lambda connection: connection.execute(change, self._limits()).rowcount)

    def delete(self, session_id: str) -> bool:
        """End a session now; False when there was none."""
        gone = delete(sessions).where(sessions.c.id == session_id)
        return self._database.write(lambda connection: connection.execute(gone).rowcount) == 1

    def delete_person(self, tenant_id: str, object_id: str) -> list[str]:
        """End all sessions of a person; their ids."""
        gone = delete(sessions).where(is_of(sessions, (tenant_id, object_id))).returning(sessions.c.id)
        return self._database.write(lambda connection: [str(found) for found in connection.execute(gone).scalars()])

    def load_cache(self, session_id: str) -> tuple[bytes, int] | None:
        """The token cache and its version; None when the session has ended. A session without one has b"".

        Raises:
            StorageError: The cache does not open with the keys at hand, or the database fails.
        """
        with self._database.read() as connection:
            row = connection.execute(_cache, {"session": session_id, **self._limits()}).one_or_none()
        if row is None:
            return None
        sealed, version = row
        return (b"" if sealed is None else self._sealer.open(sealed, _session_context(session_id))), int(version)

    def save_cache(self, session_id: str, data: bytes, version: int) -> bool:
        """Replace the token cache if it still has this version.

        False when another process saved a newer one or the session has ended: a refresh that races with a sign-out
        does not bring the session back.
        """
        sealed = self._seal(session_id, data)
        change = (
            update(sessions)
            .where(sessions.c.id == session_id, sessions.c.cache_version == version, _alive)
            .values(token_cache=sealed, cache_version=version + 1)
        )
        return self._database.write(lambda connection: connection.execute(change, self._limits()).rowcount) == 1

    def keep_challenge(self, session_id: str, claims: str) -> None:
        """Keep the claims challenge that the next sign-in of this session has to answer; "" drops it."""
        sealed = self._sealer.seal(claims.encode(), _challenge_context(session_id)) if claims else None
        change = update(sessions).where(sessions.c.id == session_id, _alive).values(challenge=sealed)
        self._database.write(lambda connection: connection.execute(change, self._limits()).rowcount)

    def challenge(self, session_id: str) -> str:
        """The claims challenge of a living session, or "".

        Raises:
            StorageError: It does not open with the keys at hand, or the database fails.
        """
        with self._database.read() as connection:
            sealed = connection.execute(_challenge, {"session": session_id, **self._limits()}).scalar_one_or_none()
        return "" if sealed is None else self._sealer.open(sealed, _challenge_context(session_id)).decode()

    def purge(self) -> int:
        """Delete the sessions that time has ended; how many there were."""
        ended = delete(sessions).where(~_alive)
        return self._database.write(lambda connection: connection.execute(ended, self._limits()).rowcount)

    def _find(self, statement: Any, **values: Any) -> SessionRecord | None:  # noqa: ANN401 - Select of ten columns
        with self._database.read() as connection:
            row = connection.execute(statement, {**values, **self._limits()}).one_or_none()
        if row is None:
            return None
        facts = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        return SessionRecord(**{**facts, "roles": tuple(facts["roles"])})

    def _limits(self) -> dict[str, datetime]:
        now = self._clock()
        return {"now": now, "idle_since": now - IDLE}

    def _seal(self, session_id: str, data: bytes) -> bytes:
        return self._sealer.seal(data, _session_context(session_id))


class FlowStore:
    """Flows by the browser's cookie; each can be taken once.

    Every method raises ``StorageError`` when the database fails.
    """

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def put(self, *, cookie: str, flow: bytes, next_path: str) -> None:
        """Keep a flow for ten minutes; a flow that this browser began before is dropped, and so are old ones."""
        now = self._clock()
        digest = _digest(cookie)
        row = {
            "cookie_sha256": digest,
            "flow": self._sealer.seal(flow, _flow_context(digest)),
            "next_path": next_path,
            "created_at": now,
        }
        same_or_old = (sign_in_flows.c.cookie_sha256 == digest) | (sign_in_flows.c.created_at <= now - FLOW_LIFETIME)

        def work(connection: Connection) -> None:
            connection.execute(delete(sign_in_flows).where(same_or_old))
            connection.execute(insert(sign_in_flows).values(row))

        self._database.write(work)

    def take(self, cookie: str) -> StoredFlow | None:
        """The flow of this browser, which is gone afterwards; None when there is none or it is too old."""
        digest = _digest(cookie)
        taken = (
            delete(sign_in_flows)
            .where(sign_in_flows.c.cookie_sha256 == digest)
            .returning(sign_in_flows.c.flow, sign_in_flows.c.next_path, sign_in_flows.c.created_at)
        )
        row = self._database.write(lambda connection: connection.execute(taken).one_or_none())
        if row is None or row.created_at <= self._clock() - FLOW_LIFETIME:
            return None
        return StoredFlow(flow=self._sealer.open(row.flow, _flow_context(digest)), next_path=row.next_path)


def _session_context(session_id: str) -> str:
    return f"session:{session_id}"


def _challenge_context(session_id: str) -> str:
    return f"challenge:{session_id}"


def _flow_context(digest: bytes) -> str:
    return f"flow:{digest.hex()}"
