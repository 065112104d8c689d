"""The composition root: from settings to everything the app can do."""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from core.access.desk import AccessDesk
from core.access.doctor import Doctor
from core.access.proof import Proving
from core.access.recheck import Rechecks
from core.deployments import preloading
from core.deployments.calling import call
from core.deployments.catalogue import Catalogue, read_catalogue
from core.deployments.client import Clients
from core.deployments.lessons import Lessons
from core.deployments.request_body import fitting
from core.deployments.resource_manager import ResourceManager
from core.emulator.directory import AUTHORITY_HOST, CLIENT_ID, TENANT_ID
from core.identity.app_credential import AppTokens
from core.identity.authority import Authority, EntraHttp
from core.identity.choosing import identities_for
from core.identity.entra_connection import EntraConnection
from core.identity.session_tokens import SessionTokens
from core.identity.sign_in import SignIn
from core.identity.user import User
from core.identity.web_app_credential import web_app_credential
from core.machine import shortages
from core.runs.core_loop import CoreLoop
from core.runs.live_runs import LiveRuns
from core.runs.prompting import Prompting
from core.settings import CallsAs, SignInMode
from core.storage.audit import AuditLog
from core.storage.conversations import ConversationStore
from core.storage.engine import Database
from core.storage.lessons import LessonStore
from core.storage.sealing import Sealer, sealing_keys
from core.storage.sessions import FlowStore, SessionStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from core.deployments.deployment import Deployment
    from core.deployments.headroom import Headrooms
    from core.emulator.emulator import Emulator
    from core.identity.access_token import TokenSource
    from core.settings import Settings
    from core.storage.sessions import SessionRecord

_log = logging.getLogger(__name__)

REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements.txt"
DRAIN_SECONDS: Final = 10.0
PRELOADED: Final = ("alembic", "azure.identity", "babel.numbers", "jwt", "msal")
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

    def claims_asked_for(self, session_id: str) -> str:
        """The claims challenge that the next sign-in of this session has to answer, or ""."""
        return self.session_tokens.claims_asked_for(session_id) if self.session_tokens else ""

    def controls_of(self, deployment: Deployment) -> tuple[str, ...]:
        """The parameters that this deployment takes, as far as is known."""
        return fitting(deployment, self.lessons)


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
            settings = _played_by_the_emulator(settings)
        services = _compose(settings, origin, emulator, closing)
        _running = services
        try:
            yield services
        finally:
            _running = None
            services.live.drain(DRAIN_SECONDS)


def _compose(settings: Settings, origin: str, emulator: Emulator | None, closing: ExitStack) -> Services:
    database_url = settings.database_url.get_secret_value()
    database = Database.open(database_url, clock=_now)
    closing.callback(database.close)
    key_file = _key_file(settings, database_url)
    for shortage in shortages(REQUIREMENTS, key_file.parent):
        _log.warning(shortage)
    sealer = Sealer(sealing_keys(settings.sealing_keys, key_file))
    sessions = SessionStore(database, sealer, _now)
    audit = AuditLog(database, _now)
    lessons = Lessons(LessonStore(database, _now))
    conversations = ConversationStore(database, _now)
    conversations.interrupt_orphans()
    sessions.purge()

    catalogue = _catalogue(settings, origin, emulator)
    core_loop = CoreLoop()
    core_loop.start()
    closing.callback(core_loop.close)
    clients = Clients()
    closing.callback(lambda: core_loop.submit(clients.close()).result())
    live = LiveRuns(core_loop, conversations, functools.partial(call, clients, lessons=lessons), clock=_now)

    authority = _authority(settings, origin, emulator)
    http = EntraHttp(authority, EntraConnection(), _now)
    closing.callback(http.close)
    credential = web_app_credential(settings)
    sign_in = session_tokens = app_tokens = None
    if settings.sign_in is SignInMode.ENTRA:
        flows = FlowStore(database, sealer, _now)
        sign_in = SignIn(
            settings, authority, http, credential, flows=flows, sessions=sessions, audit=audit, clock=_now
        )
    if settings.calls_as is CallsAs.USER:
        session_tokens = SessionTokens(settings, authority, http, credential, sessions=sessions, clock=_now)
        closing.callback(session_tokens.close)
    if settings.calls_as is CallsAs.APP or settings.app_identity:
        app_tokens = AppTokens(os.environ, settings, _now, http=http)
        closing.callback(app_tokens.close)
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
        access=_access(settings, origin, clients, core_loop, catalogue, lessons),
        checks={
            "database": database.check,
            "keys": functools.partial(_seal_and_open, sealer),
            "identity provider": functools.partial(_ask_for_metadata, http) if sign_in else _nothing_to_check,
            "imports": _nothing_to_check,
        },
        session_tokens=session_tokens,
        app_tokens=app_tokens,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _played_by_the_emulator(settings: Settings) -> Settings:
    """The settings with the emulator's tenant, application and authority."""
    return replace(
        settings,
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        authority_host=AUTHORITY_HOST,
        instance_discovery=False,
    )


def _access(  # noqa: PLR0913, PLR0917 - the parts of a room meet here
    settings: Settings, origin: str, clients: Clients, core_loop: CoreLoop, catalogue: Catalogue, lessons: Lessons
) -> AccessDesk:
    doctor = Doctor(clients, lessons, _now)
    host = f"https://{settings.cloud.management_host}"
    resource_manager = ResourceManager(
        clients, f"{origin}/emulator/management" if settings.demo else host, f"{host}/.default"
    )
    proving = Proving(os.environ, clients.as_sent, resource_manager, catalogue.endpoints, _now)
    return AccessDesk(core_loop, catalogue, doctor, proving, Rechecks(doctor, _now))


def _authority(settings: Settings, origin: str, emulator: Emulator | None) -> Authority:
    return Authority(
        tenant_id=settings.tenant_id,
        host=settings.authority_host,
        instance_discovery=settings.instance_discovery,
        rewrite_to=f"{origin}/emulator/entra" if emulator else None,
    )


def _catalogue(settings: Settings, origin: str, emulator: Emulator | None) -> Catalogue:
    data = emulator.catalogue(f"{origin}/emulator") if emulator else None
    return read_catalogue(settings, data=data, on_loopback=settings.on_loopback)


def _key_file(settings: Settings, database_url: str) -> Path:
    """Beside the SQLite file, so that a copied database and its key are not found in different places by accident."""
    url = make_url(database_url)
    in_a_file = url.get_backend_name() == "sqlite" and url.database
    return (Path(str(url.database)).parent if in_a_file else settings.data_folder) / "sealing.key"


def _seal_and_open(sealer: Sealer) -> None:
    sealer.open(sealer.seal(b"ready", "readiness"), "readiness")


def _ask_for_metadata(http: EntraHttp) -> None:
    http.forget_metadata()
    http.metadata()


def _nothing_to_check() -> None:
    """Ready as soon as it is asked."""
