"""A hosted app behind a proxy with TLS: the web app proves itself to Entra, best of all without any secret."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import httpx2
import pytest
import trustme

from core.emulator.directory import BUSINESS_USER, CLIENT_ID, SYSTEM_IDENTITY, TENANT_ID
from tests.support.app_process import ROOT, environment, running_app
from tests.support.own_entra import OwnEntra, own_entra
from tests.support.people import choose_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.emulator.emulator import Emulator

HOST: Final = "keyless.example.com"
PUBLIC_URL: Final = f"https://{HOST}"
RESOURCE: Final = {"AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "gpt"}


@pytest.fixture
def entra(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEntra]:
    with own_entra(emulator, tmp_path) as entra:
        emulator.directory.register_redirect(CLIENT_ID, f"{PUBLIC_URL}/auth/callback")
        monkeypatch.setenv("SSL_CERT_FILE", str(entra.ca_file))
        yield entra


def by_federation(entra: OwnEntra) -> dict[str, str]:
    """The managed identity of the host stands in for a secret."""
    entra.emulator.directory.add_federated_subject(CLIENT_ID, SYSTEM_IDENTITY.principal_id)
    return {
        "KEYLESS_CLIENT_ASSERTION_IDENTITY": "system",
        "IDENTITY_ENDPOINT": f"{entra.resources_url}/identity/token",
        "IDENTITY_HEADER": entra.emulator.identity_header,
    }


def by_certificate(entra: OwnEntra) -> dict[str, str]:
    """A certificate whose public half is registered."""
    made = trustme.CA().issue_cert(HOST, key_type=trustme.KeyType.RSA)
    file = entra.folder / "app.pem"
    made.private_key_and_cert_chain_pem.write_to_path(str(file))
    entra.emulator.directory.add_certificate(CLIENT_ID, made.cert_chain_pems[0].bytes())
    return {"KEYLESS_CLIENT_CERTIFICATE": str(file)}


def by_secret(entra: OwnEntra) -> dict[str, str]:
    """A client secret."""
    return {"KEYLESS_CLIENT_SECRET": entra.emulator.directory.add_secret(CLIENT_ID)}


@pytest.mark.parametrize("proof", [by_federation, by_certificate, by_secret])
def test_the_web_app_proves_itself_and_a_person_comes_in(
    entra: OwnEntra, tmp_path: Path, proof: Callable[[OwnEntra], dict[str, str]]
) -> None:
    hosted = {
        **entra.authority,
        **RESOURCE,
        **proof(entra),
        "KEYLESS_TENANT_ID": TENANT_ID,
        "KEYLESS_CLIENT_ID": CLIENT_ID,
        "KEYLESS_PUBLIC_URL": f"{PUBLIC_URL}/",
        "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",  # noqa: S104  as in a container
    }
    with (
        running_app(tmp_path, extra=hosted) as app,
        httpx2.Client(base_url=app.url, headers={"host": HOST}) as proxy,
    ):
        begun = proxy.get("/auth/sign-in")
        assert httpx2.URL(begun.headers["location"]).params["redirect_uri"] == f"{PUBLIC_URL}/auth/callback"
        flow = begun.headers["set-cookie"]
        assert flow.startswith("__Host-keyless_flow_")
        query = choose_account(begun.headers["location"], BUSINESS_USER)
        came = proxy.get("/auth/callback", params=query, headers={"cookie": flow.partition(";")[0]})
        assert came.status_code == httpx2.codes.SEE_OTHER, came.text
        session = next(line for line in came.headers.get_list("set-cookie") if "keyless_session" in line)
        assert session.startswith("__Host-keyless_session=")
        assert all(flag in session for flag in ("; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"))
        page = proxy.get("/", headers={"cookie": session.partition(";")[0]})
        assert page.status_code == httpx2.codes.OK
        assert "max-age" in page.headers["strict-transport-security"]
        assert proxy.get("/", headers={"host": f"localhost:{app.port}"}).status_code == httpx2.codes.FORBIDDEN
        assert not entra.canaries.found_in(app.printed())


def test_what_was_read_of_the_openai_variables_is_not_left_for_any_library(tmp_path: Path) -> None:
    seed = {**RESOURCE, "OPENAI_API_VERSION": "2022-12-01", "OPENAI_LOG": "debug"}
    left = "import app, os; print([name for name in os.environ if 'OPENAI' in name])"
    done = subprocess.run(  # noqa: S603 - our own app
        [sys.executable, "-c", left],
        cwd=ROOT,
        env=environment(tmp_path, seed),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert "OPENAI_LOG" not in os.environ
