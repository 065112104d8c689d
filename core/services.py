"""The composition root: from settings to everything the app can do."""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.access.opening import open_desk
from core.demo import app_members, authority_of, catalogue_of, played_settings
from core.deployments import preloading
from core.deployments.calling import call
from core.deployments.client import Clients
from core.deployments.lessons import Lessons
from core.deployments.request_body import fitting
from core.identity.app_credential import AppTokens
from core.identity.authority import EntraHttp
from core.identity.choosing import identities_for
from core.identity.entra_connection import EntraConnection
from core.identity.session_tokens import SessionTokens
from core.identity.sign_in import SignIn
from core.identity.user import User
from core.identity.web_app_credential import web_app_credential
from core.machine import shortages
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import LiveRuns
from core.runs.opening import open_comparing
from core.runs.prompting import Prompting
from core.settings import CallsAs, SignInMode
from core.storage.audit import AuditLog
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from core.storage.lessons import LessonStore
from core.storage.sealing import Sealer, key_file_beside, sealing_keys
from core.storage.sessions import FlowStore, SessionStore
from core.taglines.opening import open_taglines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from core.access.desk import AccessDesk
    from core.deployments.catalogue import Catalogue
    from core.deployments.deployment import Deployment
    from core.deployments.headroom import Headrooms
    from core.emulator.emulator import Emulator
    from core.identity.access_token import TokenSource
    from core.runs.comparing import Comparing
    from core.settings import Settings
    from core.storage.sessions import SessionRecord
    from core.taglines.desk import Taglines

_log = logging.getLogger(__name__)

REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements.txt"
DRAIN_SECONDS: Final = 10.0
ENDING_SECONDS: Final = 2.0
"""How long the last rows of comparisons, and the last cards, may take, once every answer has ended."""
TO_BEGIN_WITH: Final = 3
"""So many deployments are chosen for somebody who chose none."""
PRELOADED: Final = ("alembic", "azure.identity", "babel.numbers", "jwt", "msal", "numpy")
"""What is imported on demand elsewhere; the first visitor must not wait for it."""


@dataclass(frozen=True)
class Services:
    """Everything behind the gate. Made by ``running``, found by ``current``."""

    settings: Settings
    emulator: Emulator | None
    catalogue: Catalogue
    sessions: SessionStore
    audit: AuditLog
    lessons: Lessons
    headrooms: Headrooms
    sign_in: SignIn | None
    live: LiveRuns
    prompting: Prompting
    comparing: Comparing
    taglines: Taglines
    access: AccessDesk
    checks: Mapping[str, Callable[[], object]]
    session_tokens: SessionTokens | None
    app_tokens: AppTokens | None

    def user_of(self, session: SessionRecord) -> User:
        """Whose session it is."""
        return User(session.tenant_id, session.object_id, session.username, session.name)

    def tokens_for(self, session: SessionRecord) -> TokenSource:
        """Whose token the calls of this session carry unless something else is chosen."""
        return self.identities_for(session)[0]

    def identities_for(self, session: SessionRecord) -> list[TokenSource]:
        """Whose tokens the person may choose from, the usual one first."""
        return identities_for(session, self.settings, self.session_tokens, self.app_tokens)

    def signed_in_until(self, session: SessionRecord) -> datetime:
        """When this session ends if nothing is done any more."""
        if self.session_tokens is None:
            return session.expires_at
        return self.session_tokens.horizon(session).session_expires_at

    def needs_person_within(self, session: SessionRecord, tokens: TokenSource, seconds: float) -> bool:
        """Whether work that goes on for so long with ``tokens`` will need a sign-in before it ends, as far as known.

        Raises:
            SignInAgain: The session has ended.
        """
        if self.session_tokens is None or tokens.identity_kind == "app":
            return False
        return self.session_tokens.needs_person_within(session, seconds)

    def claims_asked_for(self, session_id: str) -> str:
        """The claims challenge that the next sign-in of this session has to answer, or ""."""
        return self.session_tokens.claims_asked_for(session_id) if self.session_tokens else ""

    def controls_of(self, deployment: Deployment) -> tuple[str, ...]:
        """The parameters that this deployment takes, as far as is known."""
        return fitting(deployment, self.lessons)

    def deployments_to_begin_with(self, tokens: TokenSource) -> list[Deployment]:
        """A few of different models of which nothing bad is known; where that leaves none, a few of all.

        Whoever may use none is told by each of them what to do about that.
        """
        models: dict[str, Deployment] = {}
        for deployment in [each for each in self.catalogue if self._is_promising(tokens, each)] or self.catalogue:
            models.setdefault(deployment.model or deployment.name, deployment)
        return list(models.values())[:TO_BEGIN_WITH]

    def _is_promising(self, tokens: TokenSource, deployment: Deployment) -> bool:
        kept = self.access.kept(tokens, deployment)
        is_refused = kept is not None and kept.problem is not None
        return not is_refused and self.headrooms.busy_until(deployment.id) is None


def preload() -> None:
    """Import every heavy library now, rehearse a call, and freeze it all for the garbage collector."""
    for name in PRELOADED:
        importlib.import_module(name)
    preloading.preload()
    gc.collect()
    gc.freeze()


_running: Services | None = None


def current() -> Services:
    """The services of this process.

    Raises:
        RuntimeError: None are running.
    """
    if _running is None:
        raise RuntimeError("The services are not running.")
    return _running


@contextmanager
def running(settings: Settings, origin: str, emulator: Emulator | None = None) -> Iterator[Services]:
    """Bring everything up for ``settings``, and down again when the block ends.

    Args:
        settings: What the process runs with.
        origin: The public address; demo mode finds its emulator there.
        emulator: Plays Entra and the resources, in demo mode.

    Raises:
        StorageError: The database cannot be used.
        SettingsError: The catalogue or the web app's certificate cannot be used.
    """
    global _running  # noqa: PLW0603 - Streamlit runs scripts that nothing can be handed to
    with ExitStack() as closing:
        if emulator is not None:
            settings = played_settings(settings)
        services = _compose(settings, origin, emulator, closing)
        _running = services
        try:
            yield services
        finally:
            _running = None
            services.comparing.going_on.begin_no_more()
            services.live.drain(DRAIN_SECONDS)
            services.comparing.going_on.wait_for_all(ENDING_SECONDS)
            services.taglines.wait_for_all(ENDING_SECONDS)


def _compose(settings: Settings, origin: str, emulator: Emulator | None, closing: ExitStack) -> Services:
    database_url = settings.database_url.get_secret_value()
    database = Database.open(database_url, clock=_now)
    closing.callback(database.close)
    key_file = key_file_beside(database_url, settings.data_folder)
    for shortage in shortages(REQUIREMENTS, key_file.parent):
        _log.warning(shortage)
    sealer = Sealer(sealing_keys(settings.sealing_keys, key_file))
    sessions = SessionStore(database, sealer, _now)
    audit = AuditLog(database, _now)
    lessons = Lessons(LessonStore(database, _now))
    conversations = ConversationStore(database, _now)
    conversations.interrupt_orphans()
    sessions.purge()

    catalogue = catalogue_of(settings, origin, emulator)
    core_loop = CoreLoop()
    core_loop.start()
    closing.callback(core_loop.close)
    clients = Clients()
    closing.callback(lambda: core_loop.submit(clients.close()).result())
    live = LiveRuns(core_loop, conversations, functools.partial(call, clients, lessons=lessons), clock=_now)

    authority = authority_of(settings, origin, emulator)
    http = EntraHttp(authority, EntraConnection(), _now)
    closing.callback(http.close)
    credential = web_app_credential(settings)
    sign_in = session_tokens = app_tokens = None
    if settings.sign_in is SignInMode.ENTRA:
        flows = FlowStore(database, sealer, _now)
        sign_in = SignIn(
            settings, authority, http, credential, flows=flows, sessions=sessions, audit=audit, clock=_now
        )
        if emulator is None:
            # Nobody waits for it: Entra may not answer yet.
            threading.Thread(target=http.compare_clocks, name="keyless-clocks", daemon=True).start()
    if settings.calls_as is CallsAs.USER:
        session_tokens = SessionTokens(settings, authority, http, credential, sessions=sessions, clock=_now)
        closing.callback(session_tokens.close)
    if settings.calls_as is CallsAs.APP or settings.app_identity:
        app_tokens = AppTokens(os.environ, settings, _now, http=http, members=app_members(origin, emulator))
        closing.callback(app_tokens.close)
    access = open_desk(
        settings, core_loop, origin=origin, clients=clients, catalogue=catalogue, lessons=lessons, clock=_now
    )
    return Services(
        settings=settings,
        emulator=emulator,
        catalogue=catalogue,
        sessions=sessions,
        audit=audit,
        lessons=lessons,
        headrooms=clients.headrooms,
        sign_in=sign_in,
        live=live,
        prompting=Prompting(conversations, live, catalogue, _now),
        comparing=open_comparing(
            database, live, core_loop, clients=clients, catalogue=catalogue, sessions=sessions, clock=_now
        ),
        taglines=open_taglines(
            database,
            live,
            core_loop,
            access=access,
            audit=audit,
            catalogue=catalogue,
            headrooms=clients.headrooms,
            session_tokens=session_tokens,
            clock=_now,
        ),
        access=access,
        checks={
            "database": database.check,
            "keys": sealer.check,
            "identity provider": http.check if sign_in else _nothing_to_check,
            "imports": _nothing_to_check,
            "clock": http.check_clock,
        },
        session_tokens=session_tokens,
        app_tokens=app_tokens,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _nothing_to_check() -> None:
    """Ready as soon as it is asked."""
