"""What the gate does with HTTP requests: who may ask for what, and what every answer carries."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.settings import SignInMode
from core.web.headers import security_headers
from tests.support.front import Front, front

if TYPE_CHECKING:
    from collections.abc import Sequence


def raw_status(served: Front, target: str, headers: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
    """Status and Location of a request whose target is sent exactly as written."""
    address = urlsplit(served.url)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 80)
    connection.putrequest("GET", target, skip_host=True)
    for name, value in [("Host", address.netloc), *headers]:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    connection.close()
    return response.status, response.getheader("Location") or ""


def test_the_first_page_leads_a_stranger_to_the_welcome_page(served: Front) -> None:
    answer = served.ask("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    assert served.behind.requests == []


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/demo", "/auth/sign-in?next=%2Fdemo"),
        ("/?id=abc-123_X", "/auth/sign-in?next=%2F%3Fid%3Dabc-123_X"),
        ("/demo?id=a&x=1", "/auth/sign-in?next=%2F"),
        ("/app.py", "/auth/sign-in?next=%2F"),
        ("/.streamlit/secrets.toml", "/auth/sign-in?next=%2F"),
        ("/index.html", "/auth/sign-in?next=%2F"),
    ],
)
def test_a_deep_link_leads_a_stranger_to_sign_in_and_back(served: Front, path: str, door: str) -> None:
    answer = served.ask(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, door)
    assert served.behind.requests == []


def test_a_signed_in_person_gets_the_page_with_the_sessions_id(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    seen = dict(served.ask("/", cookie=cookie).json()["headers"])
    assert seen["x-keyless-session"] == session.id
    assert served.doors.sessions.touched.get(timeout=5) == session.id


def test_the_frontends_configuration_does_not_exist_for_a_stranger(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    for method in ("GET", "PUT"):
        assert served.ask("/_stcore/host-config", method=method).status_code == 404
    assert served.behind.requests == []
    assert served.ask("/_stcore/host-config", cookie=cookie).status_code == 200


def test_a_file_of_a_page_exists_only_for_the_browser_whose_page_was_told_of_it(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    elsewhere, _ = served.doors.sessions.sign_in()
    other, _ = served.doors.sessions.sign_in("person-2")
    told = ForwardMsg()
    told.delta.new_element.download_button.url = "/media/abc.csv"
    served.entrance.files_told.note(session.id, told.SerializeToString())
    for method in ("GET", "HEAD", "PUT"):
        for stranger in ("", elsewhere, other):
            assert served.ask("/media/abc.csv", method=method, cookie=stranger).status_code == 404
        assert served.ask("/media/abc.png", method=method, cookie=cookie).status_code == 404
    assert served.behind.requests == []
    assert served.ask("/media/abc.csv", cookie=cookie).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/_stcore/agent/mcp",
        "/demo/_stcore/agent/mcp",
        "/demo/_stcore/health",
        "/_stcore/stream",
        "/_stcore/anything-new",
        "/_stcore/upload_file/of-nobody/b",
        "/_stcore/bidi-components/x/y.js",
        "/component/x/index.html",
        "/auth/login",
        "/auth/logout",
        "/oauth2callback",
        "/app/static/secret.txt",
        "/static/no-such-file.js",
        "/emulator/entra/x",
    ],
)
def test_what_the_app_does_not_offer_does_not_exist_even_for_a_signed_in_person(served: Front, path: str) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    for method in ("GET", "POST"):
        assert served.ask(path, method=method, cookie=cookie).status_code == 404
    assert served.behind.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "/../etc/passwd",
        "/static/../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e/",
        "/livez/../",
        "//evil.example/",
        "///",
        "/\\evil.example",
        "/%5c%5cevil.example%5cshare",
        "/..%5c..%5cwindows",
        "/a/./b",
        "/%00",
        "/a%0d%0aSet-Cookie:x=y",
        "/media//x",
    ],
)
def test_traversal_in_any_spelling_never_reaches_a_file(served: Front, target: str) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    own = ("Cookie", f"{served.cookie_name}={cookie}")
    assert raw_status(served, target)[0] in {400, 404}
    assert raw_status(served, target, [own])[0] in {400, 404}
    assert served.behind.requests == []


@pytest.mark.parametrize(
    "target",
    ["/livez;x", "/livez%3Fx", "/livez%23", "/livez/", "/LIVEZ", "/%6civez/x", "/auth/sign-in;x", "/welcome/"],
)
def test_a_path_that_only_looks_public_is_not(served: Front, target: str) -> None:
    status, location = raw_status(served, target)
    assert status == 404 or (status == 303 and location == "/auth/sign-in?next=%2F")
    assert served.behind.requests == []


@pytest.mark.parametrize(
    "header",
    [
        ("User-Agent", "GoogleHC/1.0"),
        ("X-Forwarded-Uri", "/livez"),
        ("X-Original-URL", "/livez"),
        ("X-Rewrite-URL", "/livez"),
        ("X-Keyless-Session", "whatever"),
        ("X-MS-CLIENT-PRINCIPAL-ID", "admin"),
        ("Authorization", "Bearer x"),
    ],
)
def test_no_header_opens_the_gate(served: Front, header: tuple[str, str]) -> None:
    assert raw_status(served, "/", [header]) == (303, "/welcome")
    assert raw_status(served, "/media/x", [header])[0] == 404


def test_headers_that_only_the_gate_may_write_are_stripped_in_every_spelling(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    forged = [
        ("X-Keyless-Session", "forged"),
        ("x-keyless-session", "forged"),
        ("x_keyless_session", "forged"),
        ("X-KEYLESS_Session", "forged"),
        ("x-keyless-other", "forged"),
        ("X-MS-CLIENT-PRINCIPAL", "forged"),
        ("x_ms_client_principal_name", "forged"),
        ("X-MS-TOKEN-AAD-ACCESS-TOKEN", "forged"),
        ("Cookie", f"{served.cookie_name}={cookie}"),
    ]
    assert raw_status(served, "/", forged)[0] == 200
    ((_, seen),) = served.behind.requests
    assert "forged" not in str(seen)
    assert [value for name, value in seen if "keyless" in name and name != "cookie"] == [session.id]


def test_every_answer_carries_the_security_headers(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    wanted = {name.decode(): value.decode() for name, value in security_headers(secure=False)}
    answers = [
        served.ask("/"),
        served.ask("/", cookie=cookie),
        served.ask("/welcome"),
        served.ask("/livez"),
        served.ask("/auth/sign-in"),
        served.ask("/_stcore/metrics"),
        served.ask("/favicon.png"),
        served.ask("/fails", cookie=cookie),
        served.ask("/%5c"),
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in wanted} == wanted
        assert "strict-transport-security" not in answer.headers
        assert answer.headers["content-security-policy"].endswith("form-action 'self'; frame-ancestors 'none'")


def test_https_browsers_are_told_to_stay_on_https(hosted: Front) -> None:
    answer = hosted.ask("/welcome", headers={"host": "app.example"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_media_and_our_own_pages_are_not_kept_by_the_browser(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    told = ForwardMsg()
    told.logo.image = "/media/x.png"
    served.entrance.files_told.note(session.id, told.SerializeToString())
    assert served.ask("/media/x.png", cookie=cookie).status_code == 200
    for path in ("/media/x.png", "/welcome", "/auth/signed-out", "/auth/sign-out", "/livez"):
        assert served.ask(path, cookie=cookie).headers.get_list("cache-control") == ["no-store"]


def test_streamlits_form_cookie_is_secure_on_https_and_not_given_to_probes(served: Front, hosted: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    assert "set-cookie" not in served.ask("/_stcore/health").headers
    assert "Secure" not in served.ask("/_stcore/health", cookie=cookie).headers["set-cookie"]
    cookie, _ = hosted.doors.sessions.sign_in()
    set_cookie = hosted.ask("/_stcore/health", cookie=cookie, headers={"host": "app.example"}).headers["set-cookie"]
    assert set_cookie == "_streamlit_xsrf=2|a|b|1; Path=/; SameSite=Lax; Secure"


def test_probes_and_polling_are_no_activity(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    for path in ("/_stcore/health", "/livez", "/readyz", "/favicon.png"):
        served.ask(path, cookie=cookie)
    other, session = served.doors.sessions.sign_in()
    served.ask("/", cookie=other)
    assert served.doors.sessions.touched.get(timeout=5) == session.id


@pytest.mark.parametrize(
    "value", ["", "x", "a" * 8192, "ö" * 30, "not-a-session-" * 3, "../../etc/passwd-----------"]
)
def test_a_cookie_that_opens_nothing_is_cleared_once_and_treated_as_signed_out(served: Front, value: str) -> None:
    answer = served.ask("/", headers={b"cookie": f"{served.cookie_name}={value}".encode()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    (cleared,) = answer.headers.get_list("set-cookie")
    assert cleared == f"{served.cookie_name}=cleared; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"


def test_two_cookies_of_our_name_are_as_good_as_none(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    both = f"{served.cookie_name}={cookie}; {served.cookie_name}={cookie}"
    answer = served.ask("/", headers={"cookie": both})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
    assert len(answer.headers.get_list("set-cookie")) == 1


def test_a_plain_cookie_name_opens_nothing_on_https(hosted: Front) -> None:
    cookie, _ = hosted.doors.sessions.sign_in()
    right = {"host": "app.example", "cookie": f"__Host-keyless_session={cookie}"}
    wrong = {"host": "app.example", "cookie": f"keyless_session={cookie}"}
    assert hosted.ask("/", headers=right).status_code == 200
    assert hosted.ask("/", headers=wrong).status_code == 303


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost", "localhost:1", "localhost.evil.example:{port}", "localhost.:{port}", "", "a@b"],
)
def test_another_host_name_is_refused(served: Front, host: str) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    port = urlsplit(served.url).port
    answer = served.ask("/", cookie=cookie, headers={"host": host.format(port=port)})
    assert answer.status_code == 403
    assert served.behind.requests == []


@pytest.mark.parametrize("spelling", ["127.0.0.1", "[::1]", "LOCALHOST", "127.1.2.3"])
def test_another_spelling_of_this_computer_leads_to_the_one_that_signs_in(served: Front, spelling: str) -> None:
    port = urlsplit(served.url).port
    for method in ("GET", "POST"):
        headers = {"host": f"{spelling}:{port}"}
        answer = served.ask("/demo?id=1&next=//evil", method=method, headers=headers)
        assert answer.status_code == 307
        assert answer.headers["location"] == f"http://localhost:{port}/demo?id=1&next=%2F%2Fevil"


def test_probes_may_come_by_any_name(served: Front) -> None:
    for path in ("/livez", "/readyz"):
        assert served.ask(path, headers={"host": "10.0.0.7"}).status_code == 200


@pytest.mark.parametrize("changed", [{"demo": True}, {"sign_in": SignInMode.LOCAL}])
def test_a_mode_for_this_computer_serves_no_other(changed: dict[str, Any]) -> None:
    with front(**changed) as served:
        assert served.ask("/welcome").status_code == 200
        # uvicorn takes a forwarded address from a proxy on this computer: the browser is elsewhere.
        for path in ("/welcome", "/livez", "/emulator/entra"):
            assert served.ask(path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403


def test_the_emulator_is_there_in_demo_mode_and_by_any_name_of_this_computer() -> None:
    with front(demo=True) as served:
        port = urlsplit(served.url).port
        assert served.ask("/emulator/entra/x").status_code == 200
        assert served.ask("/emulator/entra/x", headers={"host": f"127.0.0.1:{port}"}).status_code == 200
        assert served.ask("/emulator/entra/x", headers={"host": "evil.example"}).status_code == 403


def test_an_unexpected_failure_shows_a_reference_and_no_secret(
    served: Front, capsys: pytest.CaptureFixture[str]
) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    answer = served.ask("/fails", cookie=cookie)
    assert answer.status_code == 500
    assert "K-" in answer.text
    assert "eyJ" not in answer.text
    assert "Traceback" not in answer.text
    assert "ASGI" not in capsys.readouterr().err


def test_a_store_that_cannot_be_asked_is_a_page_with_a_remedy(served: Front) -> None:
    served.doors.sessions.fails = True
    answer = served.ask("/", headers={"cookie": f"{served.cookie_name}={'a' * 43}"})
    assert answer.status_code == 503
    assert "Reference" in answer.text


def test_a_session_is_looked_up_once_a_second_at_most(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    for _ in range(5):
        served.ask("/", cookie=cookie)
    assert served.doors.sessions.lookups < 5
    served.ask("/favicon.png", cookie=cookie)
    assert served.doors.sessions.lookups < 5
