"""What the web needs from the rest of the app, told as protocols, so that nothing heavy is imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.taglines.desk import Taglines


class Session(Protocol):
    """One signed-in browser. ``id`` is the random binding used inside the app; it is not the cookie."""

    @property
    def id(self) -> str: ...  # noqa: D102 - a field

    @property
    def tenant_id(self) -> str: ...  # noqa: D102 - a field

    @property
    def object_id(self) -> str: ...  # noqa: D102 - a field

    @property
    def username(self) -> str: ...  # noqa: D102 - a field

    @property
    def name(self) -> str: ...  # noqa: D102 - a field

    @property
    def form_token(self) -> str: ...  # noqa: D102 - a field


class Sessions(Protocol):
    """The session store. Every method may block."""

    def by_cookie(self, cookie: str, /) -> Session | None:
        """The session of this cookie value, or None when there is none, or it is over."""

    def by_id(self, session_id: str, /) -> Session | None:
        """The session of this id, or None when there is none, or it is over."""

    def touch(self, session_id: str, /) -> object:
        """Count now as activity."""

    def create(  # noqa: PLR0913 - the columns of a session
        self,
        *,
        cookie: str,
        tenant_id: str,
        object_id: str,
        username: str,
        name: str,
        token_cache: bytes | None,
        replaces_cookie: str | None,
    ) -> Session:
        """A new session under ``cookie``; the one under ``replaces_cookie`` ends with it."""

    def delete(self, session_id: str, /) -> object:
        """End this session."""

    def delete_person(self, tenant_id: str, object_id: str, /) -> Sequence[str]:
        """End all sessions of a person; returns their ids."""


class Begun(Protocol):
    """A sign-in on its way: where the browser goes, and the cookie that binds the attempt to it."""

    @property
    def location(self) -> str: ...  # noqa: D102 - a field

    @property
    def flow_cookie(self) -> str: ...  # noqa: D102 - a field


class Completed(Protocol):
    """A sign-in that worked: the new session, its cookie, and the page that was wanted."""

    @property
    def cookie(self) -> str: ...  # noqa: D102 - a field

    @property
    def next_path(self) -> str: ...  # noqa: D102 - a field


class EntraSignIn(Protocol):
    """Sign-in through Entra. Every method may block; failures are the ``SignInError`` tree."""

    def begin(
        self,
        *,
        redirect_uri: str,
        next_path: str,
        claims: str = "",
        login_hint: str = "",
        prompt: str = "select_account",
    ) -> Begun:
        """Store a new attempt and say where the browser has to go."""

    def complete(
        self, query: Mapping[str, str], /, *, flow_cookie: str | None, redirect_uri: str, old_cookie: str | None
    ) -> Completed:
        """Redeem what Entra sent back and create a new session."""

    def sign_out(self, session_id: str, /) -> object:
        """End this session and record it."""

    def end_session_url(self, post_logout_redirect_uri: str, /) -> str | None:
        """Where a browser also signs out of Entra, or None."""


class Audit(Protocol):
    """The audit table."""

    def record(self, event: str, *, tenant_id: str = "", object_id: str = "", session_id: str = "") -> object:
        """Append one line."""


class LiveRuns(Protocol):
    """Answers on their way."""

    def cancel_session(self, session_id: str, /) -> object:
        """Stop what this session started."""

    def cancel_owner(self, owner: tuple[str, str], /) -> object:
        """Stop what this person started, in any session."""


class Doors(Protocol):
    """Everything behind the gate that the gate and its routes open.

    ``checks`` are asked by ``/readyz``: one callable per name of ``core.web.health.CHECKS``, which may block and
    raises when its part is not ready. ``sign_in`` is None where a one-time link opens the app.
    """

    @property
    def sessions(self) -> Sessions: ...  # noqa: D102 - a field

    @property
    def sign_in(self) -> EntraSignIn | None: ...  # noqa: D102 - a field

    @property
    def audit(self) -> Audit: ...  # noqa: D102 - a field

    @property
    def live(self) -> LiveRuns: ...  # noqa: D102 - a field

    def claims_asked_for(self, session_id: str, /) -> str:
        """The claims challenge that the next sign-in of this session has to answer, or ""."""

    @property
    def taglines(self) -> Taglines: ...  # noqa: D102 - a field

    @property
    def checks(self) -> Mapping[str, Callable[[], object]]: ...  # noqa: D102 - a field
