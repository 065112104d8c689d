"""To Entra and back: cookies, addresses, failures; and the one-time link of a laptop."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from core.errors import (
    ConsentMissing,
    IdentityProviderDown,
    SignInError,
    SignInExpired,
    SignInRefused,
)
from core.settings import SignInMode
from core.web.cookies import flow_name
from tests.support.front import Front, front

if TYPE_CHECKING:
    import httpx2

FLOW = flow_name("state-0", secure=False)


def set_cookies(answer: httpx2.Response) -> dict[str, str]:
    """Each cookie's name with its whole line."""
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


def callback(served: Front, *, flow: str = "flow-cookie-of-state-0-0123456789", cookie: str = "") -> httpx2.Response:
    """What the browser asks for when Entra sends it back."""
    carried = [f"{FLOW}={flow}"] if flow else []
    carried += [f"{served.cookie_name}={cookie}"] if cookie else []
    return served.ask("/auth/callback?code=c&state=state-0", headers={"cookie": "; ".join(carried)})


def test_sign_in_goes_to_entra_with_a_cookie_that_binds_the_attempt(served: Front) -> None:
    answer = served.ask("/auth/sign-in?next=%2Fdemo")
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://login.example/authorize?state=state-0&client_id=x"
    assert set_cookies(answer) == {
        FLOW: f"{FLOW}=flow-cookie-of-state-0-0123456789; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"
    }
    (begun,) = served.doors.entra.begun
    assert begun["redirect_uri"] == f"{served.url}/auth/callback"
    assert begun["next_path"] == "/demo"


def test_the_redirect_address_is_the_public_one_whatever_the_request_says(hosted: Front) -> None:
    headers = {"host": "app.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}
    hosted.ask("/auth/sign-in", headers=headers)
    assert hosted.doors.entra.begun[0]["redirect_uri"] == "https://app.example/auth/callback"


def test_coming_back_gives_a_new_session_and_the_wanted_page(served: Front) -> None:
    served.ask("/auth/sign-in")
    served.doors.entra.next_path = "/?id=abc"
    answer = callback(served)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?id=abc")
    lines = set_cookies(answer)
    value = lines[served.cookie_name].split(";")[0].partition("=")[2]
    assert lines[served.cookie_name] == f"{served.cookie_name}={value}; Path=/; HttpOnly; SameSite=Lax"
    assert lines[FLOW].endswith("Max-Age=0")
    (completed,) = served.doors.entra.completed
    assert completed["query"] == {"code": "c", "state": "state-0"}
    assert completed["flow"] == "flow-cookie-of-state-0-0123456789"
    assert served.ask("/", cookie=value).status_code == 200


def test_on_https_cookies_are_secure_and_bound_to_this_host(hosted: Front) -> None:
    own = {"host": "app.example"}
    begun = hosted.ask("/auth/sign-in", headers=own)
    ((flow, line),) = set_cookies(begun).items()
    assert flow == f"__Host-{FLOW}"
    assert line.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600")
    pair = line.split(";")[0]
    done = hosted.ask("/auth/callback?code=c&state=state-0", headers={**own, "cookie": pair})
    session = set_cookies(done)["__Host-keyless_session"]
    assert session.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "Domain" not in session


def test_a_session_that_was_there_before_ends_with_the_new_sign_in(served: Front) -> None:
    planted, _ = served.doors.sessions.sign_in()
    answer = callback(served, cookie=planted)
    fresh = set_cookies(answer)[served.cookie_name].split(";")[0].partition("=")[2]
    assert fresh != planted
    served.entrance.watch._by_cookie.clear()
    assert served.ask("/", cookie=planted).status_code == 303


def test_two_tabs_may_sign_in_at_once(served: Front) -> None:
    one, two = served.ask("/auth/sign-in"), served.ask("/auth/sign-in")
    carried = "; ".join(line.split(";")[0] for answer in (one, two) for line in set_cookies(answer).values())
    for state in ("state-1", "state-0"):
        served.ask(f"/auth/callback?code=c&state={state}", headers={"cookie": carried})
    flows = [completed["flow"] for completed in served.doors.entra.completed]
    assert flows == ["flow-cookie-of-state-1-0123456789", "flow-cookie-of-state-0-0123456789"]


def test_attempts_do_not_pile_up_in_the_browser(served: Front) -> None:
    carried = "; ".join(f"{flow_name(f'old-{i}', secure=False)}=x" for i in range(8))
    lines = set_cookies(served.ask("/auth/sign-in", headers={"cookie": carried}))
    assert sum(line.endswith("Max-Age=0") for line in lines.values()) == 8
    assert lines[FLOW].endswith("Max-Age=600")


@pytest.mark.parametrize(
    "query", ["", "?code=c", "?code=c&state=other", "?code=c&state=state-0&state=state-0", "?error=x&state="]
)
def test_another_browser_or_another_attempt_brings_no_flow(served: Front, query: str) -> None:
    served.doors.entra.refusal = SignInExpired()
    answer = served.ask(f"/auth/callback{query}", headers={"cookie": f"{FLOW}=flow-cookie-of-state-0-0123456789"})
    assert answer.status_code == 400
    assert served.doors.entra.completed[0]["flow"] is None
    assert "Start again" in answer.text


def test_whoever_starts_again_after_a_failure_still_gets_to_the_wanted_page(served: Front) -> None:
    refusal = SignInExpired()
    refusal.next_path = "/?id=abc"
    served.doors.entra.refusal = refusal
    assert 'href="/auth/sign-in?next=%2F%3Fid%3Dabc"' in callback(served).text
    assert 'href="/auth/sign-in?next=%2Faccess"' in served.ask("/auth/sign-in?next=/access").text
    refusal.next_path = "https://evil.example"
    assert 'href="/auth/sign-in"' in callback(served).text


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (SignInExpired(), 400),
        (SignInRefused(), 403),
        (ConsentMissing(), 403),
        (IdentityProviderDown(), 502),
        (SignInError("<script>alert(1)</script>", 'Ask "IT" & <b>wait</b>', detail="AADSTS1"), 403),
    ],
)
def test_a_failed_sign_in_says_what_to_do_and_keeps_nothing(
    served: Front, failure: SignInError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    served.doors.entra.refusal = failure
    for answer in (callback(served), served.ask("/auth/sign-in")):
        assert answer.status_code == status
        assert failure.reference in answer.text
        assert "<script>" not in answer.text
        assert "<b>" not in answer.text
        assert served.cookie_name not in set_cookies(answer)
    assert failure.reference in caplog.text
    assert set_cookies(callback(served))[FLOW].endswith("Max-Age=0")


def test_a_renewal_carries_entras_challenge_and_the_persons_name_from_the_server(served: Front) -> None:
    cookie, session = served.doors.sessions.sign_in()
    served.doors.claims[session.id] = '{"access_token":{}}'
    served.ask("/auth/sign-in?claims=forged&login_hint=forged", cookie=cookie)
    (begun,) = served.doors.entra.begun
    assert begun["claims"] == '{"access_token":{}}'
    assert begun["login_hint"] == session.username
    assert begun["prompt"] == ""


def test_nothing_of_a_sign_in_is_logged_but_that_it_happened(served: Front, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    answer = callback(served)
    value = set_cookies(answer)[served.cookie_name].split(";")[0].partition("=")[2]
    ours = " ".join(line.getMessage() for line in caplog.records if line.name.startswith("core."))
    assert ours == "signed in through Entra"
    assert value not in caplog.text


def test_the_welcome_page_offers_sign_in_and_remembers_the_wanted_page(served: Front) -> None:
    assert 'href="/auth/sign-in"' in served.ask("/welcome").text
    assert 'href="/auth/sign-in?next=%2Fdemo"' in served.ask("/welcome?next=%2Fdemo").text
    assert 'href="/auth/sign-in"' in served.ask("/welcome?next=https://evil.example").text
    assert "simulated" not in served.ask("/welcome").text
    assert "<script" not in served.ask("/welcome").text


def test_a_signed_in_person_needs_no_welcome(served: Front) -> None:
    cookie, _ = served.doors.sessions.sign_in()
    answer = served.ask("/welcome?next=%2Fdemo", cookie=cookie)
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo")


def test_the_demo_says_that_it_is_one() -> None:
    with front(demo=True) as served:
        assert "Microsoft Entra and the models are simulated on this computer" in served.ask("/welcome").text
    with front(demo=True, demo_upstream="http://localhost:9/v1") as served:
        assert "models are simulated" not in served.ask("/welcome").text
        assert "KEYLESS_DEMO_UPSTREAM" in served.ask("/welcome").text


def test_the_one_time_link_opens_the_app_once() -> None:
    links: list[str] = []
    with front(sign_in=SignInMode.LOCAL) as served:
        link = served.entrance.local_link
        assert link is not None
        link._announce = links.append
        welcome = served.ask("/welcome").text
        assert "/auth/sign-in" not in welcome
        assert "printed" in welcome
        (first,) = links
        secret = parse_qs(urlsplit(first).query)["link"][0]
        assert first == f"{served.url}/auth/local?link={secret}"
        for wrong in ("", "?link=", "?link=x", f"?link={secret}x", f"?link={secret}&link=x", "?link=%F6"):
            assert served.ask(f"/auth/local{wrong}").status_code == 400
        planted, _ = served.doors.sessions.sign_in()
        answer = served.ask(f"/auth/local?link={secret}", cookie=planted)
        assert planted not in served.doors.sessions.rows
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = set_cookies(answer)[served.cookie_name].split(";")[0].partition("=")[2]
        assert served.ask("/", cookie=cookie).status_code == 200
        assert served.ask(f"/auth/local?link={secret}").status_code == 400
        assert len(links) == 2
        assert served.doors.audit.events == ["sign-in"]
        assert served.ask("/auth/sign-in").headers["location"] == "/welcome"
        assert served.ask("/auth/callback?code=c&state=s").status_code == 400


def test_there_is_no_link_where_entra_signs_in(served: Front) -> None:
    assert served.ask("/auth/local?link=").status_code == 404
