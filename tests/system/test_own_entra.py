"""An Entra of one's own over https: sign in, ask, sign out; and nothing secret is printed or kept in clear."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Final

import httpx2
import pytest
from sqlalchemy import MetaData, create_engine, select
from websockets.exceptions import InvalidStatus

from core.emulator.directory import BUSINESS_USER, CLIENT_ID, SERVICE, SYSTEM_IDENTITY, TENANT_ID
from core.emulator.emulator import Emulator
from tests.support.app_process import running_app
from tests.support.databases import postgresql_schema
from tests.support.own_entra import OwnEntra, own_entra
from tests.support.prompt_page import opened
from tests.support.streamlit_tab import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.app_process import AppProcess

PROMPT: Final = "Write a tagline for the confidential glacier project"
NOISY: Final = {
    "STREAMLIT_LOGGER_LEVEL": "debug",
    "OPENAI_LOG": "debug",
    "AZURE_LOG_LEVEL": "debug",
    "UVICORN_LOG_LEVEL": "trace",
}
"""All that an operator can set to hear more."""
EVERYTHING_IS_LOGGED: Final = "import logging\nlogging.Logger.isEnabledFor = lambda *_: True\n"
"""As a ``sitecustomize`` module: no level holds anything back any more."""


@pytest.fixture
def entra(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEntra]:
    with own_entra(emulator, tmp_path) as entra:
        # For the browser of these tests; the app is told by a variable of its own.
        monkeypatch.setenv("SSL_CERT_FILE", str(entra.ca_file))
        yield entra


def signed_in(app: AppProcess, entra: OwnEntra) -> Browser:
    """A browser that came to the welcome page, was sent to the authority and chose an account."""
    with httpx2.Client(base_url=app.url) as client:
        location = httpx2.URL(client.get("/auth/sign-in").headers["location"])
    assert location.netloc.decode() == entra.host
    assert location.params["redirect_uri"] == f"{app.url}/auth/callback"
    browser = Browser.signed_in(app.url)
    entra.canaries.add(browser.cookie)
    return browser


def signed_out(browser: Browser, entra: OwnEntra) -> None:
    """Sign out here and at the authority, as the form of the page does, and come back."""
    form = browser.ask("/auth/sign-out").text
    token = form.partition('name="form_token" value="')[2].partition('"')[0]
    left = browser.ask(
        "/auth/sign-out",
        method="POST",
        data={"form_token": token, "microsoft": "yes"},
        headers={"origin": browser.url},
    )
    assert httpx2.URL(left.headers["location"]).netloc.decode() == entra.host
    assert "keyless_session=cleared" in left.headers["set-cookie"]
    with httpx2.Client() as client:
        back = client.get(left.headers["location"])
    assert back.headers["location"].startswith(f"{browser.url}/auth/signed-out")
    with pytest.raises(InvalidStatus, match="403"), browser.tab():
        pass


def journey(app: AppProcess, entra: OwnEntra) -> str:
    """Sign in, ask, sign out; what was shown with the answer."""
    browser = signed_in(app, entra)
    with opened(browser) as page:
        shown = page.answer_to(PROMPT)
        assert "glacier" in shown.partition(PROMPT)[2].lower()
    signed_out(browser, entra)
    return shown


def assert_nothing_leaked(app: AppProcess, entra: OwnEntra, shown: str) -> None:
    """Neither secrets nor what people wrote and read was printed."""
    assert {value[:3] for value in entra.canaries.values} >= {"eyJ"}
    printed = app.printed()
    assert not entra.canaries.found_in(printed)
    answer = max(shown.partition(PROMPT)[2].splitlines(), key=len)
    for words in (PROMPT, "glacier", answer):
        assert words not in printed


def test_a_person_signs_in_asks_with_their_own_token_and_signs_out(entra: OwnEntra, tmp_path: Path) -> None:
    with running_app(tmp_path, extra={**entra.web_app, **NOISY}) as app:
        shown = journey(app, entra)
        assert f"called as {BUSINESS_USER.username} with their own token" in shown
        assert "simulated" not in shown.partition(PROMPT)[0]
        assert entra.emulator.received[-1].oid == BUSINESS_USER.object_id
        assert_nothing_leaked(app, entra, shown)
        stored = b"".join(file.read_bytes() for file in tmp_path.glob("keyless.sqlite3*")).decode("latin-1")
        assert PROMPT in stored
        assert not entra.canaries.found_in(stored)
    stored = (tmp_path / "keyless.sqlite3").read_bytes().decode("latin-1")
    assert not entra.canaries.found_in(stored)


def test_even_when_every_logger_tells_everything_no_secret_is_printed(entra: OwnEntra, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(EVERYTHING_IS_LOGGED)
    with running_app(tmp_path, extra={**entra.web_app, **NOISY, "PYTHONPATH": str(tmp_path)}) as app:
        journey(app, entra)
        assert '"level": "DEBUG"' in app.printed()
        assert not entra.canaries.found_in(app.printed())


@pytest.mark.postgres
def test_with_a_client_secret_and_postgresql_all_is_the_same(entra: OwnEntra, tmp_path: Path) -> None:
    secret = entra.emulator.directory.add_secret(CLIENT_ID)
    key = base64.b64encode(os.urandom(32)).decode()
    entra.canaries.add(key)
    with postgresql_schema() as url:
        hosted = {
            "KEYLESS_CLIENT_SECRET": secret,
            "KEYLESS_SEALING_KEYS": key,
            "KEYLESS_DATABASE_URL": url,
        }
        with running_app(tmp_path, extra={**entra.web_app, **hosted, **NOISY}, command="uvicorn") as app:
            shown = journey(app, entra)
            assert f"called as {BUSINESS_USER.username} with their own token" in shown
            assert secret in entra.canaries.values, "the web app did not prove itself"
            assert_nothing_leaked(app, entra, shown)
            browser = signed_in(app, entra)
        assert not list(tmp_path.glob("*.sqlite3"))
        everything = rows(url)
        assert PROMPT in everything
        assert not entra.canaries.found_in(everything)
        # Another replica opens what the first one sealed.
        with running_app(tmp_path, extra={**entra.web_app, **hosted}) as replica:
            assert Browser(replica.url, browser.cookie).ask("/").status_code == httpx2.codes.OK
            with opened(Browser(replica.url, browser.cookie)) as page:
                assert "with their own token" in page.answer_to(PROMPT)


def rows(url: str) -> str:
    """Everything in the database, bytes as text."""
    engine = create_engine(url)
    known = MetaData()
    try:
        with engine.connect() as connection:
            known.reflect(connection)
            found = [
                value for table in known.sorted_tables for row in connection.execute(select(table)) for value in row
            ]
    finally:
        engine.dispose()
    return "\n".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in found)


def test_people_sign_in_and_the_apps_managed_identity_calls(entra: OwnEntra, tmp_path: Path) -> None:
    hosted = {
        "KEYLESS_CALLS_AS": "app",
        "IDENTITY_ENDPOINT": f"{entra.resources_url}/identity/token",
        "IDENTITY_HEADER": entra.emulator.identity_header,
    }
    entra.canaries.add(entra.emulator.identity_header)
    with running_app(tmp_path, extra={**entra.web_app, **hosted, **NOISY}) as app:
        shown = journey(app, entra)
        assert "called as the app (the app's managed identity" in shown
        assert "No key, called as the app" in shown
        assert entra.emulator.received[-1].oid == SYSTEM_IDENTITY.principal_id
        assert_nothing_leaked(app, entra, shown)


def test_people_sign_in_and_a_service_principal_calls(entra: OwnEntra, tmp_path: Path) -> None:
    secret = entra.emulator.directory.add_secret(SERVICE.client_id)
    principal = {
        "KEYLESS_CALLS_AS": "app",
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": SERVICE.client_id,
        "AZURE_CLIENT_SECRET": secret,
    }
    with running_app(tmp_path, extra={**entra.web_app, **principal, **NOISY}) as app:
        shown = journey(app, entra)
        assert "called as the app (the app's service principal" in shown
        assert entra.emulator.received[-1].oid == SERVICE.object_id
        assert_nothing_leaked(app, entra, shown)


def test_a_token_of_the_demo_opens_nothing_here(entra: OwnEntra, tmp_path: Path) -> None:
    token = Emulator(pace=0).entra.mint.access_token_for_person(
        BUSINESS_USER, CLIENT_ID, "https://cognitiveservices.azure.com"
    )
    url = f"{entra.resources_url}/resources/contoso-sweden/openai/v1/models"
    with httpx2.Client() as client:
        assert client.get(url, headers={"authorization": f"Bearer {token}"}).status_code == httpx2.codes.UNAUTHORIZED
    with running_app(tmp_path, extra=entra.web_app) as app, httpx2.Client(base_url=app.url) as client:
        assert client.get("/emulator/entra/common/discovery/instance").status_code != httpx2.codes.OK
        assert Browser(app.url, token[:120]).ask("/").status_code == httpx2.codes.SEE_OTHER


def test_without_its_certificate_authority_sign_in_says_that_entra_cannot_be_reached(
    entra: OwnEntra, tmp_path: Path
) -> None:
    environ = {name: value for name, value in entra.web_app.items() if name != "REQUESTS_CA_BUNDLE"}
    with running_app(tmp_path, extra=environ, wait_until_ready=False) as app:
        app.printed_match(re.compile(r"(URL:)"))
        with httpx2.Client(base_url=app.url, timeout=60) as client:
            page = client.get("/auth/sign-in")
            assert page.status_code == httpx2.codes.BAD_GATEWAY
            assert "Entra did not answer" in page.text
            assert client.get("/readyz").json()["parts"]["identity provider"] == "not ready"
        assert "SSLError" in app.printed()
