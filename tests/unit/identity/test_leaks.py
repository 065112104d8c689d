"""No token, code, verifier, secret or cookie in any log record, exception, audit row, or in clear on disk."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from core.emulator.directory import BUSINESS_USER, CLIENT_ID, SYSTEM_IDENTITY
from core.errors import KeylessError
from core.identity.access_token import TokenRequest
from core.identity.entra_connection import EntraConnection
from core.identity.vendor_logs import hold_back_msal_logs
from core.identity.web_app_credential import web_app_credential
from tests.support import forgeries
from tests.support.identity import SCOPE, IdentityRoom, ask, make_settings
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator
    from core.identity.entra_connection import EntraReply

SECRET_FIELDS = ("code", "code_verifier", "client_secret", "refresh_token", "client_assertion")
TOKEN_FIELDS = ("access_token", "refresh_token", "id_token")
OURS = ("core.", "msal", "azure", "urllib3", "requests", "root")


class Canaries:
    """Every secret that went over the wire or into a cookie while a test ran."""

    def __init__(self) -> None:
        self.values: set[str] = set()

    def add(self, *values: object) -> None:
        texts = [value.decode() if isinstance(value, bytes) else value for value in values]
        self.values |= {text for text in texts if isinstance(text, str) and len(text) > 8}

    def found_in(self, text: str) -> list[str]:
        return [value[:12] for value in self.values if value in text]


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch) -> Canaries:
    canaries = Canaries()
    ask = EntraConnection.ask

    def listening(self: EntraConnection, method: str, url: str, **request: Any) -> EntraReply:  # noqa: ANN401 - passed on
        canaries.add(*[(request.get("data") or {}).get(name) for name in SECRET_FIELDS])
        reply = ask(self, method, url, **request)
        canaries.add(*[reply.json_object().get(name) for name in TOKEN_FIELDS])
        return reply

    monkeypatch.setattr(EntraConnection, "ask", listening)
    return canaries


@pytest.fixture(autouse=True)
def nothing_leaks(
    room: IdentityRoom, canaries: Canaries, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> Iterator[None]:
    """Everything is logged that anyone wants to log; afterwards none of it may hold a secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert canaries.values, "the test let no secret pass, so it proves nothing"
    records = [record for record in caplog.records if record.name.startswith(OURS)]
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in records)
    assert not canaries.found_in(logged)
    assert not canaries.found_in(str(room.audited()))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("identity.sqlite3*"))
    assert not canaries.found_in(stored.decode("latin-1"))


def confidential(room: IdentityRoom, canaries: Canaries) -> IdentityRoom:
    secret = room.emulator.directory.add_secret(CLIENT_ID)
    canaries.add(secret)
    settings = make_settings(client_secret=SecretStr(secret))
    return IdentityRoom(
        room.emulator, room.clock, room.stores, room.http, room.authority, settings, web_app_credential(settings)
    )


def failing(canaries: Canaries, call: Callable[[], object]) -> None:
    with pytest.raises(KeylessError) as failed:
        call()
    error = failed.value
    shown = f"{error!r} {error.title} {error.remedy} {error.detail} {error.command} {error.__cause__}"
    assert not canaries.found_in(shown + "".join(traceback.format_exception(error)))


def test_a_sign_in_a_refresh_and_a_sign_out_leave_no_secret(room: IdentityRoom, canaries: Canaries) -> None:
    own = confidential(room, canaries)
    completed = own.sign_in_as()
    canaries.add(completed.cookie)
    source = own.tokens.source(completed.record)
    old = ask(own.tokens, completed.record)
    new = ask(own.tokens, completed.record, refused=old)
    canaries.add(old.value, new.value)
    assert not canaries.found_in(repr(TokenRequest(SCOPE, refused=old.value)))
    assert not canaries.found_in(f"{completed!r} {source!r} {own.begin()!r}".replace("auth_uri", ""))
    own.sign_in.sign_out(completed.record.id)
    assert len(canaries.values) > 6


BAD_REPLIES: dict[str, Callable[[Emulator], None]] = {
    "HTML that repeats a token": lambda emulator: emulator.entra.answer_next(
        200, "<html>access_token=canary-access-token</html>", times=2
    ),
    "500 that repeats a token": lambda emulator: emulator.entra.answer_next(
        500, {"x": "canary-access-token"}, times=2
    ),
    "abc": lambda emulator: emulator.entra.mutate_next_id_token(forgeries.replaced_by("abc")),
    "wrong nonce": lambda emulator: emulator.entra.mutate_next_id_token(forgeries.changed(nonce="canary-nonce")),
    "wrong aud": lambda emulator: emulator.entra.mutate_next_id_token(forgeries.changed(aud="x")),
    "refused": lambda emulator: emulator.directory.refuse(CLIENT_ID, 7000215),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_a_sign_in_that_fails_leaves_no_secret(
    room: IdentityRoom, emulator: Emulator, canaries: Canaries, name: str
) -> None:
    canaries.add("canary-access-token", "canary-nonce")
    own = confidential(room, canaries)
    begun = own.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    canaries.add(query["code"], begun.flow_cookie)
    BAD_REPLIES[name](emulator)
    failing(canaries, lambda: own.complete(query, begun.flow_cookie))


@pytest.mark.parametrize("name", ["HTML that repeats a token", "500 that repeats a token", "abc", "refused"])
def test_a_refresh_that_fails_leaves_no_secret(
    room: IdentityRoom, emulator: Emulator, canaries: Canaries, name: str
) -> None:
    canaries.add("canary-access-token")
    own = confidential(room, canaries)
    record = own.sign_in_as().record
    refused = ask(own.tokens, record)
    canaries.add(refused.value)
    BAD_REPLIES[name](emulator)
    failing(canaries, lambda: ask(own.tokens, record, refused=refused))


@pytest.mark.parametrize("patience_seconds", [0.4])
def test_a_sign_in_that_hangs_leaves_no_secret(room: IdentityRoom, emulator: Emulator, canaries: Canaries) -> None:
    own = confidential(room, canaries)
    begun = own.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    canaries.add(query["code"])
    emulator.entra.hang_next(times=2)
    failing(canaries, lambda: own.complete(query, begun.flow_cookie))


def test_a_federated_assertion_and_the_header_behind_it_stay_inside(
    room: IdentityRoom, emulator: Emulator, emulator_url: str, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)
    emulator.directory.add_federated_subject(CLIENT_ID, SYSTEM_IDENTITY.principal_id)
    canaries.add(emulator.identity_header)
    settings = make_settings(client_assertion_identity="system")
    own = IdentityRoom(
        emulator, room.clock, room.stores, room.http, room.authority, settings, web_app_credential(settings)
    )
    assert own.sign_in_as().record.object_id == BUSINESS_USER.object_id


def test_msals_own_words_are_kept_and_what_it_was_given_is_not(
    room: IdentityRoom, canaries: Canaries, caplog: pytest.LogCaptureFixture
) -> None:
    canaries.add("canary-in-a-reply")
    room.sign_in_as()
    hold_back_msal_logs()
    msal = logging.getLogger("msal.oauth2cli.oauth2")
    failure = ValueError("canary-in-a-reply")
    msal.error("Token response is not in json format: %s", "canary-in-a-reply", exc_info=failure)
    msal.setLevel(logging.DEBUG)
    msal.debug("event=%s", "canary-in-a-reply")
    msal.setLevel(logging.NOTSET)
    (record,) = [record for record in caplog.records if record.name.startswith("msal")]
    assert record.getMessage() == "Token response is not in json format: %s"
    assert record.exc_info is None


def test_every_logger_of_msal_is_held_back(room: IdentityRoom) -> None:
    room.sign_in_as()
    loggers = [logging.getLogger(name) for name in logging.Logger.manager.loggerDict if name.startswith("msal.")]
    assert len(loggers) > 5
    for logger in loggers:
        assert not logger.isEnabledFor(logging.DEBUG)
        assert logger.filters


def test_warnings_name_nobody(room: IdentityRoom, caplog: pytest.LogCaptureFixture) -> None:
    room.sign_in_as()
    room.emulator.entra.mutate_next_id_token(forgeries.changed(aud="x"))
    with pytest.raises(KeylessError):
        room.sign_in_as()
    loud = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert not [message for message in loud if BUSINESS_USER.username in message or BUSINESS_USER.name in message]
