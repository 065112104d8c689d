"""From a start command to a running app: settings judged at once, everything heavy behind the first answer."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.routing import Mount, Router

from core.deployments.catalogue import read_catalogue
from core.errors import KeylessError, SettingsError
from core.identity.credential_chain import chain
from core.identity.web_app_credential import web_app_credential
from core.logs import set_up_logging
from core.machine import raise_open_files
from core.settings import CallsAs, Settings, forget_openai_variables, read_settings
from core.web.entrance import Entrance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from types import FrameType

    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from core.services import Services

_log = logging.getLogger(__name__)

EXIT_MISCONFIGURED: Final = 2
EMULATOR_PREFIX: Final = "/emulator"
_TRY_AGAIN_SECONDS: Final = 5.0


def settings_or_exit(root: Path, bind_address: str) -> Settings:
    """The settings of the project at ``root``; when they cannot be used, every problem on stderr and exit code 2."""
    try:
        settings = read_settings(os.environ, root, bind_address, further_check=_check)
    except SettingsError as error:
        sys.stderr.write(f"\n{error.report()}\n\n")
        sys.stderr.flush()
        sys.exit(EXIT_MISCONFIGURED)
    forget_openai_variables(os.environ)
    return settings


def _check(settings: Settings) -> None:
    """What has to be right besides the settings themselves; all that is wrong is told together."""
    problems = raise_open_files()
    for check in (_check_catalogue, _check_app_credentials, web_app_credential):
        try:
            check(settings)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)


def _check_catalogue(settings: Settings) -> None:
    has_file = settings.catalogue_path is not None and settings.catalogue_path.is_file()
    if has_file or settings.seed_endpoint:
        read_catalogue(settings, on_loopback=settings.on_loopback)


def _check_app_credentials(settings: Settings) -> None:
    if settings.calls_as is CallsAs.APP:
        chain(os.environ, settings)


class Starting:
    """Brings the services up on a thread of its own and hands them to whoever waits for them.

    What cannot be had yet (a database that does not answer) is tried again until it can; meanwhile whoever asks is
    told why.

    Args:
        settings: What the process runs with.
        port: Asked once the server is about to listen: the port it has bound, or None when only a request shows it.
        preload_pages: Imports what pages need, before the first visitor would wait for it.

    Attributes:
        entrance: What the gate and its routes share.
        emulator_routes: The emulator in demo mode; nothing otherwise.
    """

    def __init__(
        self, settings: Settings, port: Callable[[], int | None], preload_pages: Callable[[], None] = lambda: None
    ) -> None:
        self.entrance = Entrance(settings, self.services, announce=_announce)
        self.emulator_routes: list[BaseRoute] = (
            [Mount(EMULATOR_PREFIX, app=self._serve_emulator)] if settings.demo else []
        )
        self._settings = settings
        self._port = port
        self._preload_pages = preload_pages
        self._emulator_app: Router | None = None
        self._origin: Future[str] = Future()
        self._outcome: Future[Services] = Future()
        self._stop = threading.Event()
        self.entrance.origin.when_known(self._origin.set_result)

    async def services(self) -> Services:
        """The running services, waiting until they are up.

        Raises:
            KeylessError: They could not be brought up; it is being tried again.
        """
        try:
            return await asyncio.shield(asyncio.wrap_future(self._outcome))
        except KeylessError as failure:
            # One object for all who wait: each would lengthen the traceback of the one before.
            raise failure.with_traceback(None) from failure.__cause__

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Start with the server, and end with it: answers on their way are stored before the process goes."""
        # Streamlit and uvicorn may have given their loggers handlers since the app was imported.
        set_up_logging()
        thread = threading.Thread(target=self._run, name="keyless-services", daemon=True)
        thread.start()
        if (port := self._port()) is not None:
            self.entrance.origin.learn_port(port)
        _when_asked_to_end(self._stop.set)
        try:
            yield
        finally:
            self._stop.set()
            self._origin.cancel()
            await asyncio.to_thread(thread.join)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._serve()
            except CancelledError:
                return
            except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
                failure = error if isinstance(error, KeylessError) else KeylessError()
                if failure is error:
                    _log.error("%s %s [%s]", failure.title, failure.detail or failure.remedy, failure.reference)
                else:
                    _log.exception("The services could not be started [%s]", failure.reference)
                self._settle(failure if self._settings.on_loopback else _for_strangers(failure))
                self._stop.wait(_TRY_AGAIN_SECONDS)

    def _serve(self) -> None:
        from core.services import preload, running

        emulator = None
        if self._settings.demo:
            from core.emulator.emulator import Emulator

            emulator = Emulator(upstream=self._settings.demo_upstream)
            self._emulator_app = Router(emulator.routes(""))
        self._preload_pages()
        preload()
        # Demo mode finds its emulator at the port that was really bound.
        with running(self._settings, self._origin.result(), emulator) as services:
            self._settle(services)
            self._stop.wait()

    def _settle(self, outcome: Services | KeylessError) -> None:
        if self._outcome.done():
            self._outcome = Future()
        if isinstance(outcome, KeylessError):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)

    async def _serve_emulator(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.services()
        assert self._emulator_app is not None  # noqa: S101 - the services were started with it
        await self._emulator_app(scope, receive, send)


def _for_strangers(failure: KeylessError) -> KeylessError:
    """The failure without places and processes: nobody has signed in yet where it is shown. The log tells them."""
    told = KeylessError("Keyless cannot be used at the moment.", retryable=True)
    told.reference = failure.reference
    return told


def _when_asked_to_end(tell: Callable[[], object]) -> None:
    """Call ``tell`` on SIGTERM and Ctrl+C, besides what the server does then.

    uvicorn first waits, without limit, until every response is out (the emulator's own stream among them), and ends
    the lifespan only after that.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def listening(handler: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(tell)
            handler(number, frame)

        return handle

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, listening(handler))


def _announce(link: str) -> None:
    """Print the one-time link where the person who started the app sees it; never into the log."""
    sys.stdout.write(f"\n  Open Keyless with this link, good for one browser:\n\n    {link}\n\n")
    sys.stdout.flush()
