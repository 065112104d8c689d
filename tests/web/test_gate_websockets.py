"""What the gate does with websockets: who may open one, what may be sent, and how it ends with the session."""

from __future__ import annotations

import http.client
import socket
import statistics
import struct
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.web.seats import Seats
from core.web.throttle import BURST, MESSAGES_PER_SECOND
from tests.support.front import FAILURE, Front, front

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.sync.client import ClientConnection

REDIRECTED = "/auth/signed-out"


def refused_with(served: Front, cookie: str = "", **given: object) -> int:
    """The HTTP status with which a websocket is refused; 101 when it is not."""
    try:
        with served.websocket(cookie, **given):  # type: ignore[arg-type]  # the arguments of Front.websocket
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def handshake_status(served: Front, headers: list[tuple[str, str]]) -> int:
    """The HTTP status of a handshake with exactly these headers besides its own."""
    address = urlsplit(served.url)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 80, timeout=10)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    own = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ]
    for name, value in own + headers:
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def led_to(connection: ClientConnection) -> str:
    """Where the tab is told to go; what came before is read away."""
    while True:
        message = ForwardMsg()
        message.ParseFromString(bytes(connection.recv(timeout=10)))  # type: ignore[arg-type]  # always bytes here
        if message.WhichOneof("type") == "auth_redirect":
            return message.auth_redirect.url


def closed_with(connection: ClientConnection) -> int | None:
    """The close code; what came before is read away."""
    try:
        while True:
            connection.recv(timeout=10)
    except ConnectionClosed:
        return connection.close_code


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; the server tells nobody when a connection has ended on its side."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_signed_in_tab_talks_to_streamlit_under_its_sessions_id(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    with served.websocket(cookie) as tab:
        tab.send(b"\x01")
        assert tab.recv(timeout=5) == b"\x01"
    ((*seen,),) = served.behind.handshakes
    assert dict(seen)["x-keyless-session"] == session.id


def test_the_cookie_itself_is_not_shown_to_scripts(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    extra = [("Cookie", "_streamlit_xsrf=2|a|b|1"), ("Cookie", "keyless_flow_0123456789ab=secret")]
    with served.websocket(cookie, headers=extra) as tab:
        tab.send(b"\x01")
        tab.recv(timeout=5)
    ((*seen,),) = served.behind.handshakes
    assert "_streamlit_xsrf=2|a|b|1" in str(seen)
    assert cookie not in str(seen)
    assert "secret" not in str(seen)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://localhost:9999",
        "https://localhost:{port}",
        "http://127.0.0.1:{port}",
        "http://localhost:{port}.evil.example",
        "http://LOCALHOST:{port}",
        "http://localhost:{port}/",
        "localhost:{port}",
    ],
)
def test_only_a_page_of_exactly_this_origin_opens_a_websocket(served: Front, origin: str | None) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    port = urlsplit(served.url).port
    shown = None if origin is None else origin.format(port=port)
    assert refused_with(served, cookie, origin=shown) == 403
    assert served.behind.handshakes == []


def test_two_origins_are_none(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    right = [("Host", urlsplit(served.url).netloc), ("Cookie", f"{served.cookie_name}={cookie}")]
    assert handshake_status(served, [*right, ("Origin", served.url)]) == 101
    for second in (served.url, "https://evil.example"):
        assert handshake_status(served, [*right, ("Origin", served.url), ("Origin", second)]) in {400, 403}
    assert len(served.behind.handshakes) == 1


def test_a_rebound_host_name_opens_no_websocket(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    served.ask("/livez")
    port = urlsplit(served.url).port
    for host in (f"evil.example:{port}", "evil.example", f"127.0.0.1:{port}"):
        own = [("Host", host), ("Cookie", f"{served.cookie_name}={cookie}")]
        assert handshake_status(served, [*own, ("Origin", f"http://{host}")]) == 403
        assert handshake_status(served, [*own, ("Origin", served.url)]) == 403
    assert served.behind.handshakes == []


@pytest.mark.parametrize("path", ["/_stcore/stream/", "/demo/_stcore/stream", "/_stcore/%73tream/x", "/", "/livez"])
def test_there_is_one_websocket_only(served: Front, path: str) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    assert refused_with(served, cookie, path=path) == 403


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43])
def test_without_a_session_there_is_no_websocket(served: Front, cookie: str) -> None:
    assert refused_with(served, cookie) == 403
    assert refused_with(served, cookie, headers=[("X-Keyless-Session", "forged")]) == 403


def test_a_known_streamlit_session_id_opens_nothing_without_a_cookie(served: Front) -> None:
    assert refused_with(served, subprotocols=("streamlit", "xsrf", "a-known-session-id")) == 403


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    assert refused_with(served, cookie) == 101
    served.ask(
        "/auth/sign-out",
        method="POST",
        cookie=cookie,
        data={"form_token": session.form_token},
        headers={"origin": served.url},
    )
    assert refused_with(served, cookie) == 403
    assert served.ask("/", cookie=cookie).status_code == 303
    assert served.ask("/media/x", cookie=cookie).status_code == 404


def test_sign_out_in_one_tab_leads_the_idle_others_to_the_signed_out_page(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    stranger, _ = served.doors.sessions.sign_in("person-2")
    with served.websocket(cookie) as one, served.websocket(cookie) as two, served.websocket(stranger) as other:
        started_at = time.monotonic()
        form = {"form_token": session.form_token}
        served.ask("/auth/sign-out", method="POST", cookie=cookie, data=form, headers={"origin": served.url})
        assert led_to(one) == REDIRECTED
        assert led_to(two) == REDIRECTED
        assert time.monotonic() - started_at < 3
        # A tab that does not leave has a moment, and is then closed.
        assert closed_with(one) == 4401
        assert time.monotonic() - started_at > 1
        other.send(b"\x01")
        assert other.recv(timeout=5) == b"\x01"
    assert 4401 in served.behind.disconnects


def test_sign_out_everywhere_ends_the_other_browsers_too(served: Front) -> None:
    here, session = served.doors.sessions.sign_in()
    there, _ = served.doors.sessions.sign_in()
    with served.websocket(there) as tab:
        form = {"form_token": session.form_token, "everywhere": "yes"}
        served.ask("/auth/sign-out", method="POST", cookie=here, data=form, headers={"origin": served.url})
        assert led_to(tab) == REDIRECTED
    assert served.ask("/", cookie=there).status_code == 303
    assert served.doors.live.cancelled == [("11111111-1111-4111-8111-111111111111", "person-1")]
    assert served.doors.audit.events == ["sign-out everywhere"]


def test_a_session_that_another_process_ended_is_noticed_while_the_tab_is_idle() -> None:
    with front(poll_seconds=0.02) as served:
        cookie, session = served.doors.sessions.sign_in()
        with served.websocket(cookie) as tab:
            served.doors.sessions.delete(session.id)
            assert led_to(tab) == REDIRECTED


def test_the_next_message_of_an_ended_session_reaches_nobody() -> None:
    with front(poll_seconds=3600) as served:
        cookie, session = served.doors.sessions.sign_in()
        with served.websocket(cookie) as tab:
            tab.send(b"\x01")
            tab.recv(timeout=5)
            served.doors.sessions.delete(session.id)
            served.entrance.watch._seen_at.clear()  # as after a second
            tab.send(b"\x02")
            assert led_to(tab) == REDIRECTED
        assert served.behind.messages == [b"\x01"]


def test_a_tab_that_comes_back_after_its_session_ended_is_told_so(served: Front) -> None:
    coming_back = ("streamlit", "xsrf", "its-streamlit-session")
    with served.websocket("a" * 43, subprotocols=coming_back) as tab:
        assert led_to(tab) == REDIRECTED
        assert closed_with(tab) == 4401
    assert served.behind.handshakes == []
    # It asks this first; a stranger is told nothing.
    assert served.ask("/_stcore/host-config", cookie="a" * 43).status_code == 200
    assert served.ask("/_stcore/host-config").status_code == 404


def test_a_persons_tabs_beyond_the_limit_are_sent_to_a_page_that_says_what_to_do(served: Front) -> None:
    served.entrance.seats = Seats(10, of_a_person=2)
    cookie, _ = served.doors.sessions.sign_in()
    same_person, _ = served.doors.sessions.sign_in()
    other, _ = served.doors.sessions.sign_in("person-2")
    with served.websocket(cookie) as one, served.websocket(same_person):
        with served.websocket(cookie) as third:
            assert led_to(third) == "/full"
            assert closed_with(third) == 1013
        with served.websocket(other) as somebody_else:
            somebody_else.send(b"\x01")
            assert somebody_else.recv(timeout=5) == b"\x01"
        told = served.ask("/full", cookie=cookie, headers={"referer": f"{served.url}/compare?id=abc"})
        assert told.status_code == 503
        assert told.headers["retry-after"] == "60"
        assert told.headers["cache-control"] == "no-store"
        assert "You have Keyless open in 2 tabs already." in told.text
        assert 'href="/full?next=%2Fcompare%3Fid%3Dabc"' in told.text
        one.send(b"\x02")
        assert one.recv(timeout=5) == b"\x02"
    assert len(served.behind.handshakes) == 3


def test_a_full_process_says_so_and_serves_those_who_are_there(served: Front) -> None:
    served.entrance.seats = Seats(2)
    first, second, third = (served.doors.sessions.sign_in(f"person-{number}")[0] for number in range(3))
    with served.websocket(first) as tab, served.websocket(second):
        with served.websocket(third) as refused:
            assert led_to(refused) == "/full"
            assert closed_with(refused) == 1013
        assert refused_with(served, third, subprotocols=("other",)) == 403
        assert "Too many people are using Keyless" in served.ask("/full", cookie=third).text
        tab.send(b"\x01")
        assert tab.recv(timeout=5) == b"\x01"


@pytest.mark.parametrize("ending", ["leaves", "vanishes", "speaks text", "floods", "signs out", "streamlit fails"])
def test_however_a_tab_ends_its_seat_is_free_again(
    served: Front, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.web.throttle.WAITING_LIMIT", 5)
    served.entrance.seats = Seats(2, of_a_person=1)
    cookie, session = served.doors.sessions.sign_in()
    again, _ = served.doors.sessions.sign_in()
    with served.websocket(cookie) as tab:
        assert served.entrance.seats.refusal(session) is not None
        if ending == "vanishes":
            tab.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            tab.socket.close()
        elif ending == "speaks text":
            tab.send("text")
            assert closed_with(tab) == 1003
        elif ending == "floods":
            for _ in range(100):
                tab.send(b"\x01")
            assert closed_with(tab) == 1008
        elif ending == "signs out":
            served.doors.sessions.delete(session.id)
            served.entrance.watch.ended([session.id])
            assert led_to(tab) == REDIRECTED
        elif ending == "streamlit fails":
            tab.send(FAILURE)
            closed_with(tab)
    eventually(lambda: served.entrance.seats.refusal(session) is None)
    with served.websocket(again) as next_tab:
        next_tab.send(b"\x01")
        assert next_tab.recv(timeout=5) == b"\x01"


def test_the_page_for_too_many_tabs_leads_back_where_there_is_room_and_nowhere_else(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    for referer, expected in (
        (f"{served.url}/compare?id=abc", "/compare?id=abc"),
        (f"{served.url}//evil.example", "/"),
        (f"{served.url}.evil.example/compare", "/"),
        ("https://evil.example/compare", "/"),
    ):
        answer = served.ask("/full", cookie=cookie, headers={"referer": referer})
        assert (answer.status_code, answer.headers["location"]) == (303, expected)
    assert served.ask("/full?next=//evil.example", cookie=cookie).headers["location"] == "/"
    assert served.ask("/full?next=/compare").headers["location"] == "/compare"


def test_text_and_large_messages_end_the_websocket(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    with served.websocket(cookie) as tab:
        tab.send("text")
        assert closed_with(tab) == 1003
    with served.websocket(cookie) as tab:
        tab.send(b"x" * (2 * 1024 * 1024))
        assert len(tab.recv(timeout=10)) == 2 * 1024 * 1024
        tab.send(b"x" * (2 * 1024 * 1024 + 1))
        assert closed_with(tab) == 1009
    assert all(len(message) <= 2 * 1024 * 1024 for message in served.behind.messages)


def test_a_flood_is_slowed_while_others_are_served(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    began_at = time.monotonic()
    with served.websocket(cookie) as tab:
        for _ in range(200):
            tab.send(b"\x01")
        seconds = []
        until = time.monotonic() + 1
        while time.monotonic() < until:
            asked_at = time.monotonic()
            served.ask("/_stcore/health")
            seconds.append(time.monotonic() - asked_at)
        assert statistics.median(seconds) < 0.5
        eventually(lambda: len(served.behind.messages) >= BURST)
        passed = len(served.behind.messages)
        assert passed <= BURST + MESSAGES_PER_SECOND * (time.monotonic() - began_at) + 1


def test_a_client_that_does_not_stop_flooding_has_to_go(served: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.throttle.WAITING_LIMIT", 5)
    cookie, _ = served.doors.sessions.sign_in()
    with served.websocket(cookie) as tab:
        for _ in range(100):
            tab.send(b"\x01")
        assert closed_with(tab) == 1008
    assert len(served.behind.messages) <= 46


def test_what_a_person_does_is_activity_and_the_pages_timer_is_not(served: Front) -> None:
    timer, person = BackMsg(), BackMsg()
    timer.rerun_script.is_auto_rerun = True
    person.rerun_script.query_string = "id=1"
    idle, _ = served.doors.sessions.sign_in()
    busy, session = served.doors.sessions.sign_in()
    for cookie, message in ((idle, timer), (busy, person)):
        with served.websocket(cookie) as tab:
            tab.send(message.SerializeToString())
            tab.recv(timeout=5)
    assert served.doors.sessions.touched.get(timeout=5) == session.id


def test_a_store_that_fails_closes_the_websocket_for_now(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    with served.websocket(cookie) as tab:
        served.doors.sessions.fails = True
        served.entrance.watch._seen_at.clear()
        tab.send(b"\x01")
        assert closed_with(tab) == 1013
    served.entrance.watch._by_cookie.clear()
    assert refused_with(served, cookie) == 403
    assert served.behind.messages == []
