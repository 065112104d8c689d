"""What a person is told when Entra refuses, breaks, or is not there."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.emulator.directory import BUSINESS_USER, CLIENT_ID
from core.emulator.entra_refusals import Refusal
from core.errors import ConsentMissing, IdentityProviderDown, SignInAgain, SignInError, SignInRefused, TokenError
from core.identity.authority import Authority
from core.identity.entra_connection import EntraUnavailable
from core.identity.entra_refusals import refused_refresh, refused_sign_in
from tests.support.identity import IdentityRoom, entra_http
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.emulator.emulator import Emulator
    from core.identity.authority import EntraHttp
    from tests.support.identity import ShiftedClock

BROKEN: dict[str, tuple[int, Any, dict[str, str]]] = {
    "200 HTML": (200, "<html><body>proxy</body></html>", {}),
    "200 empty": (200, b"", {}),
    "200 {}": (200, {}, {}),
    "200 list": (200, [1], {}),
    "200 wrong types": (200, {"access_token": 7}, {}),
    "500 HTML": (500, "<html>", {}),
    "503 JSON": (503, {"error": "temporarily_unavailable"}, {}),
    "429": (429, {"error": "too_many_requests"}, {"retry-after": "1"}),
    "302": (302, b"", {"location": "https://evil.example/"}),
    "too large": (200, b" " * (1024 * 1024 + 1), {}),
    "not UTF-8": (200, b"\xff\xfe{}", {}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_token_endpoint_that_breaks_twice_is_down(room: IdentityRoom, emulator: Emulator, name: str) -> None:
    status, body, headers = BROKEN[name]
    emulator.entra.answer_next(status, body, headers, times=2)
    with pytest.raises(IdentityProviderDown) as down:
        room.sign_in_as()
    assert down.value.retryable
    assert room.sessions() == 0


@pytest.mark.parametrize("name", BROKEN)
def test_a_token_endpoint_that_breaks_once_is_asked_again(room: IdentityRoom, emulator: Emulator, name: str) -> None:
    status, body, headers = BROKEN[name]
    emulator.entra.answer_next(status, body, headers)
    assert room.sign_in_as().record.object_id == BUSINESS_USER.object_id


def test_a_throttled_request_waits_as_asked_but_not_for_long(
    room: IdentityRoom, emulator: Emulator, pauses: list[float]
) -> None:
    for asked in ("1", "3600", "Fri, 20 Nov 2026 10:00:00 GMT"):
        emulator.entra.answer_next(429, {"error": "x"}, {"retry-after": asked})
        room.sign_in_as()
    assert pauses == [1.0, 2.0, 0.2]


@pytest.mark.parametrize("patience_seconds", [0.4])
def test_a_token_endpoint_that_hangs_is_given_up(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.hang_next(times=2)
    began = time.monotonic()
    with pytest.raises(IdentityProviderDown):
        room.sign_in_as()
    assert time.monotonic() - began < 5


def test_a_discovery_document_that_breaks_is_told_before_anyone_leaves(
    room: IdentityRoom, emulator: Emulator
) -> None:
    emulator.entra.answer_next(200, "<html>", endpoint="discovery", times=2)
    with pytest.raises(IdentityProviderDown):
        room.begin()


def test_signing_keys_that_cannot_be_fetched_are_no_fault_of_the_person(
    room: IdentityRoom, emulator: Emulator
) -> None:
    emulator.entra.answer_next(500, b"", endpoint="keys", times=2)
    with pytest.raises(IdentityProviderDown):
        room.sign_in_as()


def test_an_unknown_tenant_is_told_to_the_administrator(authority: Authority, clock: ShiftedClock) -> None:
    other = replace(authority, tenant_id="9188040d-6c67-4c5b-b112-36a304b66dad")
    with entra_http(other, clock) as http, pytest.raises(SignInError) as unknown:
        http.metadata()
    assert "KEYLESS_TENANT_ID" in unknown.value.remedy
    assert not isinstance(unknown.value, IdentityProviderDown)


@pytest.mark.parametrize("behaviour", ["reset", "close", "drip", "nonsense"])
def test_connections_that_break_or_drip_are_given_up(clock: ShiftedClock, behaviour: str) -> None:
    with broken_server(behaviour) as url:
        authority = Authority("t", "emulator.keyless.invalid", rewrite_to=url)
        with (
            entra_http(authority, clock, patience_seconds=0.4) as http,
            pytest.raises(EntraUnavailable) as unavailable,
        ):
            http.post(f"https://{authority.host}/t/token", data={"code": "the-code"})
    assert unavailable.value.request is None
    assert "the-code" not in str(unavailable.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://emulator.keyless.invalid/x",
        "https://emulator.keyless.invalid.evil.example/x",
        "https://emulator.keyless.invalid@evil.example/x",
        "https://emulator.keyless.invalid:8443/x",
        "http://127.0.0.1:1/x",
        "http://169.254.169.254/metadata/identity",
        "https://login.microsoftonline.com/common/discovery/instance",
        "file:///etc/passwd",
    ],
)
def test_no_other_host_is_ever_spoken_to(http: EntraHttp, url: str) -> None:
    with pytest.raises(EntraUnavailable, match="outside the authority"):
        http.post(url, data={"client_secret": "s"})


def test_a_discovery_document_that_names_another_host_is_refused(room: IdentityRoom, emulator: Emulator) -> None:
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint", "end_session_endpoint"):
        emulator.entra.answer_next(200, {"issuer": "i", name: "https://evil.example/steal"}, endpoint="discovery")
        with pytest.raises(IdentityProviderDown) as refused:
            room.begin()
        assert "evil.example" in refused.value.detail


def test_redirects_of_entra_are_not_followed(http: EntraHttp, emulator: Emulator, authority: Authority) -> None:
    keys = f"{authority.rewrite_to}/{authority.tenant_id}/discovery/v2.0/keys"
    emulator.entra.answer_next(302, b"", {"location": keys}, endpoint="discovery", times=2)
    with pytest.raises(IdentityProviderDown):
        http.metadata()
    assert "keys" not in {asked.endpoint for asked in emulator.entra.asked}


def test_cookies_of_entra_are_not_kept(http: EntraHttp, emulator: Emulator) -> None:
    emulator.entra.answer_next(200, {"issuer": "i"}, {"set-cookie": "fpc=tracking; Path=/"}, endpoint="discovery")
    http.metadata()
    assert not http._connection._session.cookies


def test_the_discovery_document_is_fetched_once(room: IdentityRoom, emulator: Emulator) -> None:
    room.sign_in_as()
    room.sign_in_as()
    assert [asked.endpoint for asked in emulator.entra.asked].count("discovery") == 1
    assert [asked.endpoint for asked in emulator.entra.asked].count("keys") == 1


def test_a_health_check_asks_anew_and_loses_nothing_when_entra_is_down(
    room: IdentityRoom, emulator: Emulator
) -> None:
    room.http.metadata()
    emulator.entra.answer_next(503, b"", endpoint="discovery", times=2)
    room.http.forget_metadata()
    with pytest.raises(IdentityProviderDown):
        room.http.metadata()
    assert room.sign_in_as().record.object_id == BUSINESS_USER.object_id
    assert [asked.endpoint for asked in emulator.entra.asked].count("discovery") == 3


REFUSALS = {
    65001: (ConsentMissing, "administrator"),
    50105: (SignInRefused, "not assigned"),
    53003: (SignInRefused, "Conditional Access"),
    50057: (SignInRefused, "disabled"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_at_the_authorize_page_has_its_own_sentence(
    room: IdentityRoom, emulator: Emulator, code: int
) -> None:
    emulator.directory.refuse(BUSINESS_USER.object_id, code)
    kind, words = REFUSALS[code]
    with pytest.raises(kind) as refused:
        room.sign_in_as()
    assert words in refused.value.title
    assert f"AADSTS{code}" in refused.value.detail


def test_a_missing_second_factor_has_its_own_sentence(room: IdentityRoom, emulator: Emulator) -> None:
    emulator.entra.answer_next(400, Refusal(50076, "the API").as_json(room.authority.host, 0.0))
    with pytest.raises(SignInRefused) as refused:
        room.sign_in_as()
    assert "second factor" in refused.value.title


def test_who_cancels_is_told_so(room: IdentityRoom) -> None:
    with pytest.raises(SignInRefused) as refused:
        room.sign_in_as(None)
    assert "did not let" in refused.value.title


def test_an_app_whose_credential_is_refused_sends_people_to_the_administrator(
    room: IdentityRoom, emulator: Emulator
) -> None:
    begun = room.begin()
    query = choose_account(begun.location, BUSINESS_USER)
    emulator.directory.refuse(CLIENT_ID, 7000215)
    with pytest.raises(SignInRefused) as refused:
        room.complete(query, begun.flow_cookie)
    assert "could not prove itself" in refused.value.title


@pytest.mark.parametrize(
    ("error", "title"),
    [
        ({"error": "interaction_required"}, "Entra wants to see you again."),
        ({"error": "invalid_grant", "error_codes": [50076], "suberror": "basic_action"}, "second factor"),
        ({"error": "invalid_grant", "suberror": "message_only"}, "Conditional Access"),
        ({"error": "invalid_grant", "suberror": "consent_required"}, "approve this app"),
        ({"error": "access_denied", "error_subcode": "cancel"}, "did not let"),
        ({"error": "invalid_grant", "error_codes": [50020]}, "does not belong"),
        ({"error": "invalid_client", "error_codes": [7000222]}, "could not prove itself"),
        ({"error": "server_error"}, "did not answer"),
        ({"error": "x", "error_codes": "50105"}, "Entra refused"),
        ({"error": "x", "error_description": "You said AADSTS50105: no"}, "Entra refused"),
        ({"error": "x", "error_description": "AADSTS50105: no"}, "not assigned"),
        ({"error": None, "error_codes": [True, "x"], "suberror": 7}, "Entra refused"),
        ({}, "Entra refused"),
    ],
)
def test_the_sentence_follows_code_and_suberror_never_the_wording(error: dict[str, Any], title: str) -> None:
    assert title in refused_sign_in(error).title


def test_a_refused_refresh_asks_to_sign_in_again_with_the_claims() -> None:
    claims = json.dumps({"access_token": {"acrs": {"value": "c1"}}})
    again = refused_refresh({"error": "invalid_grant", "error_codes": [53003], "claims": claims})
    assert isinstance(again, SignInAgain)
    assert again.claims == claims
    assert "Conditional Access" in again.title


def test_signing_in_again_is_not_offered_where_it_cannot_help() -> None:
    for error in ({"error": "invalid_client", "error_codes": [7000222]}, {"error": "server_error"}):
        refusal = refused_refresh(error)
        assert type(refusal) is TokenError
    assert refusal.retryable


@contextlib.contextmanager
def broken_server(behaviour: str) -> Iterator[str]:
    """The URL of a server that accepts any number of connections and then behaves badly."""
    ended = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=misbehave, args=(listening, behaviour, ended), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def misbehave(listening: socket.socket, behaviour: str, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            if behaviour == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif behaviour == "nonsense":
                connection.sendall(b"\x00\x01\x02 nothing of HTTP\r\n\r\n")
            elif behaviour == "drip":
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                while not ended.wait(0.05):
                    connection.sendall(b" ")
